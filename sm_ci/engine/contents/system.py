"""What an image says of its system, CUDA and Python. Pure."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping

from sm_ci.differences import Package

_LONGEST = 200
_VERSION = re.compile(r"(?:\d+:)?(?P<version>\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)")
_PATCHLEVEL = re.compile(rb'^#define\s+PY_VERSION\s+"([^"\n]{1,40})"', re.MULTILINE)
_VENV = re.compile(rb"^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_MINOR = re.compile(r"python(\d+\.\d+)t?")
_CUDA = re.compile(r"\d+(?:\.\d+){1,3}")
_RUNTIME = re.compile(r"nvidia-cuda-runtime(?:-cu\d+)?")


def os_name(release: bytes) -> str:
    """PRETTY_NAME of an os-release, or its name and version [https://www.freedesktop.org/software/systemd/man/os-release.html]."""
    fields: dict[str, str] = {}
    for line in release.decode("utf-8", "replace").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals:
            fields.setdefault(name, _unquoted(value))
    named = " ".join(filter(None, (fields.get("NAME") or fields.get("ID"), fields.get("VERSION_ID"))))
    return (fields.get("PRETTY_NAME") or named)[:_LONGEST]


def cuda(version_file: bytes, environment: Mapping[str, str], packages: Iterable[Package]) -> str:
    """CUDA's version: of the toolkit in /usr/local/cuda, as the base image's variables say, or of pip's runtime."""
    return (
        _of_toolkit(version_file)
        or next((match[0] for text in _told(environment) if (match := _CUDA.match(text))), "")
        or next((one.version for one in packages if one.manager == "pip" and _RUNTIME.fullmatch(one.name)), "")
    )


def minor(real: str) -> str:
    """`3.11` of /usr/bin/python3.11; empty where the interpreter's file does not say."""
    match = _MINOR.fullmatch(posixpath.basename(real))
    return match[1] if match else ""


def of_patchlevel(header: bytes) -> str:
    """The version in patchlevel.h, with which the interpreter was built."""
    match = _PATCHLEVEL.search(header)
    return match[1].decode("ascii", "replace").rstrip("+") if match else ""


def of_venv(config: bytes) -> str:
    """The version in a pyvenv.cfg."""
    match = _VENV.search(config)
    return match[1].decode() if match else ""


def of_package(packages: Iterable[Package], names: Iterable[str], managers: Iterable[str]) -> str:
    """The version of Python that a package of one of these names has, the first name first."""
    versions = {one.name: one.version for one in packages if one.manager in set(managers)}
    found = (_VERSION.match(versions[name].replace("~", "")) for name in names if name in versions)
    return next((match["version"] for match in found if match), "")


def _of_toolkit(file: bytes) -> str:
    """version.json since CUDA 11.1, version.txt before."""
    try:
        told = json.loads(file)
        version = told["cuda"]["version"]
    except (ValueError, LookupError, TypeError, RecursionError):
        version = file.decode("utf-8", "replace").removeprefix("CUDA Version ")
    match = _CUDA.match(version) if isinstance(version, str) else None
    return match[0] if match else ""


def _told(environment: Mapping[str, str]) -> Iterable[str]:
    """NVIDIA's images have all of these [https://gitlab.com/nvidia/container-images/cuda]; `12.4.127-1` has its package's release."""
    return (environment.get(name, "") for name in ("CUDA_VERSION", "NV_CUDA_LIB_VERSION", "NV_CUDA_CUDART_VERSION"))


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value)[:1])
    except ValueError:
        return value.strip("\"'")
