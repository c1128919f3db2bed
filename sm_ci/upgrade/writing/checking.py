"""Whether a spec that was changed still loads, and names or builds on the new image. Reads it and the files that it names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sm_ci.errors import Finding, ImageMissing, Severity, SpecError
from sm_ci.image.reference import Reference
from sm_ci.spec import Spec, load
from sm_ci.spec.model import Build, Framework
from sm_ci.spec.positions import Mapping, documents
from sm_ci.upgrade.writing.changes import Plan
from sm_ci.upgrade.writing.dockerfiles import base
from sm_ci.upgrade.writing.reading import Source
from sm_ci.upgrade.writing.specs import Outside, is_new
from sm_ci.upgrade.writing.wanted import Wanted, Whose


def must_load(made: Path, source: Source, plan: Plan, outside: Outside, workspace: Path | None) -> None:
    """SpecError when the file `made`, which stands beside the source, is no spec any more, or of another image than the new one."""
    variables = {name: value for name, value in outside.variables.items() if name in _declared(source)}
    try:
        spec = load(made, variables=variables, environ=outside.environ, workspace=workspace, need_secrets=False)
    except SpecError as error:
        raise SpecError(tuple(_of_source(finding, source) for finding in error.findings)) from error
    if instead := _instead(spec, plan):
        message = f"would {instead} and not {plan.wanted.new.familiar} after the change, so nothing is written"
        at = replace(spec.place("image"), path=source.path)
        raise SpecError((Finding(rule="image-not-written", severity=Severity.ERROR, message=message, at=at),))


def _instead(spec: Spec, plan: Plan) -> str:
    """What the spec does instead of what it shall; nothing when it is well."""
    image, wanted = spec.file.image, plan.wanted
    if isinstance(image, str):
        return "" if _named(image, wanted, wanted.new) else f"name {image}"
    if isinstance(image, Framework):
        return "" if is_new(image, wanted) else "name another one"
    built_on = _built_on(image, spec, plan) if isinstance(image, Build) else ""
    return f"build on {built_on}" if built_on and _named(built_on, wanted, wanted.current) else ""


def _named(image: str, wanted: Wanted, reference: Reference) -> bool:
    try:
        given = Reference.parse(image)
    except ImageMissing:
        return False
    if wanted.whose(given.name) not in {Whose.OURS, Whose.ELSEWHERE}:
        return False
    return given.tag in ("", reference.tag) and given.digest in ("", reference.digest)


def _built_on(image: Build, spec: Spec, plan: Plan) -> str:
    """The base image, with the Dockerfile as it is to be."""
    file = Path(os.path.realpath(spec.directory / image.build / image.dockerfile))
    content = next((change.content for change in plan.changes if change.source.file == file), None)
    if content is None:
        try:
            content = file.read_bytes()
        except OSError:
            return ""  # it builds nothing, before and after
    return base(Source(path=str(file), file=file, content=content), image.target, image.args)


def _declared(source: Source) -> set[str]:
    (root,) = documents(source.text)
    variables = root.get("variables") if isinstance(root, Mapping) else None
    return {key.value for key, _ in variables.entries} if isinstance(variables, Mapping) else set()


def _of_source(finding: Finding, source: Source) -> Finding:
    """At the place in the file that the user knows."""
    at = replace(finding.at, path=source.path) if finding.at else None
    return replace(finding, at=at, message=f"after the change: {finding.message}")
