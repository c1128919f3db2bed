"""Rules about what is hosted and how: image, instance type, timeouts, name. Reads the files that are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sm_ci import contract
from sm_ci.contract import instances, suite
from sm_ci.errors import Finding
from sm_ci.spec import units
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described, did_you_mean, shown

LEAST_MEMORY = 6 * 2**20
"""Bytes: the Docker engine makes no container with less (moby, daemon/daemon_unix.go, linuxMinMemory)."""
_KINDS = "name an image, {build: FOLDER} or {framework: NAME, version: NUMBER}"
_SOUND_IMAGE = re.compile(r"[!-~]+")


def check(root: Value, files: Files) -> Iterator[Finding]:
    """What is wrong or odd with the top-level keys."""
    yield from _version(root.at("version"))
    yield from _image(root.at("image"), files)
    yield from _instance_type(root.at("instance_type"))
    yield from _gpu(root.at("gpu"), root.at("instance_type"))
    yield from _resources(root.at("resources"))
    yield from _startup(root.at("startup_timeout"))
    yield from _invocation(root.at("invocation_timeout"))
    yield from _contract(root.at("contract", "skip"))


def _version(value: Value) -> Iterator[Finding]:
    """To Python, `1`, `1.0` and `true` are equal."""
    if value.content == 1 and type(value.content) is not int:
        yield value.error("version", f"must be the number 1, not {described(value.content)}", "write version: 1")


def _image(value: Value, files: Files) -> Iterator[Finding]:
    if value.text is not None and not _SOUND_IMAGE.fullmatch(value.text):
        message = f"is not an image reference: {shown(value.content)}"
        remedy = "write for example registry/name:tag" if value.text else _KINDS
        yield value.error("image", message, remedy)
    build, dockerfile = value.at("build"), value.at("dockerfile")
    if build.text is None:
        return
    found = list(files.folder(build))
    yield from found
    folder = files.path(build)
    if any(finding.rule == "file" for finding in found):
        return
    if dockerfile.text is not None:
        yield from files.file(dockerfile, folder)
    elif not (folder / "Dockerfile").is_file():
        message = f"has no Dockerfile: {shown(build.content)}"
        yield build.error("file", message, "add one, or name another file with dockerfile:")


def _instance_type(value: Value) -> Iterator[Finding]:
    name = value.text
    if name is None:
        return
    known = instances.instance_type(name)
    if known is None:
        candidates = instances.names()
        near = f"did you mean 'ml.{name}'?" if f"ml.{name}" in candidates else did_you_mean(name, candidates)
        message = f"is not an instance type of SageMaker: {shown(name)}"
        yield value.error("instance-type", message, near or "write for example ml.m5.xlarge")
    elif not known.hosting:
        message = f"is not an instance type for endpoints: {shown(name)}"
        yield value.error("instance-type", message, "write for example ml.m5.xlarge")


def _gpu(value: Value, named: Value) -> Iterator[Finding]:
    """What SageMaker would never give."""
    known = instances.instance_type(named.text) if named.text is not None else None
    if value.text is not None and known is not None and not known.gpus:
        message = f"is given, and {known.name} has no GPU"
        yield value.error("gpu", message, "leave it out, or name an instance_type with GPUs, such as ml.g5.xlarge")


def _resources(value: Value) -> Iterator[Finding]:
    """A part of a byte is no size, though it is above zero."""
    memory, shared = value.at("memory"), value.at("shm_size")
    if _number(memory.content, units.size, LEAST_MEMORY) < LEAST_MEMORY:
        message = f"is less than the 6MiB that a container needs at least: {shown(memory.content)}"
        yield memory.error("resources", message, "write for example 512MiB")
    if _number(shared.content, units.size, 1) < 1:
        yield shared.error("resources", f"is less than a byte: {shown(shared.content)}", "write for example 64MiB")


def _startup(value: Value) -> Iterator[Finding]:
    longest = contract.STARTUP_TIMEOUT_RANGE[1]
    if _number(value.content, units.duration) > longest:
        message = f"SageMaker waits at most {longest:g}s for a container to start, not {value.content}"
        yield value.warning("timeout", message, f"write {longest:g}s or less")


def _invocation(value: Value) -> Iterator[Finding]:
    longest = contract.INVOCATION_TIMEOUT
    if _number(value.content, units.duration) > longest:
        message = f"SageMaker waits at most {longest:g}s for an answer, not {value.content}"
        yield value.warning("timeout", message, f"write {longest:g}s or less")


def _number(content: object, read: Callable[[object], float], otherwise: float = 0) -> float:
    """The seconds of a time, the bytes of a size; `otherwise` when it is none, which the model reports."""
    try:
        return read(content)
    except ValueError:
        return otherwise


def _contract(skip: Value) -> Iterator[Finding]:
    """A check that is misspelt would be run all the same."""
    for value in skip.items():
        if value.text is not None and value.text not in suite.NAMES:
            meant = did_you_mean(value.text, suite.NAMES)
            message = f"is no check of the contract suite: {shown(value.text)}"
            yield value.error("contract", message, meant or "`sm-ci contract --list` prints them all")
