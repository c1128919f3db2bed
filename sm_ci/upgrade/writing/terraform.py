"""Images in Terraform's files: quoted texts, with the locals and variables that they are made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from sm_ci.upgrade.writing import hcl
from sm_ci.upgrade.writing.pieces import UNKNOWN, Text, in_file, joined, literal, of_variable, unknown
from sm_ci.upgrade.writing.reading import Found, Source

VALUES = ".tfvars"
_PAIRS = (
    ("repository_name", "image_tag"),
    ("image_repository", "image_tag"),
    ("image_name", "image_tag"),
    ("repository", "tag"),
)
"""Attributes of one block that name an image together: of aws_sagemaker_prebuilt_ecr_image, and what modules take."""
_PREBUILT = "aws_sagemaker_prebuilt_ecr_image"
_INDEX = re.compile(r'\["([\w-]+)"\]')
_TRAVERSAL = re.compile(r"[A-Za-z_][\w.-]*")
_LOOKUPS = 50_000  # in all files, so that locals of locals come to an end
_LONGEST = 1000  # characters of a value; no image's name is longer
Value = hcl.Template | str


@dataclass(frozen=True, slots=True)
class _Defined:
    source: Source
    value: Value
    repository: bool = False  # of ECR: its name is the last part of the repository_url


@dataclass(slots=True)
class Module:
    """What the names in a folder's files stand for; values from .tfvars hold in every folder."""

    files: dict[str, hcl.File] = field(default_factory=dict)
    names: dict[tuple[str, str], list[_Defined]] = field(default_factory=dict)
    lookups: int = 0

    def texts(self, source: Source, value: Value, without: frozenset[str] = frozenset()) -> list[Text]:
        """What a value may be, once for each that its variables may have."""
        if isinstance(value, str):
            return self._named(source, value, without) or [unknown(f"${{{value}}}")]
        parts: list[Sequence[Text]] = []
        for part in value.parts:
            written = in_file(source.path, part.span.start, source.text[part.span.start : part.span.end])
            if part.expression is None:
                parts.append([written])
            else:
                parts.append(self._named(source, part.expression, without) or [unknown(f"${{{part.expression}}}")])
        return list(joined(parts))

    def _named(self, source: Source, expression: str, without: frozenset[str]) -> list[Text]:
        name = _INDEX.sub(r".\1", expression)
        self.lookups += 1
        if name in without or self.lookups > _LOOKUPS or not _TRAVERSAL.fullmatch(name):
            return []
        texts: list[Text] = []
        for scope in dict.fromkeys((_folder(source), "")):
            for defined in self.names.get((scope, name), ()):
                found = self.texts(defined.source, defined.value, without | {name})
                head = literal(f"{UNKNOWN}/") if defined.repository else literal("")
                texts += [head + of_variable(name, text) for text in found if len(text.text) <= _LONGEST]
        return texts


def module(sources: Sequence[Source]) -> Module:
    """What is defined in all of these files."""
    made = Module()
    for source in sources:
        file = made.files[source.path] = hcl.parse(source.text)
        for attribute in file.attributes:
            for scope, name, repository in _names(source, attribute):
                made.names.setdefault((scope, name), []).append(_Defined(source, attribute.value, repository))
    return made


def find(source: Source, module: Module) -> Found:
    """The texts that may name images."""
    file = module.files[source.path]
    found = Found()
    for template in file.templates:
        found.texts += module.texts(source, template)
    found.texts += _pairs(source, file, module)
    for span in file.heredocs:
        heredoc = in_file(source.path, span.start, source.text[span.start : span.end])
        found.left.append((heredoc, "stands in a heredoc, which is left as it is"))
    return found


def _names(source: Source, attribute: hcl.Attribute) -> Iterator[tuple[str, str, bool]]:
    """The names by which other places may call an attribute: folder, name, whether it is ECR's repository."""
    folder, block, name = _folder(source), attribute.block, attribute.name
    if source.path.endswith(VALUES):
        yield "", ".".join(("var", *block, name)), False
    elif block[:1] == ("locals",):
        yield folder, ".".join(("local", *block[1:], name)), False
    elif block[:1] == ("variable",) and len(block) > 1:
        inner = (*block[2:], name)
        if inner[0] == "default":
            yield folder, ".".join(("var", block[1], *inner[1:])), False
    elif block[1:2] == ("aws_ecr_repository",) and len(block) == 3 and name == "name":
        kind = "data." if block[0] == "data" else ""
        yield folder, f"{kind}aws_ecr_repository.{block[2]}.repository_url", True


def _pairs(source: Source, file: hcl.File, module: Module) -> Iterator[Text]:
    blocks: dict[int, dict[str, hcl.Attribute]] = {}
    for attribute in file.attributes:
        blocks.setdefault(attribute.within, {})[attribute.name] = attribute
    for attributes in blocks.values():
        for repository, tag in _PAIRS:
            if repository in attributes and tag in attributes:
                name, version = attributes[repository], attributes[tag]
                head = literal(f"{UNKNOWN}/") if _PREBUILT in name.block else literal("")
                names, versions = module.texts(source, name.value), module.texts(source, version.value)
                yield from joined([[head], names, [literal(":")], versions])


def _folder(source: Source) -> str:
    return str(PurePath(source.path).parent)
