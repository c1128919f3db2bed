"""What differs between two images: what is in them, and how their containers are started. Pure.

Values of variables and labels that look like credentials are masked, wherever they stand; that they differ is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from sm_ci.differences import Change, ImageContents, Layer, Package
from sm_ci.report.inspection import credentials, is_credential
from sm_ci.report.wording import size
from sm_ci.text import MASK, Redactor, shorten

PIP, CONDA = "pip", "conda"
LONGEST = 500
"""Characters of a value; the rest is cut out of its middle."""
_SYSTEM = ("dpkg", "rpm", "apk")
_DIGITS = re.compile(r"(\d+)")
_FACTS: tuple[tuple[str, Callable[[ImageContents], str]], ...] = (
    ("python", lambda of: of.python),
    ("cuda", lambda of: of.cuda),
    ("os", lambda of: of.os),
    ("entrypoint", lambda of: _words(of.entrypoint)),
    ("command", lambda of: _words(of.command)),
    ("user", lambda of: of.user),
    ("working_dir", lambda of: of.working_dir),
)
_READ = frozenset({"python", "cuda", "os"})
"""Those that come from the image's files."""


def changes(baseline: ImageContents, candidate: ImageContents) -> tuple[Change, ...]:
    """All that differs, what matters most first.

    Packages of a manager are compared by name: the versions that there are, wherever they lie. Where a side's could not all
    be read they are not compared, as one that is missing there may not be missing.
    """
    secrets = _secrets(baseline, candidate)
    clean = Redactor(secrets)
    found = chain(
        _facts(baseline, candidate),
        _ports(baseline.ports, candidate.ports),
        _packages(baseline, candidate),
        _named("environment", dict(baseline.environment), dict(candidate.environment)),
        _named("label", dict(baseline.labels), dict(candidate.labels)),
        _size(baseline, candidate),
        _layers(baseline.layers, candidate.layers),
    )
    return tuple(_shown(change, clean) for change in found)


def _secrets(*sides: ImageContents) -> frozenset[str]:
    """The values to mask."""
    return frozenset(
        value for side in sides for pairs in (side.environment, side.labels) for value in credentials(dict(pairs))
    )


def _facts(baseline: ImageContents, candidate: ImageContents) -> Iterator[Change]:
    """One each; an empty one is none. What could not be read is not known to be gone."""
    for kind, of in _FACTS:
        before, after = of(baseline) or None, of(candidate) or None
        unknown = kind in _READ and any(side.unread and not of(side) for side in (baseline, candidate))
        if before != after and not unknown:
            yield Change(kind=kind, name="", baseline=before, candidate=after)


def _ports(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Those that only one side exposes."""
    for port in sorted({*before} ^ {*after}):
        sides = (port if port in ports else None for ports in (before, after))
        yield Change(kind="port", name=port, baseline=next(sides), candidate=next(sides))


def _packages(baseline: ImageContents, candidate: ImageContents) -> Iterator[Change]:
    """Python's first. What conda installed says so of itself to pip too: it is told once."""
    of_pip = list(_of_manager(PIP, baseline, candidate))
    told = {(change.name.removesuffix(f" ({PIP})"), change.baseline, change.candidate) for change in of_pip}
    yield from of_pip
    for change in _of_manager(CONDA, baseline, candidate):
        name = re.sub(r"[-_.]+", "-", change.name.removesuffix(f" ({CONDA})"))
        if (name, change.baseline, change.candidate) not in told:
            yield change
    for manager in _SYSTEM:
        yield from _of_manager(manager, baseline, candidate)


def _of_manager(manager: str, baseline: ImageContents, candidate: ImageContents) -> Iterator[Change]:
    if manager in baseline.unknown or manager in candidate.unknown:
        return
    before, after = _versions(manager, baseline.packages), _versions(manager, candidate.packages)
    for name in _either(before, after):
        change = Change(
            kind="package", name=f"{name} ({manager})", baseline=before.get(name), candidate=after.get(name)
        )
        if change.baseline != change.candidate:
            yield change


def _versions(manager: str, packages: Iterable[Package]) -> dict[str, str]:
    """`1.26.4`, or `1.24.0, 1.26.4` of a package that there is twice; by name."""
    found: dict[str, set[str]] = {}
    for package in packages:
        if package.manager == manager:
            found.setdefault(package.name, set()).add(package.version)
    return {name: ", ".join(sorted(versions, key=_by_number)) for name, versions in found.items()}


def _by_number(version: str) -> list[tuple[int, str]]:
    """1.9 before 1.10."""
    parts = _DIGITS.split(version)
    return [(int(part[:18]), "") if at % 2 else (0, part) for at, part in enumerate(parts)]


def _named(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in _either(before, after):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Change(kind=kind, name=name, baseline=_masked(name, old), candidate=_masked(name, new))


def _size(baseline: ImageContents, candidate: ImageContents) -> Iterator[Change]:
    before, after = size(baseline.size), size(candidate.size)
    if before == after:  # to the digit that is shown
        before, after = f"{baseline.size:,} B", f"{candidate.size:,} B"
    if before != after:
        yield Change(kind="size", name="", baseline=before, candidate=after)


def _layers(before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[Change]:
    """How many there are, then those that only one side has, in the order of the images."""
    old, new = {layer.digest for layer in before}, {layer.digest for layer in after}
    if len(before) != len(after):
        yield Change(kind="layer", name="", baseline=_count(before), candidate=_count(after))
    for layer in before:
        if layer.digest not in new:
            yield Change(kind="layer", name=_short(layer), baseline=_layer(layer), candidate=None)
    for layer in after:
        if layer.digest not in old:
            yield Change(kind="layer", name=_short(layer), baseline=None, candidate=_layer(layer))


def _shown(change: Change, clean: Redactor) -> Change:
    """Without secrets, and no value longer than anybody reads."""
    sides = (None if value is None else shorten(clean(value), LONGEST) for value in (change.baseline, change.candidate))
    before, after = sides
    return Change(kind=change.kind, name=shorten(clean(change.name), LONGEST), baseline=before, candidate=after)


def _masked(name: str, value: str | None) -> str | None:
    return MASK if value is not None and is_credential(name, value) else value


def _either(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return sorted({*before, *after})


def _words(words: Sequence[str]) -> str:
    """As a Dockerfile has them."""
    return json.dumps(list(words), ensure_ascii=False) if words else ""


def _count(layers: Sequence[Layer]) -> str:
    return f"{len(layers)} layer{'s' * (len(layers) != 1)}"


def _short(layer: Layer) -> str:
    return layer.digest.removeprefix("sha256:")[:12]


def _layer(layer: Layer) -> str:
    """`81.2 MiB, RUN pip install …`, as far as it is known."""
    return ", ".join(filter(None, (size(layer.size) if layer.size else "", layer.made_by))) or "size and maker unknown"
