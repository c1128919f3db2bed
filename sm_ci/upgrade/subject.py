"""What of a spec is upgraded: the image that it names, or the base of the one that it builds; and how a version of it is hosted.

Reads the Dockerfile, writes changed ones to a temporary folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sm_ci import session
from sm_ci.differences import CandidateResult
from sm_ci.errors import UsageError
from sm_ci.image.reference import Reference
from sm_ci.spec import Spec
from sm_ci.spec.model import Build
from sm_ci.upgrade import looking, naming, writing
from sm_ci.upgrade.looking import Looked, Way
from sm_ci.upgrade.writing.dockerfiles import base

Prepared = tuple[Spec, session.Options]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`look` finds its versions, `prepared` is what hosts one of them; `files` name it, relative to the spec.

    `kind` says what an image is of what is hosted: the image itself, or its `base`.
    """

    look: Callable[[Way], Looked]
    prepared: Callable[[CandidateResult], Prepared]
    files: tuple[str, ...]
    kind: str = "image"

    def label(self, reference: str) -> str:
        """`image:churn:1.9`, `base:python:3.12-slim`."""
        return f"{self.kind}:{reference}"


def subject_of(spec: Spec, options: session.Options, scratch: Path) -> Subject:
    """Changed Dockerfiles go to `scratch`.

    UsageError when what the spec builds has no base that could be newer; EnvironmentFault when the Dockerfile cannot be read.
    """
    image = spec.file.image
    named = (os.path.relpath(spec.path, spec.directory),)
    if isinstance(image, Build):
        return _built(spec, options, image, scratch)

    def prepared(candidate: CandidateResult) -> Prepared:
        """`pull: never` is meant for the image in use."""
        policy = "missing" if spec.file.pull == "never" else spec.file.pull
        file = spec.file.model_copy(update={"pull": policy})
        return replace(spec, file=file), replace(options, image=candidate.version.reference)

    if isinstance(image, str):
        return Subject(look=lambda way: looking.look(image, way), prepared=prepared, files=named)
    return Subject(look=lambda way: naming.look(image, way), prepared=prepared, files=named)


def _built(spec: Spec, options: session.Options, image: Build, scratch: Path) -> Subject:
    name = os.path.join(image.build, image.dockerfile)  # noqa: PTH118 - a name, relative to the spec
    (source,) = writing.read((name,), spec.directory, None)
    current = base(source, image.target, image.args)
    given = current != base(source, image.target, dict.fromkeys(image.args, ""))
    if not current:
        raise UsageError(
            f"{source.path}: no FROM names an image whose tag tells a version, so that nothing is newer",
            remedy="Write FROM REPOSITORY:TAG, for example FROM python:3.12.4-slim.",
        )

    def prepared(candidate: CandidateResult) -> Prepared:
        new = Reference.parse(candidate.version.reference)
        content, arguments = writing.rebuilt(source, image.args, Reference.parse(current), new)
        made = base(replace(source, content=content), image.target, arguments)
        if not made or Reference.parse(made) != new:
            remedy = "Write the tag into FROM, or into one build argument."
            raise UsageError(f"{source.path}: {current} cannot be changed there", remedy=remedy)
        changed = scratch / f"Dockerfile.{new.tag}"
        changed.write_bytes(content)
        built = image.model_copy(update={"dockerfile": str(changed), "args": arguments})
        return replace(spec, file=spec.file.model_copy(update={"image": built})), options

    files = (name, os.path.relpath(spec.path, spec.directory)) if given else (name,)
    return Subject(look=lambda way: looking.look(current, way), prepared=prepared, files=files, kind="base")
