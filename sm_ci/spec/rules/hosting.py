"""Rules about what is hosted and how: image, model, instance type, timeouts, name. Reads the files that are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sm_ci import contract
from sm_ci.contract import instances
from sm_ci.errors import Finding
from sm_ci.spec import units
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described, did_you_mean, shown

_SOUND_IMAGE = re.compile(r"[!-~]+")


def check(root: Value, files: Files) -> Iterator[Finding]:
    """What is wrong or odd with the top-level keys."""
    yield from _version(root.at("version"))
    yield from _image(root.at("image"), files)
    yield from _model(root.at("model"), files)
    yield from _instance_type(root.at("instance_type"))
    yield from _startup(root.at("startup_timeout"))
    yield from _invocation(root.at("invocation_timeout"))


def _version(value: Value) -> Iterator[Finding]:
    """To Python, `1`, `1.0` and `true` are equal."""
    if value.content == 1 and type(value.content) is not int:
        yield value.error("version", f"must be the number 1, not {described(value.content)}", "write version: 1")


def _image(value: Value, files: Files) -> Iterator[Finding]:
    if value.text is not None and not _SOUND_IMAGE.fullmatch(value.text):
        message = f"is not an image reference: {shown(value.content)}"
        yield value.error("image", message, "write for example registry/name:tag")
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


def _model(value: Value, files: Files) -> Iterator[Finding]:
    if value.text is None:
        return
    if value.text.startswith("s3://"):
        message = f"is not supported yet: {shown(value.content)}"
        yield value.error("not-supported", message, "download it and name the folder or the archive")
    else:
        yield from files.model(value)


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


def _startup(value: Value) -> Iterator[Finding]:
    longest = contract.STARTUP_TIMEOUT_RANGE[1]
    if _seconds(value.content) > longest:
        message = f"SageMaker waits at most {longest:g}s for a container to start, not {value.content}"
        yield value.warning("timeout", message, f"write {longest:g}s or less")


def _invocation(value: Value) -> Iterator[Finding]:
    longest = contract.INVOCATION_TIMEOUT
    if _seconds(value.content) > longest:
        message = f"SageMaker waits at most {longest:g}s for an answer, not {value.content}"
        yield value.warning("timeout", message, f"write {longest:g}s or less")


def _seconds(content: object, read: Callable[[object], float] = units.duration) -> float:
    """The seconds of a time; 0 when it is none, which the model reports."""
    try:
        return read(content)
    except ValueError:
        return 0.0
