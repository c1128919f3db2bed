"""Which files and folders a spec's verdict hangs on. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sm_ci.commands.values import REMOTE
from sm_ci.spec import Spec
from sm_ci.spec.model import Build, ModelData


def files_of(spec: Spec, *, image: str | None = None, model: str | None = None) -> tuple[Path, ...]:
    """The spec, its container's and its model's folder or archive, and the files of its requests and expectations.

    Absolute, each once. `image` and `model` are the command line's, which beat the spec's. What lies in a registry or in
    S3 is no file.
    """
    hosted = files_of_hosting(spec, image=image, model=model)
    return tuple(dict.fromkeys((*_tidy([spec.path.absolute()]), *hosted, *files_of_tests(spec))))


def files_of_hosting(spec: Spec, *, image: str | None = None, model: str | None = None) -> tuple[Path, ...]:
    """Those that the container is made of: its folder, the model's folder or archive."""
    return _tidy([*_sources(spec, model), *_build(spec, image)])


def files_of_tests(spec: Spec) -> tuple[Path, ...]:
    """Those that are sent, or that answers are compared with."""
    return _tidy(_bodies(spec))


def _tidy(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(os.path.normpath(path)) for path in paths))


def _sources(spec: Spec, given: str | None) -> Iterator[Path]:
    data = spec.file.model
    main, more = (data.source, data.additional) if isinstance(data, ModelData) else (data, {})
    if given is not None:
        main = None if given.startswith(REMOTE) else str(Path(given).absolute())
    yield from (
        spec.directory / source for source in (main, *more.values()) if source and not source.startswith(REMOTE)
    )


def _build(spec: Spec, given: str | None) -> Iterator[Path]:
    """The Dockerfile may stand outside the folder that it is built from."""
    wanted = spec.file.image
    if given is None and isinstance(wanted, Build):
        yield spec.directory / wanted.build
        yield spec.directory / wanted.build / wanted.dockerfile


def _bodies(spec: Spec) -> Iterator[Path]:
    for test in spec.file.tests:
        if test.request.file is not None:
            yield spec.directory / test.request.file
        if isinstance(test.expect.schema_, str):
            yield spec.directory / test.expect.schema_
