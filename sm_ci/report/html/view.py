"""What the templates show of a run, as texts without secrets and links that are safe to follow. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sm_ci.report import contract, load, wording
from sm_ci.results import ContractCheck, Diagnosis, Outcome, RunResult
from sm_ci.text import Redactor, shorten

CELL, SENTENCE = 300, 2000
"""Characters of a cell, and of a text that is read."""
_FINDINGS, _DIAGNOSES, _EVIDENCE = 100, 20, 5
_KIND = {"success": "good", "failure": "bad", "skipped": "idle"}
_SAID = {"success": "passed", "failure": "failed", "cancelled": "cancelled", "skipped": "skipped"}
_CHECK = {"held": "good", "failed": "bad", "warning": "odd", "not checked": "idle"}
_ORDER = ("failed", "warning", "not checked", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The verdict: a word and its `kind` (a class), the whole sentence, and the counts. `file` is what programs read."""

    name: str
    word: str
    kind: str
    sentence: str
    counts: tuple[tuple[int, str, str], ...]
    started: str
    machine_started: str
    tool: str
    file: str = "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A diagnosis."""

    name: str
    percent: str
    cause: str
    remedy: str
    link: str
    place: str
    evidence: tuple[str, ...]
    explains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why the run ended before its end."""

    kind: str
    place: str
    message: str
    remedy: str
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A row of the contract suite."""

    word: str
    kind: str
    name: str
    title: str
    weight: str
    link: str
    told: str


def link(address: str, clean: Redactor) -> str:
    """An address that may be followed: https, with a host and no user. Else empty, and no link is made."""
    shown = clean(address)
    try:
        parts = urlsplit(shown)
        host = parts.hostname
    except ValueError:
        return ""
    plain = shown.isascii() and shown.isprintable() and " " not in shown
    return shown if plain and parts.scheme == "https" and host and "@" not in parts.netloc else ""


def head(result: RunResult, clean: Redactor) -> Head:
    """The verdict of the whole run."""
    counts = [(result.count(outcome), wording.OUTCOME[outcome], outcome.value) for outcome in Outcome]
    return Head(
        name=shorten(clean(result.name), CELL),
        word=_SAID.get(result.conclusion, "could not be tested"),
        kind=_KIND.get(result.conclusion, "odd"),
        sentence=shorten(_sentence(result, clean), SENTENCE),
        counts=tuple(count for count in counts if count[0]),
        started=result.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine_started=result.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=clean(result.tool),
    )


def _sentence(result: RunResult, clean: Redactor) -> str:
    """What the word does not say yet."""
    if result.fault:
        return wording.first_line(clean(result.fault.message))
    return wording.totals(result) + clean(load.broken(result.load))


def stopped(result: RunResult, clean: Redactor) -> Stopped | None:
    """The fault, if there is one."""
    fault = result.fault
    if fault is None:
        return None
    return Stopped(
        kind=clean(fault.kind),
        place=clean(str(fault.at)) if fault.at else "",
        message=shorten(clean(fault.message), SENTENCE),
        remedy=shorten(clean(fault.remedy), SENTENCE),
        log=tuple(wording.log_lines(fault.log, clean)),
    )


def causes(result: RunResult, clean: Redactor) -> tuple[Cause, ...]:
    """The diagnoses, the surest first as they come."""
    return tuple(_cause(one, clean) for one in result.diagnoses[:_DIAGNOSES])


def _cause(one: Diagnosis, clean: Redactor) -> Cause:
    return Cause(
        name=clean(one.id),
        percent=f"{one.confidence * 100:.0f} %",
        cause=shorten(clean(one.cause), SENTENCE),
        remedy=shorten(clean(one.remedy), SENTENCE),
        link=link(one.link, clean),
        place=clean(str(one.at)) if one.at else "",
        evidence=tuple(shorten(line, 2 * CELL) for line in clean.lines(one.evidence)[:_EVIDENCE]),
        explains=tuple(shorten(clean(name), CELL) for name in one.explains[:10]),
    )


def findings(result: RunResult, clean: Redactor) -> Iterator[tuple[str, str]]:
    """Warnings and notices: severity and sentence."""
    said = [(finding.severity.value, str(finding)) for finding in result.findings]
    said += [(severity, rest) for severity, _, rest in (line.partition(": ") for line in wording.observations(result))]
    for severity, sentence in said[:_FINDINGS]:
        yield severity, shorten(clean(sentence), SENTENCE)
    if len(said) > _FINDINGS:
        yield "notice", f"{len(said) - _FINDINGS} more are in result.json"


def checks(result: RunResult, clean: Redactor) -> list[Check]:
    """The contract suite, what is wrong first."""
    return sorted((_check(check, clean) for check in result.contract), key=lambda row: _ORDER.index(row.word))


def _check(check: ContractCheck, clean: Redactor) -> Check:
    word = contract.outcome(check)
    return Check(
        word=word,
        kind=_CHECK[word],
        name=clean(check.name),
        title=clean(check.title),
        weight=clean(contract.WEIGHT.get(check.weight, check.weight)),
        link=link(check.source, clean),
        told=contract.told(check, clean),
    )


def suite(result: RunResult) -> str:
    """The suite's totals in one line; empty when it was not run."""
    return contract.totals(result.contract).removeprefix("contract: ")


def facts(result: RunResult, clean: Redactor) -> Iterator[tuple[str, str]]:
    """What was tested, with what, and where."""
    if image := result.image:
        yield "Image", clean(image.reference) + (" (built by this run)" if image.built else "")
        yield "Digest", clean(image.digest)
        yield "Image id", clean(image.id)
        yield "Image size", wording.size(image.size) if image.size else ""
        yield "Platform", clean(image.platform)
        yield "User", clean(image.user)
        yield "Entry point", shorten(clean(" ".join(image.entrypoint)), CELL)
    if model := result.model:
        files = f"{model.files:,} file{'s' * (model.files != 1)}"
        yield "Model", f"{clean(model.source)} ({wording.size(model.size)}, {files})"
    if hosting := result.hosting:
        yield "Limits", clean(wording.limits(hosting.limits))
        yield "In service after", "" if hosting.ready_after is None else wording.seconds(hosting.ready_after)
        yield "Pings", _pings(result)
        yield "Stopped", _stop(result, clean)
    yield "Spec", clean(result.spec)
    yield "Run", clean(result.id)
    yield "Took", wording.seconds(result.seconds)
    yield "Tool", clean(result.tool)


def _pings(result: RunResult) -> str:
    pings = result.hosting.pings if result.hosting else None
    if pings is None or not pings.sent:
        return ""
    return f"{pings.sent} sent, {len(pings.missed)} missed, the slowest {wording.seconds(pings.slowest)}"


def _stop(result: RunResult, clean: Redactor) -> str:
    stop = result.hosting.stop if result.hosting else None
    if stop is None:
        return ""
    how = "killed, SIGTERM was ignored" if stop.killed else "on SIGTERM" if stop.signalled else "by itself"
    memory = ", out of memory" if stop.out_of_memory else ""
    status = "" if stop.exit_code is None else f", exit status {stop.exit_code}"
    return f"{how}{status}{memory}, after {wording.seconds(stop.seconds)} {clean(stop.error)}".strip()
