"""The image of one of our own specs: its text with variables, or an AWS container by its framework's version.

Reads a table of the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sm_ci import contract
from sm_ci.errors import ImageMissing, Severity
from sm_ci.image import catalogue
from sm_ci.image.reference import ecr
from sm_ci.spec import positions
from sm_ci.spec.model import Framework
from sm_ci.spec.positions import Scalar, documents
from sm_ci.spec.variables import is_credential
from sm_ci.upgrade.writing.pieces import Lookup, Text, expanded, in_file, limited, literal
from sm_ci.upgrade.writing.reading import Found, Source, Span
from sm_ci.upgrade.writing.wanted import Wanted
from sm_ci.upgrade.writing.yaml_files import content

_LITERAL = "$${"
_ENDS = re.compile(r"[.-]")
"""Between the numbers of a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What variables are given from outside of the files: --var, and the environment."""

    variables: Mapping[str, str]
    environ: Mapping[str, str]

    def value(self, name: str) -> str | None:
        """A variable's, in the order in which a spec takes it."""
        return self.variables.get(name) or (None if is_credential(name) else self.environ.get(name) or None)


def is_spec(source: Source) -> bool:
    """Whether it is one of ours: a mapping with `version: 1` and an image."""
    try:
        root, *more = documents(source.text)
    except ValueError:
        return False
    if more or not isinstance(root, positions.Mapping):
        return False
    version = root.get("version")
    return isinstance(version, Scalar) and version.value == "1" and root.get("image") is not None


def find(source: Source, wanted: Wanted, outside: Outside) -> Found:
    """The texts of its image; what else it says is left alone."""
    (root,) = documents(source.text)
    found = Found()
    if not isinstance(root, positions.Mapping):
        return found
    found.plain += [
        Span(start=node.start, end=node.end)
        for node in positions.walk(root)
        if isinstance(node, Scalar) and not node.style
    ]
    image, lookup = root.get("image"), _lookup(source, root, outside)
    if isinstance(image, Scalar):
        found.texts += _value(source, image, lookup)
    elif isinstance(image, positions.Mapping) and image.get("framework"):
        _framework(source, image, lookup, wanted, found)
    elif isinstance(image, positions.Mapping):
        _build(source, image, lookup, found)
    return found


def _value(source: Source, scalar: Scalar, lookup: Lookup) -> list[Text]:
    text = content(source, scalar)
    return [text] if _LITERAL in text.text else expanded(text, lookup)


def _build(source: Source, image: positions.Mapping, lookup: Lookup, found: Found) -> None:
    """Its build arguments: one may be the base image, or a part of its name in FROM."""
    given = image.get("args")
    entries = given.entries if isinstance(given, positions.Mapping) else ()
    arguments = {key.value: _value(source, value, lookup) for key, value in entries if isinstance(value, Scalar)}
    found.texts += [text for texts in arguments.values() for text in texts]
    folder, name = image.get("build"), image.get("dockerfile")
    if isinstance(folder, Scalar):
        dockerfile = name.value if isinstance(name, Scalar) else "Dockerfile"
        found.builds.append((f"{folder.value}/{dockerfile}", arguments))


def _lookup(source: Source, root: positions.Mapping, outside: Outside) -> Lookup:
    """What stands outside beats the default, which alone has a place in the file."""
    declared = root.get("variables")

    def lookup(name: str) -> list[Text]:
        default = declared.get(name) if isinstance(declared, positions.Mapping) else None
        if not isinstance(default, Scalar):
            return []
        if (given := outside.value(name)) is not None:
            return [literal(given)]
        if not default.style and default.source in {"", "~", "null", "Null", "NULL"}:
            return []
        if default.value != default.source:
            return [literal(default.value)]  # an escape in it: it cannot be changed in its place
        return [in_file(source.path, default.start, default.source)]

    return limited(lookup)


def _framework(source: Source, image: positions.Mapping, lookup: Lookup, wanted: Wanted, found: Found) -> None:
    """The version that makes it the new image, written as short as the old one was."""
    texts = {
        key.value: expanded(content(source, scalar), lookup)[0]
        for key, scalar in image.entries
        if isinstance(scalar, Scalar) and scalar.value
    }
    if "version" not in texts:
        return
    words = {key: text.text for key, text in texts.items()}
    if _tag(words, words["version"], wanted) != wanted.current.tag:
        return
    version = next((one for one in _versions(words, wanted) if _tag(words, one, wanted) == wanted.new.tag), None)
    if version is None:
        message = f"this version of sm-ci knows no {words['framework']} whose tag is {wanted.new.tag}"
        at = next(
            scalar.start for key, scalar in image.entries if key.value == "version" and isinstance(scalar, Scalar)
        )
        remedy = f"write the image out: image: {wanted.new.name}:{wanted.new.tag}"
        found.findings.append(source.finding(Severity.ERROR, at, "framework", message, remedy))
    else:
        found.whole.append((texts["version"], version))


def _tag(words: Mapping[str, str], version: str, wanted: Wanted) -> str:
    """The tag of the container that these words name, when it is in the wanted repository."""
    chosen = _containers(words, version, wanted)
    return chosen[0].tag if chosen and chosen[0].repository == wanted.current.repository else ""


def _containers(words: Mapping[str, str], version: str, wanted: Wanted) -> tuple[catalogue.Container, ...]:
    place = ecr(wanted.current)
    region = words.get("region") or (place.region if place else contract.REGION)
    try:
        return catalogue.choose(words["framework"], version, region=region, accelerator=words.get("accelerator", ""))
    except ImageMissing:
        return ()


def _versions(words: Mapping[str, str], wanted: Wanted) -> Iterator[str]:
    """What may name the new tag: starts of its version and of itself, first with as many numbers as the old one has."""
    count = len(_ENDS.findall(words["version"]))
    known = [one.version for one in _containers(words, "", wanted) if one.tag == wanted.new.tag]
    for text in (*known[:1], wanted.new.tag):
        ends = [match.start() for match in _ENDS.finditer(text)] + [len(text)]
        yield from (text[:end] for end in ends[count:])


def is_new(image: Framework, wanted: Wanted) -> bool:
    """Whether an AWS container is the new image."""
    words = {key: str(value) for key, value in image.model_dump(exclude_none=True).items()}
    return _tag(words, image.version, wanted) == wanted.new.tag
