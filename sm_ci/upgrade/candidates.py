"""Which versions of an image are newer than the current one, and why others are none to try. Pure.

What a user of Renovate or Dependabot expects of a tag holds here too: the family stays (gpu, sagemaker, slim), its precision
stays (whoever has 2.6 gets 2.7 and not 2.7.0), a prerelease comes only to whoever has one. Beyond that:

* The level is that of the number that moves most: the version's, or a component's (`transformers4.51.3`). The first number
  is major, the second minor, any other patch. An LMI release counts up with each minor DJL: it is minor. A year, as in
  24.09 or 2026.1, promises nothing: minor too. Another build of the same (`-v1.41`, `-2`, a date, b9522) is a patch.
* A moved Python, CUDA or system is allowed unless it is held, and is no patch: at least minor.
* What moves a component or the platform back is no candidate, though its version is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sm_ci.differences import CandidateOutcome, CandidateResult, ImageVersion, UpgradeLevel
from sm_ci.errors import Finding, Severity, SpecError
from sm_ci.image.tag_words import Kind
from sm_ci.image.tags import Part, Shape, parse

SOON = 90
"""Days before the end of a container's patches from which on it is told."""

_LEVELS = (UpgradeLevel.DIGEST, UpgradeLevel.PATCH, UpgradeLevel.MINOR, UpgradeLevel.MAJOR)
_BY_PLACE = (UpgradeLevel.MAJOR, UpgradeLevel.MINOR, UpgradeLevel.PATCH)
_RELEASES = frozenset({"lmi"})
"""Components that count releases: their first number is no more than minor."""
_EXAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """Newest first, all of them untried. `passed_over` are sentences about newer tags that are no candidates."""

    candidates: tuple[CandidateResult, ...] = ()
    passed_over: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the spec asks of a candidate: how far it may be, which tags (`pattern` is the text), parts that must not move."""

    level: UpgradeLevel = UpgradeLevel.MINOR
    matches: Callable[[str], bool] = lambda _: True
    pattern: str = ""
    hold: Collection[str] = ()


@dataclass(frozen=True, slots=True, order=True)
class _Why:
    """Why a newer tag is no candidate, after `1 newer tag` and after `2 newer tags`; what comes first interests more."""

    rank: int
    one: str
    many: str


def candidates(
    current: ImageVersion,
    versions: Iterable[ImageVersion],
    wanted: Wanted,
    *,
    counted: Mapping[str, str] | None = None,
) -> Newer:
    """The versions that are newer and no farther than the level, and the same tag with another digest, whatever the level.

    `counted` is given where the image is named by its version: the version of each reference, which counts in place of the
    tag; these may be of several families. SpecError when `wanted.matches` gives up.
    """
    here = _shape(current, counted)
    found: list[tuple[Shape, CandidateResult]] = []
    left: dict[_Why, list[Shape]] = {}
    others = 0
    for version in versions:
        shape = _shape(version, counted)
        if version.tag == current.tag:
            found += [(shape, _candidate(version, UpgradeLevel.DIGEST))] if _moved(current, version) else []
            continue
        others += 1
        if not _newer(here, shape):
            continue
        if why := _unlike(here, shape) or _refused(here, shape, current, version, wanted):
            left.setdefault(why, []).append(shape)
        else:
            found.append((shape, _candidate(version, distance(here, shape))))
    found.sort(key=lambda one: (one[0].order, one[0].tag), reverse=True)
    told = tuple(_sentence(why, left[why]) for why in sorted(left))
    return Newer(
        candidates=tuple(one for _, one in found),
        passed_over=told or _unordered(here, others),
        findings=_not_told(here, wanted) if found else (),
    )


def distance(here: Shape, there: Shape) -> UpgradeLevel:
    """How far the one is from the other; a patch when no number differs."""
    levels = [_distance(mine, theirs) for mine, theirs in _moves(here, there)]
    return max(levels, key=_LEVELS.index, default=UpgradeLevel.PATCH)


def support(current: ImageVersion, today: date) -> Finding | None:
    """That AWS patches the current one no more, or soon will not."""
    if current.support_ends is None:
        return None
    day, left = current.support_ends.isoformat(), (current.support_ends - today).days
    if left < 0:
        return Finding(
            rule="end-of-patch",
            severity=Severity.WARNING,
            message=f"AWS has not patched {current.reference} since {day}",
            remedy="use a newer version",
        )
    if left > SOON:
        return None
    when = f"in {left} day{'s' * (left != 1)}" if left else "today"
    return Finding(
        rule="end-of-patch",
        severity=Severity.NOTICE,
        message=f"AWS patches {current.reference} until {day} only, which is {when}",
        remedy="plan the move to a newer version",
    )


def _not_told(here: Shape, wanted: Wanted) -> tuple[Finding, ...]:
    """That a part is held which the tag does not tell: 2.6.0-gpu-py312 says nothing of CUDA."""
    missing = [name for name in wanted.hold if here.part(name) is None]
    if not missing:
        return ()
    names = " and ".join(missing)
    message = f"whether a newer version keeps {names} is not known beforehand: the tag {here.tag} does not tell"
    remedy = "Use a tag that tells it, such as 2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker."
    return (Finding(rule="hold-unknown", severity=Severity.WARNING, message=message, remedy=remedy),)


def _shape(version: ImageVersion, counted: Mapping[str, str] | None) -> Shape:
    """What the tag says; where versions count: what the version says, and of what it is built on the tag."""
    tag = parse(version.tag)
    if counted is None:
        return tag
    word = parse(counted.get(version.reference, version.tag))
    own = [part for part in word.parts if part.kind is not Kind.PLATFORM]
    built = next((part for part in own if part.kind is Kind.BUILD), None)
    build = Part(name="build", kind=Kind.BUILD, numbers=built.numbers if built else (0,), text="")
    numbers = [replace(part, numbers=(*part.numbers, 0, 0, 0)[:4]) for part in own if part.kind is Kind.VERSION]
    platform = tuple(part for part in tag.parts if part.kind is Kind.PLATFORM)
    return replace(tag, family="", parts=(*numbers, build, *platform), prerelease=word.prerelease)


def _newer(here: Shape, there: Shape) -> bool:
    """Within a family by all numbers; else by the version alone, as far as both write it."""
    if not here.ordered:
        return False
    if here.family and here.family == there.family:
        return there.order > here.order
    mine, theirs = here.part("version"), there.part("version")
    if mine is None or theirs is None:
        return False
    if not here.family:
        return there.order[:2] > here.order[:2]
    common = min(len(mine.numbers), len(theirs.numbers))
    return theirs.numbers[:common] > mine.numbers[:common]


def _unlike(here: Shape, there: Shape) -> _Why | None:
    if here.family == there.family:
        return None
    if here.kin == there.kin:
        return _Why(6, "is written more or less precisely", "are written more or less precisely")
    return _Why(7, "is of another kind", "are of another kind")


def _refused(here: Shape, there: Shape, current: ImageVersion, version: ImageVersion, wanted: Wanted) -> _Why | None:
    """The first reason against a newer one of the family."""
    moves = _moves(here, there)
    if there.prerelease and not here.prerelease:
        return _Why(5, "is a prerelease", "are prereleases")
    if not _matches(version.tag, wanted):
        return _Why(4, f"does not match {wanted.pattern}", f"do not match {wanted.pattern}")
    if version.digest and version.digest == current.digest:
        return _Why(3, "is the image in use", "are the image in use")
    for mine, theirs in moves:
        if mine.kind in {Kind.COMPONENT, Kind.PLATFORM} and theirs.numbers < mine.numbers:
            return _Why(2, f"moves {mine.name} back", f"move {mine.name} back")
    for name in wanted.hold:
        if any(mine.name == name for mine, _ in moves):
            return _Why(1, f"moves {name}, which is held", f"move {name}, which is held")
        if (here.part(name) is None) is not (there.part(name) is None):
            return _Why(1, f"tells another {name}, which is held", f"tell another {name}, which is held")
    if _LEVELS.index(distance(here, there)) > _LEVELS.index(wanted.level):
        return _Why(0, f"is farther than {wanted.level}", f"are farther than {wanted.level}")
    return None


def _matches(tag: str, wanted: Wanted) -> bool:
    try:
        return wanted.matches(tag)
    except ValueError as error:  # a pattern that backtracks without end
        message, _, remedy = str(error).rpartition("; ")
        finding = Finding(rule="tags", severity=Severity.ERROR, message=message, path="upgrade.tags", remedy=remedy)
        raise SpecError((finding,)) from error


def _moves(here: Shape, there: Shape) -> list[tuple[Part, Part]]:
    """The parts that differ, of those that both have."""
    pairs = [(mine, there.part(mine.name)) for mine in here.parts]
    return [(mine, theirs) for mine, theirs in pairs if theirs and mine.numbers != theirs.numbers]


def _distance(mine: Part, theirs: Part) -> UpgradeLevel:
    if mine.kind is Kind.BUILD or mine.counter:
        return UpgradeLevel.PATCH
    if mine.kind is Kind.PLATFORM:
        return UpgradeLevel.MINOR
    pairs = zip(mine.numbers, theirs.numbers, strict=False)
    place = next((place for place, (one, other) in enumerate(pairs) if one != other), len(_BY_PLACE))
    level = _BY_PLACE[min(place, len(_BY_PLACE) - 1)]
    promises_nothing = (mine.calendar and theirs.calendar) or mine.name in _RELEASES
    return UpgradeLevel.MINOR if promises_nothing and level is UpgradeLevel.MAJOR else level


def _moved(current: ImageVersion, version: ImageVersion) -> bool:
    return bool(current.digest and version.digest and current.digest != version.digest)


def _candidate(version: ImageVersion, level: UpgradeLevel) -> CandidateResult:
    return CandidateResult(version=version, level=level, outcome=CandidateOutcome.UNTRIED)


def _sentence(why: _Why, shapes: Sequence[Shape]) -> str:
    """`12 newer tags move python, which is held, such as 2.7.0-gpu-py313 and 2.7.0-cpu-py313`; newest first."""
    newest = sorted(shapes, key=_age, reverse=True)[:_EXAMPLES]
    examples = " and ".join(shape.tag for shape in newest)
    if len(shapes) == 1:
        return f"1 newer tag {why.one}: {examples}"
    such = ":" if len(shapes) == len(newest) else ", such as"
    return f"{len(shapes)} newer tags {why.many}{such} {examples}"


def _age(shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Of tags of several families: by the version, then by all that is counted."""
    version = shape.part("version")
    rest = tuple(number for part in shape.parts if part is not version for number in part.numbers)
    early = (0, *shape.prerelease) if shape.prerelease else (1,)
    return (version.numbers if version else (), (*early, *rest), shape.tag)


def _unordered(here: Shape, others: int) -> tuple[str, ...]:
    if here.ordered or not others:
        return ()
    tag = f"the tag {here.tag} tells" if here.tag else "a digest alone tells"
    return (f"{tag} no version, so that none of {others} other tag{'s' * (others != 1)} is known to be newer",)
