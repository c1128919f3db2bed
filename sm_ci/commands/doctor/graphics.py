"""Doctor's look at GPUs: the driver, and whether a container gets one. Touches the engine, runs nvidia-smi."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from sm_ci.commands.doctor.line import Asked, Line, good, odd
from sm_ci.contract import drivers
from sm_ci.engine import devices, ownership
from sm_ci.engine.client import connect
from sm_ci.engine.devices import NO_GPU, TOOLKIT
from sm_ci.errors import EnvironmentFault
from sm_ci.hosting import nvidia
from sm_ci.hosting.nvidia import Driver

SMI_PATIENCE = 2.0
"""Seconds for nvidia-smi, which is less than doctor has."""
_NEWEST = (13,)


def lines(asked: Asked) -> Iterator[Line]:
    """What GPUs there are. Without an engine the driver alone."""
    driver = nvidia.find(asked.environ, patience=SMI_PATIENCE)
    if driver is not None:
        yield from _driver(driver)
    try:
        yield from _given(asked, driver)
    except EnvironmentFault as fault:
        if driver is not None:
            yield odd("GPU in containers", f"not known: {fault.message}")


def _driver(driver: Driver) -> Iterator[Line]:
    models = [f"{gpu.name or 'GPU'}{f' {gpu.memory / 1024:.3g} GiB' if gpu.memory else ''}" for gpu in driver.gpus]
    yield good("GPU driver", f"{driver}, {', '.join(models) or 'no GPU'}")
    beyond = drivers.least_unknown_cuda(driver.version)
    if beyond:
        yield odd(
            "CUDA",
            f"images with CUDA {drivers.shown(beyond)} or newer run here only with libraries of the package cuda-compat",
            f"CUDA {drivers.shown(_NEWEST)} needs a driver of {drivers.shown(drivers.least_driver(_NEWEST))} or newer.",
        )


def _given(asked: Asked, driver: Driver | None) -> Iterator[Line]:
    """Only a container that starts with a GPU proves that it gets one."""
    with connect(asked.environ) as engine:
        offer = devices.offer(engine)
        if offer.names:
            yield good("GPU in containers", f"by CDI: {', '.join(offer.names)}")
            return
        run = secrets.token_hex(6)
        me = ownership.myself()
        labels = {**ownership.labels(run, me), **ownership.image_labels(me)}
        refused = devices.probe(engine, offer.request(devices.ALL), labels, f"sm-ci/{run}")
    if refused is None:
        unseen = "" if driver else "; which driver it has does not show from here"
        yield good("GPU in containers", f"the engine gives it{unseen}")
    elif driver is None and refused.kind == NO_GPU and not offer.runtime:
        yield good("GPU", "none: specs for GPU instance types end with status 3, or are skipped by 'gpu: optional'")
    else:
        yield odd("GPU in containers", refused.message, refused.remedy if refused.kind != NO_GPU else TOOLKIT)
