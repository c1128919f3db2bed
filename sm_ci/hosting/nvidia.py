"""The NVIDIA driver of this machine and its GPUs. Runs nvidia-smi, reads /proc/driver/nvidia."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sm_ci.contract import drivers
from sm_ci.contract.drivers import Version

PATIENCE = 10.0
"""Seconds for nvidia-smi. Without the persistence daemon it starts the driver first, and it hangs with a GPU that does."""
_VERSION = re.compile(r"\b(\d{3,4}(?:\.\d+){1,2})\b")  # 535.104.05
_MODEL = re.compile(r"^Model:\s*(.+)$", re.MULTILINE)
_LONGEST = 2**20
_AFTER_KILL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU. `memory` is MiB, 0 when it is not known."""

    name: str
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """The driver; `cuda` is the newest that it has, empty when only nvidia-smi would tell."""

    version: Version
    cuda: Version = ()
    gpus: tuple[Gpu, ...] = ()

    def __str__(self) -> str:
        cuda = f" (CUDA {drivers.shown(self.cuda)})" if self.cuda else ""
        return f"{drivers.shown(self.version)}{cuda}"


def find(environ: Mapping[str, str], proc: Path = Path("/proc"), patience: float = PATIENCE) -> Driver | None:
    """What nvidia-smi says, else the kernel; None when neither knows of a driver. Never raises.

    The kernel's own files show in a container too, such as the action's, where there is no nvidia-smi.
    """
    return _by_program(environ, patience) or _by_kernel(proc)


def _by_program(environ: Mapping[str, str], patience: float) -> Driver | None:
    program = shutil.which("nvidia-smi", path=environ.get("PATH") or None)
    if program is None:
        return None
    text = _said(program, patience)
    version = drivers.parse(_tag("driver_version", text))
    if not version:
        return None
    gpus = tuple(_gpu(part) for part in re.split(r"<gpu\b", text)[1:])
    return Driver(version=version, cuda=drivers.parse(_tag("cuda_version", text)), gpus=gpus)


def _said(program: str, patience: float) -> str:
    """Its report in XML; empty when it fails or hangs. A broken GPU holds it so that not even SIGKILL ends it."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the driver's own program
            [program, "-q", "-x"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return ""
    try:
        output, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_AFTER_KILL)
        return ""
    return "" if process.returncode else output[:_LONGEST].decode("utf-8", "replace")


def _gpu(text: str) -> Gpu:
    """Of MIG's parts the whole GPU's memory comes first."""
    _, _, memory = text.partition("<fb_memory_usage>")
    total = _tag("total", memory).partition(" ")[0]
    return Gpu(name=_tag("product_name", text), memory=int(total) if total.isascii() and total.isdecimal() else 0)


def _tag(name: str, text: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return found[1].strip() if found else ""


def _by_kernel(proc: Path) -> Driver | None:
    folder = proc / "driver/nvidia"
    try:
        found = _VERSION.search((folder / "version").read_text(encoding="utf-8", errors="replace"))
        files = sorted((folder / "gpus").glob("*/information"))
        models = [_MODEL.search(file.read_text(encoding="utf-8", errors="replace")) for file in files]
    except OSError:
        return None
    if found is None:
        return None
    gpus = tuple(Gpu(name=model[1].strip() if model else "") for model in models)
    return Driver(version=drivers.parse(found[1]), gpus=gpus)
