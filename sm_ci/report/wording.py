"""The words that all reports share: figures with units, a request as curl, an answer, the totals. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from itertools import groupby

from sm_ci.errors import Location
from sm_ci.report import contract, curl, load, stream
from sm_ci.results import (
    Answer,
    Blob,
    CaseResult,
    Exchange,
    Failure,
    Limits,
    LogLine,
    NoAnswer,
    Outcome,
    RunResult,
    Sent,
    header,
)
from sm_ci.text import Redactor, shorten

SERVICE = "container comes into service"
LOG_LINES, LOG_BYTES = 200, 64 * 1024
SHOWN_BODY = 2000
SHOWN_WARNINGS = 50
SHOWN_IDLE = 5
BASE_URL = "http://localhost:8080"

OUTCOME = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERRORED: "errored",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_RUN: "not run",
}
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\udc80-\udcff]")
_UNITS = ("KiB", "MiB", "GiB", "TiB")


def seconds(value: float) -> str:
    """`12 ms`, `3.4 s`, `2 min 5 s`."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 59.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def size(octets: int) -> str:
    """`812 B`, `1.3 GiB`."""
    number, unit = float(octets), "B"
    for larger in _UNITS:
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{octets} B" if unit == "B" else f"{number:.1f} {unit}"


def totals(result: RunResult) -> str:
    """`10 passed, 1 failed in 3.4 s`."""
    counts = [(result.count(outcome), word) for outcome, word in OUTCOME.items()]
    suite = contract.totals(result.contract)
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "no test ran"
    suite = "; ".join(filter(None, (load.totals(result.load), suite)))
    if suite and not result.cases:
        return f"{suite} in {seconds(result.seconds)}"
    return f"{said} in {seconds(result.seconds)}" + (f"; {suite}" if suite else "")


def verdict(result: RunResult, clean: Redactor) -> str:
    """The whole run in one sentence."""
    name = clean(result.name)
    if result.fault is None:
        said = "failed" if result.exit_status else "was skipped" if result.conclusion == "skipped" else "passed"
        return f"{name} {said}: {totals(result)}{clean(load.broken(result.load))}"
    said = {1: "failed", 130: "was cancelled"}.get(result.exit_status, "could not be tested")
    return f"{name} {said}: {first_line(clean(result.fault.message))}"


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def place(at: Location) -> str:
    """`sm-ci.yml:12`, the form that readers of test reports look for."""
    return f"{at.path}:{at.line}"


def headline(case: CaseResult, clean: Redactor) -> str:
    """Why a case is not passed, in one line; empty when it is."""
    firsts = [first_line(clean(failure.message)) for failure in case.failures]
    if not firsts:
        return first_line(clean(case.reason)) or ("" if case.outcome is Outcome.PASSED else OUTCOME[case.outcome])
    more = f" and {len(firsts) - 1} more" if len(firsts) > 1 else ""
    return f"{firsts[0] or case.failures[0].check}{more}"


def failures_by_place(case: CaseResult) -> Iterable[tuple[Location, list[Failure]]]:
    """A case's failures, those of one place together."""
    pairs = [(failure.at or case.at, failure) for failure in case.failures]
    for at, group in groupby(pairs, key=lambda pair: pair[0]):
        yield at, [failure for _, failure in group]


def judged(case: CaseResult) -> Exchange | None:
    """The exchange that the verdict is about: the last."""
    return case.exchanges[-1] if case.exchanges else None


def answered(case: CaseResult) -> Answer | None:
    """The last exchange's complete answer."""
    exchange = judged(case)
    return exchange.outcome if exchange and isinstance(exchange.outcome, Answer) else None


def trouble(case: CaseResult) -> str:
    """Why there is no complete answer, in a word; empty when there is one."""
    exchange = judged(case)
    return exchange.outcome.kind if exchange and isinstance(exchange.outcome, NoAnswer) else ""


def body(blob: Blob, clean: Redactor, limit: int = SHOWN_BODY) -> str:
    """The start of a body as text, or what it is when it is no text."""
    kind = blob.media_type or "unknown type"
    if not is_text(blob.head):
        return clean(f"({size(blob.size)} of {kind}, sha256 {blob.sha256})")
    shown = clean(blob.head.decode("utf-8", "surrogateescape"))
    if len(shown) <= limit and blob.size <= len(blob.head):
        return shown
    return f"{shown[:limit]}… ({size(blob.size)})"


def is_text(data: bytes) -> bool:
    """Whether a reader can make something of the bytes: hardly any that no text holds."""
    start = data[:4096].decode("utf-8", "surrogateescape")
    return len(_NO_TEXT.findall(start)) * 10 <= len(start)


