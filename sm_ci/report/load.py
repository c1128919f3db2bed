"""A load in words: its figures with units, its verdict, its limits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sm_ci.errors import Location
from sm_ci.results import CaseResult, Checked, ErrorCount, Latency, LimitOutcome, LoadResult, Outcome, Streamed
from sm_ci.text import Redactor, shorten

OUTCOME = {
    LimitOutcome.HELD: "held",
    LimitOutcome.BROKEN: "failed",
    LimitOutcome.VOID: "void",
    LimitOutcome.ERRORED: "not judged",
}
LATE = ", as no answer came while requests were sent"
"""Why a throughput is 0 though there were answers."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_LONGEST = 2000
_NAMED = 3
_SHARES = {"error_rate", "cpu"}


def figure(metric: str, value: float) -> str:
    """A figure of a limit with its unit: `34.2 ms`, `0.12%`, `15.2/s`, `1.3 GiB`, `+12.0 MiB/min`."""
    if metric in _SHARES:
        return share(value)
    if metric in {"throughput", "event_throughput"}:
        return rate(value)
    if metric == "peak_memory":
        return size(value)
    if metric == "memory_growth":
        return f"{'-' if value < 0 else '+'}{size(abs(value))}/min"
    return time(value)


def time(seconds: float) -> str:
    """`0.21 ms`, `34.2 ms`, `1.23 s`: three digits."""
    return f"{_digits(seconds)} s" if seconds >= 0.9995 else f"{_digits(seconds * 1000)} ms"


def rate(value: float) -> str:
    """`15.2/s`, `71,200/s`."""
    return f"{_digits(value)}/s" if value < 1000 else f"{value:,.0f}/s"


def share(value: float) -> str:
    """`0.12%`."""
    return "0%" if value == 0 else f"{_digits(value * 100)}%"


def wanted_share(value: float) -> str:
    """`5%`, as a spec has it."""
    return f"{round(value * 100, 6):g}%"


def size(octets: float) -> str:
    """`812 B`, `1.3 GiB`."""
    number = octets
    for unit in _UNITS:
        if number < 1024 or unit == _UNITS[-1]:
            break
        number /= 1024
    return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"


def errors(counts: Iterable[ErrorCount]) -> str:
    """`12 timeout, 3 status 5xx`."""
    return ", ".join(f"{one.count:,} {one.kind}" for one in counts)


def headline(load: LoadResult, clean: Redactor) -> str:
    """`20.1/s, p50 12.1 ms, p95 34.2 ms, p99 51.0 ms, 0% errors`, or why there are no figures."""
    if load.outcome in {Outcome.NOT_RUN, Outcome.SKIPPED}:
        return shorten(clean(load.reason), _LONGEST)
    parts = [rate(load.throughput) + (" (no answer came while requests were sent)" if _late(load) else "")]
    parts += [
        f"p{one.percent:g} {time(one.seconds)}" for one in load.latency.percentiles if one.percent in {50, 95, 99}
    ]
    parts.append(f"{share(load.error_rate)} errors")
    parts += streamed(load.streamed) if load.streamed else []
    knee = next((step for step in load.steps if step.knee), None)
    return ("at the knee, " if knee else "") + ", ".join(parts) + (f" (concurrency {knee.concurrency})" if knee else "")


def _late(load: LoadResult) -> bool:
    """Whether it was shorter than its shortest answer."""
    return load.answered > 0 and not load.throughput


def streamed(given: Streamed) -> list[str]:
    """`first event p95 120 ms`, `inter-token latency p99 34.0 ms`, `310 events/s`; nothing where no event came."""
    if not given.events:
        return []
    first = percentiles(given.first_event, 95) or [f"avg {time(given.first_event.mean)}"]
    gap = percentiles(given.inter_token_latency, 99) or [f"avg {time(given.inter_token_latency.mean)}"]
    apart = [f"inter-token latency {gap[0]}"] if given.inter_token_latency.samples else []
    return [f"first event {first[0]}", *apart, f"{_digits(given.throughput)} events/s"]


