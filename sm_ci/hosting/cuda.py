"""Whether an image's CUDA and a driver go together: this machine's, and that of the instance type. Pure.

Within a major version every CUDA runs on every driver of it, with some features missing; a newer major runs on an older
driver only with libraries of the package cuda-compat, which images may bring along.
https://docs.nvidia.com/deploy/cuda-compatibility/ and its page forward-compatibility.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sm_ci.contract import drivers
from sm_ci.contract.drivers import Version
from sm_ci.errors import Finding, Severity
from sm_ci.hosting.nvidia import Driver

VERIFIED = "com.amazonaws.sagemaker.inference.cuda.verified_versions"
"""The label by which AWS's own images name the CUDA of the hosts that they were tried on."""
DRIVER_TOO_OLD = "driver-too-old"
_TAG = re.compile(r"(?<![a-z])cu(?:da)?(\d{2,3})(?![\d.])|cuda-?(\d{1,2})\.(\d{1,2})", re.IGNORECASE)
_CONDITION = re.compile(r"(\w+)\s*(>=|<=|!=|=|>|<)\s*([\w.]+)")
_GUIDE = "https://docs.nvidia.com/deploy/cuda-compatibility/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image says of its CUDA: its name, its variables with the spec's over them, its labels."""

    reference: str
    environment: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def cuda(self) -> Version:
        """By CUDA_VERSION, the tag, or what the image requires, in this order; empty when nothing says."""
        named = drivers.parse(self.environment.get("CUDA_VERSION", ""))[:2]
        return named or _of_tag(self.reference) or _least(self.environment.get("NVIDIA_REQUIRE_CUDA", ""))

    @property
    def requirement(self) -> str:
        """What the container toolkit checks before a start; empty when nothing, or when that is switched off."""
        off = self.environment.get("NVIDIA_DISABLE_REQUIRE", "").lower() in {"1", "true", "t"}
        return "" if off else self.environment.get("NVIDIA_REQUIRE_CUDA", "").strip()


def on_machine(image: Image, driver: Driver, *, by_names: bool) -> Finding | None:
    """What does not go together here. An error where the toolkit would surely refuse to start the container.

    `by_names`: devices are asked for by CDI, where the toolkit checks no requirement.
    """
    if image.requirement and not by_names and holds(image.requirement, driver) is False:
        return _finding(
            Severity.ERROR,
            f"the image requires {_first(image.requirement)} (NVIDIA_REQUIRE_CUDA), and NVIDIA's driver on this "
            f"machine is {driver}: NVIDIA's container toolkit would not start it",
            'update the driver, take an image with an older CUDA, or set NVIDIA_DISABLE_REQUIRE: "1" under environment '
            "if the image brings cuda-compat along",
        )
    least = drivers.least_driver(image.cuda) if image.cuda else ()
    if least and driver.version < least:
        return _finding(
            Severity.WARNING,
            f"the image has CUDA {drivers.shown(image.cuda)}, which needs a driver of {drivers.shown(least)} or newer, "
            f"and this machine has {driver}: it runs only with libraries of the package cuda-compat in the image",
            f"update the driver, or take an image with an older CUDA; see {_GUIDE}",
        )
    if driver.cuda and image.cuda[:1] == driver.cuda[:1] and image.cuda > driver.cuda[:2]:
        return _finding(
            Severity.NOTICE,
            f"the image has CUDA {drivers.shown(image.cuda)} and this machine's driver {driver}: "
            "it runs, but without what is new since, and without code compiled at run time (PTX)",
            "",
        )
    return None


def on_instance(image: Image, instance_type: str) -> Finding | None:
    """A warning when the driver of the instance type's default machine image is too old for the image's CUDA."""
    host = drivers.host_image(instance_type)
    least = drivers.least_driver(image.cuda) if image.cuda else ()
    if host is None or not least or host.driver >= least or VERIFIED in image.labels:
        return None
    other = drivers.host_image_for(least)
    named = f"set InferenceAmiVersion to {other.name} in the endpoint's configuration, or " if other else ""
    return Finding(
        rule="instance-driver",
        severity=Severity.WARNING,
        path="instance_type",
        message=f"{instance_type} has by default NVIDIA's driver {drivers.shown(host.driver)} (CUDA "
        f"{drivers.shown(host.cuda)}), and the image has CUDA {drivers.shown(image.cuda)}, "
        f"which needs {drivers.shown(least)} or newer",
        remedy=f"{named}see that the image brings cuda-compat along",
    )


def holds(requirement: str, driver: Driver) -> bool | None:
    """Whether a requirement such as `cuda>=12.4 brand=tesla,driver>=470` is met; None when that depends on the unknown.

    Groups stand apart by a space, of which one has to hold; in a group conditions by a comma, which all have to.
    https://github.com/NVIDIA/nvidia-container-toolkit, README of nvidia-container-runtime, NVIDIA_REQUIRE_*
    """
    verdicts = [_all(group, driver) for group in requirement.split()]
    if any(verdicts) or not verdicts:
        return True
    return None if None in verdicts else False


def _all(group: str, driver: Driver) -> bool | None:
    verdicts = [_one(condition, driver) for condition in group.split(",")]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _one(condition: str, driver: Driver) -> bool | None:
    found = _CONDITION.fullmatch(condition.strip())
    wanted = drivers.parse(found[3]) if found else ()
    if found is None or not wanted or found[1] not in {"cuda", "driver"}:
        return None  # brand, arch, or what is newer than this
    given = driver.version if found[1] == "driver" else driver.cuda
    if not given:  # the kernel does not tell; but a driver that is too old for it is known
        beyond = drivers.least_unknown_cuda(driver.version)
        return False if beyond and wanted >= beyond and found[2] in {">=", ">", "="} else None
    width = max(len(given), len(wanted))
    left, right = _padded(given, width), _padded(wanted, width)
    return {
        ">=": left >= right,
        ">": left > right,
        "<=": left <= right,
        "<": left < right,
        "=": left == right,
        "!=": left != right,
    }[found[2]]


def _padded(version: Version, width: int) -> Version:
    return version + (0,) * (width - len(version))


def _of_tag(reference: str) -> Version:
    """`cu130` and `cuda12.4` in a tag."""
    found = _TAG.search(reference.rpartition("/")[2].partition("@")[0])
    if found is None:
        return ()
    if not found[1]:
        return int(found[2]), int(found[3])
    major_alone = len(found[1]) == 2 and found[1].startswith("1")  # cu12, beside cu92 and cu124
    return (int(found[1]),) if major_alone else (int(found[1][:-1]), int(found[1][-1]))


def _least(requirement: str) -> Version:
    found = re.match(r"cuda>=([\d.]+)", requirement.strip())
    return drivers.parse(found[1])[:2] if found else ()


def _first(requirement: str) -> str:
    return requirement.split(maxsplit=1)[0][:100]


def _finding(severity: Severity, message: str, remedy: str) -> Finding:
    return Finding(rule=DRIVER_TOO_OLD, severity=severity, message=message, path="image", remedy=remedy)
