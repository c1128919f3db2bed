"""GPUs of the engine: what it offers, how they are asked for, whether it gives them, what its refusals mean. Touches the engine."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from docker.errors import APIError
from docker.types import DeviceRequest

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, fault, translated
from sm_ci.errors import EngineFault, EnvironmentFault
from sm_ci.text import shorten

NO_GPU = "no-gpu"
"""The kind of fault for an engine that has no GPU to give, for which `gpu: optional` skips."""
ALL = -1
_CDI = "nvidia.com/gpu="
_WITHOUT = (
    "Run the job on a runner with a GPU (runs-on: the label of your GPU runners), "
    "or write 'gpu: optional' to skip its tests where there is none. "
)
TOOLKIT = (
    "Where the machine has one, install NVIDIA's driver and container toolkit, and run: "
    "nvidia-ctk runtime configure --runtime=docker && systemctl restart docker."
)
_NO_DRIVER = "Where the machine has one, install NVIDIA's driver, or load it: modprobe nvidia; nvidia-smi has to work."

_ABSENT: tuple[tuple[str, str, str], ...] = (
    ("could not select device driver", "the Docker engine cannot give one to a container", TOOLKIT),
    ("no known gpu vendor", "the Docker engine cannot give one to a container", TOOLKIT),
    ("unresolvable cdi devices", "the Docker engine does not know the GPU", TOOLKIT),
    ("unknown runtime specified", "the Docker engine has no runtime for it", TOOLKIT),
    ("unknown or invalid runtime name", "the Docker engine has no runtime for it", TOOLKIT),
    ("nvidia-container-runtime: no such file", "NVIDIA's container toolkit is registered and not installed", TOOLKIT),
    ('"nvidia-container-runtime": executable file not found', "NVIDIA's container toolkit is not installed", TOOLKIT),
    ("gathering device information", "the machine has no such device", TOOLKIT),
    ("driver not loaded", "NVIDIA's driver is not loaded", _NO_DRIVER),
    ("libnvidia-ml.so", "NVIDIA's driver is not installed", _NO_DRIVER),
    ("no devices were found", "NVIDIA's driver finds no GPU", _NO_DRIVER),
)
"""What says that there is no GPU. From Docker 20.10 as seen, from moby, nvidia-container-toolkit and libnvidia-container by
their issue trackers."""
_BROKEN: tuple[tuple[str, str, str, str], ...] = (
    (
        "unsatisfied condition",
        "driver-too-old",
        "NVIDIA's driver on this machine is older than the image requires",
        "Update the driver, or take an image with an older CUDA; `sm-ci doctor` shows the driver.",
    ),
    (
        "unknown device",
        "gpus-too-few",
        "the machine has fewer GPUs than were asked for",
        "Use a larger runner, or an instance_type with fewer GPUs.",
    ),
    (
        "library version mismatch",
        "gpu-broken",
        "NVIDIA's driver was updated and the old one is still loaded",
        "Restart the machine, or unload and load the driver.",
    ),
    (
        "bpf_prog",
        "gpu-broken",
        "NVIDIA's container toolkit may not set device limits, as on a rootless engine",
        "Set no-cgroups = true in /etc/nvidia-container-runtime/config.toml.",
    ),
    (
        "nvidia-container-cli",
        "gpu-broken",
        "NVIDIA's container toolkit could not give the GPU to the container",
        "Does nvidia-smi work on the machine, and: docker run --rm --gpus all ubuntu nvidia-smi ?",
    ),
    (
        "cdi device",
        "gpu-broken",
        "the Docker engine could not give the GPU to the container",
        "Make the list of devices anew: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml.",
    ),
)
"""What says that there is one, and that it cannot be used."""
_OF_DEVICES = ("device driver", "device information", "gpu", "cdi", "nvidia")
_QUOTED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """GPUs for a container: so many (`ALL`: whatever there is), or devices by their names where the engine lists them."""

    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the engine says of its GPUs. No names and no runtime do not mean that it has none: see `probe`."""

    names: tuple[str, ...] = ()  # by the Container Device Interface (CDI), nvidia.com/gpu=0 and so on
    runtime: bool = False

    @property
    def count(self) -> int | None:
        """How many are listed; None when they are not."""
        return len(self._numbered()) or None

    def request(self, count: int) -> Request:
        """A request for so many of what is offered."""
        numbered = self._numbered()
        if f"{_CDI}all" in self.names and (count == ALL or not numbered):
            return Request(count=count, names=(f"{_CDI}all",))
        return Request(count=count, names=numbered if count == ALL else numbered[:count])

    def _numbered(self) -> tuple[str, ...]:
        whole = [name for name in self.names if name.removeprefix(_CDI).isdecimal()]
        return tuple(sorted(whole, key=lambda name: int(name.removeprefix(_CDI))))