def percentiles(of: Latency, *wanted: float) -> list[str]:
    """`p95 34.2 ms` of those that there are; all without naming any."""
    return [f"p{one.percent:g} {time(one.seconds)}" for one in of.percentiles if not wanted or one.percent in wanted]


def complaints(load: LoadResult) -> Iterator[tuple[Location, str]]:
    """What is wrong with it, each with its place; not redacted. The answers that were checked follow with theirs."""
    if itself := trouble(load):
        yield load.at, itself
    for one in load.limits:
        if one.outcome is not LimitOutcome.HELD:
            yield one.at or load.at, f"{one.text}: {one.message}"
    if load.checked and (said := checked(load.checked)):
        yield load.at, said


def trouble(load: LoadResult) -> str:
    """Why the load as such did not pass, whatever its limits say; empty when it did."""
    if load.ended:
        return load.ended
    if load.answered or load.outcome in {Outcome.PASSED, Outcome.SKIPPED, Outcome.NOT_RUN}:
        return ""
    return unanswered(load.errors)


def unanswered(counts: Iterable[ErrorCount]) -> str:
    """That nothing good has come."""
    return f"no request was answered as expected: {errors(counts) or 'none has ended'}"


def unchecked(given: Checked) -> str:
    """Which answers were to be judged and were not; empty where there are none."""
    asked = f"check {wanted_share(given.share)}"
    if given.too_large:
        rest = f"{given.answers:,} checked" if given.answers else "none was checked"
        return f"{asked}: {given.too_large:,} answers were too large to be kept, and {rest}"
    return "" if given.answers else f"{asked}: no answer was there to be checked"


def checked(given: Checked) -> str:
    """What is wrong with the answers that were judged by their tests' expectations; empty when nothing is."""
    if not given.failed:
        return ""
    first = given.examples[0].reason if given.examples else ""
    return f"check {wanted_share(given.share)}: {given.failed:,} of {given.answers:,} checked answers failed, the first: {first}"


def examples(load: LoadResult) -> Iterator[CaseResult]:
    """The answers that failed their test's expectations, each with a name that says so; the test itself has passed."""
    shown = load.checked.examples if load.checked else ()
    for number, case in enumerate(shown, 1):
        which = f", answer {number} of {len(shown)}" if len(shown) > 1 else ""
        yield replace(case, id=f"{case.id}{which} under load {load.name}")


def broken(loads: Iterable[LoadResult]) -> str:
    """` (steady: p95 < 200ms; crowd: check 5%; 2 more)`: what of loads failed; empty when nothing did. Not redacted."""
    found = [f"{load.name}: {what}" if what else load.name for load in loads for what in _broken(load)]
    more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return f" ({'; '.join([*found[:_NAMED], *more])})" if found else ""


def _broken(load: LoadResult) -> Iterator[str]:
    if load.outcome not in {Outcome.FAILED, Outcome.ERRORED}:
        return
    limits = [one.text for one in load.limits if one.outcome in {LimitOutcome.BROKEN, LimitOutcome.ERRORED}]
    answers = [f"check {wanted_share(load.checked.share)}"] if load.checked and load.checked.failed else []
    yield from [*limits, *answers] or [""]


def totals(loads: Iterable[LoadResult]) -> str:
    """`load: 4 limits held, 1 failed`; empty without loads."""
    loads = tuple(loads)
    limits = [one.outcome for load in loads for one in load.limits]
    counts = [(limits.count(outcome), word) for outcome, word in OUTCOME.items()]
    broken = sum(load.outcome not in {Outcome.PASSED, Outcome.SKIPPED} for load in loads)
    told = [(count, word) for count, word in counts if count]
    said = [f"{count} limit{'s' * (count != 1)} {word}" for count, word in told[:1]]
    said += [f"{count} {word}" for count, word in told[1:]]
    if broken and not any(word in {"failed", "not judged"} for _, word in told):
        said.append(f"{broken} of {len(loads)} not passed")
    return f"load: {', '.join(said) or 'measured'}" if loads else ""


def _digits(value: float) -> str:
    """Three significant digits, no exponent."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
