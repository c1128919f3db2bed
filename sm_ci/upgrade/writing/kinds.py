"""What kind of file each is, and what its format finds in it. Pure but for a table of the package."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from sm_ci.upgrade.writing import dockerfiles, specs, terraform, yaml_files
from sm_ci.upgrade.writing.pieces import Edit, Text, expanded, in_file
from sm_ci.upgrade.writing.reading import Arguments, Found, Source
from sm_ci.upgrade.writing.search import Mention
from sm_ci.upgrade.writing.specs import Outside
from sm_ci.upgrade.writing.wanted import Wanted

SPEC, YAML, DOCKERFILE, TERRAFORM, TEXT = "spec", "yaml", "dockerfile", "terraform", "text"


@dataclass(slots=True)
class File:
    """A file, its kind, and what has come of it so far."""

    source: Source
    kind: str
    found: Found
    trouble: str = ""  # why it was read as text, although its name says YAML
    named: bool = False
    others: dict[str, int] = field(default_factory=dict)  # what it names instead, and in which line
    edits: set[Edit] = field(default_factory=set)
    open: list[Mention] = field(default_factory=list)  # ours, and what its tag is nobody knows


def find(sources: Sequence[Source], wanted: Wanted, outside: Outside) -> list[File]:
    """Specs before the Dockerfiles that they build, in the end in the order of the sources."""
    module = terraform.module([source for source in sources if _kind(source) == TERRAFORM])
    read = {source.path: _yaml(source, wanted, outside) for source in sources if _kind(source) == YAML}
    given = _given(read.values())
    return [
        read.get(source.path) or _file(source, module, given.get(os.path.normpath(source.file), {}))
        for source in sources
    ]


def _given(files: Iterable[File]) -> dict[str, Arguments]:
    """The build arguments that specs give, by the Dockerfile's path."""
    given: dict[str, dict[str, list[Text]]] = {}
    for file in files:
        for dockerfile, arguments in file.found.builds:
            path = os.path.normpath(file.source.file.parent / dockerfile)
            for name, texts in arguments.items():
                given.setdefault(path, {}).setdefault(name, []).extend(texts)
    return dict(given)


def _file(source: Source, module: terraform.Module, given: Arguments) -> File:
    kind = _kind(source)
    if kind == DOCKERFILE:
        return File(source, kind, dockerfiles.find(source, given))
    if kind == TERRAFORM:
        return File(source, kind, terraform.find(source, module))
    return _text(source)


def _yaml(source: Source, wanted: Wanted, outside: Outside) -> File:
    try:
        if specs.is_spec(source):
            return File(source, SPEC, specs.find(source, wanted, outside))
        return File(source, YAML, yaml_files.find(source))
    except ValueError as error:
        return _text(source, str(error))


def _text(source: Source, trouble: str = "") -> File:
    texts = expanded(in_file(source.path, 0, source.text), lambda _: ())
    return File(source, TEXT, Found(texts=texts), trouble)


def _kind(source: Source) -> str:
    name = PurePath(source.path).name.lower()
    if name.endswith((".yml", ".yaml")):
        return YAML
    if name.endswith((".tf", ".tfvars", ".hcl")):
        return TERRAFORM
    docker = name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile"))
    return DOCKERFILE if docker else TEXT