def offer(engine: Engine) -> Offer:
    """What the engine lists. EngineFault when it does not answer."""
    with translated("ask the Docker engine for its GPUs"):
        info = engine.raw.info()
    listed = [str(one.get("ID", "")) for one in info.get("DiscoveredDevices") or () if isinstance(one, dict)]
    names = tuple(name for name in listed if name.startswith(_CDI))
    return Offer(names=names, runtime="nvidia" in (info.get("Runtimes") or {}))


def to_docker(wanted: Request) -> DeviceRequest:
    """The request in the engine's words."""
    if wanted.names:
        return DeviceRequest(driver="cdi", device_ids=list(wanted.names))
    return DeviceRequest(count=wanted.count, capabilities=[["gpu"]])


def probe(engine: Engine, wanted: Request, labels: Mapping[str, str], name: str) -> EnvironmentFault | None:
    """Why the engine does not give these devices to a container; None when it does.

    Only a start tells. It is that of an image with nothing in it: devices come before the program, which is missing.
    """
    image = ""
    container = ""
    try:
        image = _empty_image(engine, labels, name)
        host = engine.api.create_host_config(device_requests=[to_docker(wanted)], network_mode="none")
        container = _created(engine, image, host, labels)
        engine.api.start(container)
    except APIError as error:
        return refusal(explanation(error))
    except ENGINE_TROUBLE as error:
        raise fault("ask the Docker engine for a GPU", error) from error
    finally:
        with suppress(*ENGINE_TROUBLE):
            if container:
                engine.api.remove_container(container, force=True, v=True)
        with suppress(*ENGINE_TROUBLE):
            if image:
                engine.api.remove_image(image, force=True)
    return None


def refusal(why: str) -> EnvironmentFault | None:
    """Our error for the engine's words when they speak of devices, else None."""
    low, told = why.lower(), shorten(why, _QUOTED)
    if not any(word in low for word in _OF_DEVICES):
        return None
    for sign, meaning, remedy in _ABSENT:
        if sign in low:
            return EnvironmentFault(f"there is no GPU here: {meaning}: {told}", remedy=_WITHOUT + remedy, kind=NO_GPU)
    for sign, kind, meaning, remedy in _BROKEN:
        if sign in low:
            return EnvironmentFault(f"{meaning}: {told}", remedy=remedy, kind=kind)
    return None


def _empty_image(engine: Engine, labels: Mapping[str, str], name: str) -> str:
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    changes = [f'LABEL {key}="{value}"' for key, value in labels.items()]
    with engine.creating():
        engine.raw.import_image_from_data(archive.getvalue(), repository=name, tag="probe", changes=changes)
    return f"{name}:probe"


def _created(engine: Engine, image: str, host: object, labels: Mapping[str, str]) -> str:
    with engine.creating():
        made = engine.raw.create_container(
            image, command=["/none"], host_config=host, labels=dict(labels), use_config_proxy=False
        )
    if not made.get("Id"):
        raise EngineFault("the Docker engine made a container without an id", remedy="Try: docker version")
    return str(made["Id"])
