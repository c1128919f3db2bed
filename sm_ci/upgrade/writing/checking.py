"""Whether a spec that was changed still loads, and names the new image. Reads it and the files that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sm_ci.errors import Finding, ImageMissing, Severity, SpecError
from sm_ci.image.reference import Reference
from sm_ci.spec import Spec, load
from sm_ci.spec.model import Framework
from sm_ci.spec.positions import Mapping, documents
from sm_ci.upgrade.writing.reading import Source
from sm_ci.upgrade.writing.specs import Outside, is_new
from sm_ci.upgrade.writing.wanted import Wanted, Whose


def check(made: Path, source: Source, wanted: Wanted, outside: Outside, workspace: Path | None) -> None:
    """SpecError when the file `made`, which stands beside the source, is no spec any more or names another image."""
    variables = {name: value for name, value in outside.variables.items() if name in _declared(source)}
    try:
        spec = load(made, variables=variables, environ=outside.environ, workspace=workspace, need_secrets=False)
    except SpecError as error:
        raise SpecError(tuple(_of_source(finding, source) for finding in error.findings)) from error
    if not _is_new(spec, wanted):
        shown = spec.file.image if isinstance(spec.file.image, str) else "another one"
        message = f"would name {shown} and not {wanted.new.familiar} after the change, so nothing is written"
        at = replace(spec.place("image"), path=source.path)
        raise SpecError((Finding(rule="image-not-written", severity=Severity.ERROR, message=message, at=at),))


def _is_new(spec: Spec, wanted: Wanted) -> bool:
    image = spec.file.image
    if isinstance(image, str):
        try:
            given = Reference.parse(image)
        except ImageMissing:
            return False
        if wanted.whose(given.name) not in {Whose.OURS, Whose.ELSEWHERE}:
            return False
        return given.tag in ("", wanted.new.tag) and given.digest in ("", wanted.new.digest)
    return isinstance(image, Framework) and is_new(image, wanted)


def _declared(source: Source) -> set[str]:
    (root,) = documents(source.text)
    variables = root.get("variables") if isinstance(root, Mapping) else None
    return {key.value for key, _ in variables.entries} if isinstance(variables, Mapping) else set()


def _of_source(finding: Finding, source: Source) -> Finding:
    """At the place in the file that the user knows."""
    at = replace(finding.at, path=source.path) if finding.at else None
    return replace(finding, at=at, message=f"after the change: {finding.message}")