def request(sent: Sent, clean: Redactor, limit: int = SHOWN_BODY, base: str = BASE_URL) -> str:
    """The request as a curl line for a container at `base`; of a body that is too long a comment below it tells."""
    line = ["curl", "-sS"] + ([] if sent.method == "POST" and sent.body.size else ["-X", clean(sent.method)])
    line += curl.headers(sent.headers, clean, body=sent.body.size > 0)
    given = curl.data(sent.body, clean, limit)
    before, argument = given or ("", "@request-body")
    body_words = ["--data-binary", argument] if sent.body.size else []
    url = shlex.quote(clean(base + sent.path))
    said = f"{before}{' '.join([shlex.join(line), *body_words, url])}"
    kind = sent.body.media_type or "unknown type"
    about = f"# request-body: {size(sent.body.size)} of {kind}, sha256 {sent.body.sha256}"
    return said if given else f"{said}\n{clean(about)}"


def answer(outcome: Answer | NoAnswer, clean: Redactor, limit: int = SHOWN_BODY) -> str:
    """The answer's first line and the start of its body, or why there is none."""
    if isinstance(outcome, NoAnswer):
        said = clean(
            f"no answer after {seconds(outcome.after)}: {outcome.kind}"
            + (f", {outcome.detail}" if outcome.detail else "")
        )
        return f"{said}\n{answer(outcome.partial, clean, limit)}" if outcome.partial else said
    media = clean(header(outcome.headers, "content-type") or "no content type")
    said = f"HTTP {outcome.status}, {media}, {size(outcome.body.size)} in {seconds(outcome.total)}"
    if outcome.stream:
        said += f"\n{stream.told(outcome.stream)}"
    return f"{said}\n{body(outcome.body, clean, limit)}" if outcome.body.size else said


def warnings(result: RunResult, clean: Redactor) -> list[str]:
    """What did not decide the verdict but should be seen, a line each."""
    said = [f"{finding.severity}: {finding}" for finding in result.findings] + observations(result)
    more = [f"{len(said) - SHOWN_WARNINGS} more warnings"] if len(said) > SHOWN_WARNINGS else []
    return [shorten(clean(line), SHOWN_BODY) for line in said[:SHOWN_WARNINGS]] + more


def observations(result: RunResult) -> list[str]:
    """The warnings that only the whole run shows: missed pings, tests that assert nothing. Not redacted."""
    said = []
    missed = result.hosting.pings.missed if result.hosting else ()
    if missed:
        at, why = missed[0]
        which = "a ping was missed" if len(missed) == 1 else f"{len(missed)} pings were missed, the first"
        said.append(f"warning: {which} {at:.1f} s after the start: {why}")
    idle = [case for case in result.cases if case.asserts_nothing]
    said += [f"warning: {place(case.at)}: {case.name}: asserts nothing but the status" for case in idle[:SHOWN_IDLE]]
    if len(idle) > SHOWN_IDLE:
        said.append(f"warning: {len(idle) - SHOWN_IDLE} more tests assert nothing but the status")
    return said


def log_tail(result: RunResult, clean: Redactor) -> list[str]:
    """The end of the container's log, at most 200 lines and 64 KiB."""
    return log_lines(result.hosting.log.tail, clean) if result.hosting else []


def log_lines(lines: tuple[LogLine, ...], clean: Redactor) -> list[str]:
    """The last of these lines with their seconds, at most 200 lines and 64 KiB."""
    kept: list[str] = []
    room = LOG_BYTES
    last = lines[-LOG_LINES:]
    for line, text in zip(reversed(last), reversed(clean.lines(line.text for line in last)), strict=True):
        shown = f"{line.at:8.3f} {shorten(text, SHOWN_BODY)}"
        room -= len(shown.encode("utf-8", "surrogatepass")) + 1
        if room < 0:
            break
        kept.append(shown)
    return kept[::-1]


def limits(given: Limits) -> str:
    """`ml.m5.xlarge: 4 CPUs, 16.0 GiB memory, 64.0 MiB shared memory (scaled down to this machine)`."""
    parts = [] if given.cpus is None else [f"{given.cpus:g} CPUs"]
    if given.memory is not None:
        parts.append(f"{size(given.memory)} memory")
    parts.append(f"{size(given.shm_size)} shared memory")
    if given.gpus:
        parts.append("all GPUs" if given.gpus < 0 else f"{given.gpus} GPU{'s' * (given.gpus != 1)}")
    named = f"{given.instance_type}: " if given.instance_type else ""
    return f"{named}{', '.join(parts)}" + (" (scaled down to this machine)" if given.scaled else "")
