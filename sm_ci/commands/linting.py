"""Lint of the model data that a spec names. Reads the model's files, and a table of the package."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sm_ci.commands.frameworks import found
from sm_ci.commands.values import REMOTE
from sm_ci.errors import Finding
from sm_ci.spec import Spec


def lint_model(spec: Spec, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is wrong or odd with the spec's local model; nothing of one in S3, which is looked at when it is there."""
    from sm_ci.artifact.lint import lint_source
    from sm_ci.artifact.lint.for_spec import host_for
    from sm_ci.image.official import official
    from sm_ci.spec.model import ModelData

    given, key = spec.file.model, ["model"]
    if isinstance(given, ModelData):
        given, key = given.source, ["model", "source"]
    if given is None or given.startswith(REMOTE):
        return ()
    source, image = spec.directory / given, _image(spec, environ)
    folder = os.path.relpath(source) if source.is_dir() else None
    host = host_for(
        spec,
        image=image,
        official=official(image),
        shown=given,
        packed=folder is None,
        folder=folder,
        at=spec.place(*key),
    )
    return lint_source(source, host)


def _image(spec: Spec, environ: Mapping[str, str]) -> str:
    """The image's name; empty for one that is built."""
    from sm_ci.spec.model import Framework

    wanted = spec.file.image
    if isinstance(wanted, str):
        return wanted
    return str(found(wanted, "", environ)) if isinstance(wanted, Framework) else ""
