"""The newer images of an upgrade: which one was chosen, what became of each, what was written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci.differences import CandidateResult, ImageVersion, UpgradeResult, UpgradeVerdict, Written
from sm_ci.report import load
from sm_ci.report.html import judged, support
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import reasons, words
from sm_ci.text import Redactor, shorten

ROWS, OCTETS, DRAWN = 150, 300_000, 12
_LINES, _LINES_OCTETS = 100, 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One tag, with what the registry says of it. `ended`: patches have ended."""

    tag: str
    reference: str
    digest: str
    pushed: str
    ends: str
    ended: bool
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One candidate. `anchor` leads to its comparison, if that is on the page."""

    image: Image
    level: str
    word: str
    kind: str
    told: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that was changed."""

    place: str
    before: str
    after: str


def sentence(upgrade: UpgradeResult, clean: Redactor) -> str:
    """What the word does not say yet."""
    tag = shorten(clean(upgrade.current.tag), CELL)
    if upgrade.fault:
        return words.upgrade_told(upgrade, clean)
    if upgrade.chosen is None and upgrade.verdict is not UpgradeVerdict.BLOCKED:
        number = words.counted(len(upgrade.candidates), "newer image")
        return (
            f"{number} of which none was tried." if upgrade.candidates else f"Nothing is known to be newer than {tag}."
        )
    if upgrade.chosen is None:
        return f"Of {words.counted(len(upgrade.candidates), 'newer image')} none passed; {tag} stays."
    chosen = upgrade.chosen
    to = shorten(clean(chosen.version.tag), CELL)
    said = f"{tag} → {to}, a {chosen.level.value} step that passed."
    if to == tag:
        said = f"The tag {tag} has another image under it now, and that passed."
    open_ = "Not everything about it could be judged." if reasons.undecided(chosen) else ""
    return " ".join(filter(None, (said, open_, words.unwritten(upgrade))))


def image(version: ImageVersion, upgrade: UpgradeResult, clean: Redactor, digest: str = "") -> Image:
    """One tag in words. `digest` stands where the registry's list tells none."""
    ends = version.support_ends
    return Image(
        tag=shorten(clean(version.tag), CELL),
        reference=shorten(clean(version.reference), CELL),
        digest=shorten(clean(version.digest or digest), CELL),
        pushed=version.pushed.date().isoformat() if version.pushed else "",
        ends=ends.isoformat() if ends else "",
        ended=ends is not None and ends < upgrade.started.date(),
        size=load.size(version.size) if version.size else "",
    )


def rows(upgrade: UpgradeResult, anchors: dict[int, str], clean: Redactor) -> Fitting[Row]:
    """All candidates, the newest first as they come. `anchors` are those of the comparisons, by the candidate's number."""
    numbered = list(enumerate(upgrade.candidates))
    return fitting(numbered, lambda pair: _row(pair[1], anchors.get(pair[0], ""), upgrade, clean), ROWS, OCTETS)


def _row(one: CandidateResult, anchor: str, upgrade: UpgradeResult, clean: Redactor) -> Row:
    word, kind = judged.CANDIDATE[one.outcome]
    return Row(
        image=image(one.version, upgrade, clean),
        level=one.level.value,
        word=word,
        kind=kind,
        told=shorten(words.why_candidate(one, clean), SENTENCE),
        anchor=anchor,
    )


def lives(upgrade: UpgradeResult, clean: Redactor) -> Figure | None:
    """The dates of the newest candidates and of the current image as a picture."""
    shown = [_life(one.version, *judged.CANDIDATE[one.outcome], clean) for one in upgrade.candidates[:DRAWN]]
    return support.chart([*shown, _life(upgrade.current, "current", "one", clean)], upgrade.started.date())


def _life(version: ImageVersion, word: str, kind: str, clean: Redactor) -> support.Life:
    pushed = version.pushed.date() if version.pushed else None
    return support.Life(tag=clean(version.tag), word=word, pushed=pushed, ends=version.support_ends, kind=kind)


def written(given: Sequence[Written], clean: Redactor) -> Fitting[Line]:
    """The changed lines of the user's files."""
    return fitting(given, lambda one: _line(one, clean), _LINES, _LINES_OCTETS)


def _line(one: Written, clean: Redactor) -> Line:
    place = f"{shorten(clean(one.path), CELL)}:{one.line}"
    before, after = (shorten(clean(line.rstrip("\r\n")), CELL) for line in (one.before, one.after))
    return Line(place=place, before=before, after=after)


def passed_over(upgrade: UpgradeResult, clean: Redactor) -> Fitting[str]:
    """Why other newer tags are no candidates."""
    return fitting(upgrade.passed_over, lambda said: shorten(clean(said), SENTENCE), _LINES, _LINES_OCTETS)
