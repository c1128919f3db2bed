"""Rules about load tests: their mix, how requests arrive, and their limits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sm_ci.errors import Finding
from sm_ci.spec import matchers, units
from sm_ci.spec.rules.tests import printable
from sm_ci.spec.thresholds import RATES, Threshold, threshold
from sm_ci.spec.value import Value
from sm_ci.spec.wording import did_you_mean, either, quoted, shown

KINDS = ("rate", "concurrency", "steps")
SHORTEST, SHORTEST_STEP = 0.1, 1.0
"""Seconds of a load, and of a sweep's step, below which there is nothing to tell."""
LEAST_FOR_GROWTH = 6.0
"""Seconds in which the engine tells five times what the container uses, which make a slope."""
ROUND = 10_000
"""Requests after which a mix repeats; a test whose share is less than one of them may never have its turn."""
LEAST_FOR_CPU = 2.0
"""Seconds after which the engine has told what the container used meanwhile."""
_EXAMPLES = "write for example {rate: 20/s}, {concurrency: 8} or {steps: [1, 2, 4, 8]}"


def check(root: Value) -> Iterator[Finding]:
    """What is wrong or odd with `load`."""
    named = [(test.at("name").text, test.at("request", "stream").content is True) for test in root.at("tests").items()]
    streams = {name: streamed for name, streamed in named if name is not None}
    tests = list(streams)
    lines: dict[str, int] = {}
    for load in root.at("load").items():
        name = load.at("name")
        yield from printable(name)
        line = name.document.place(name.path).line
        if name.text is not None and lines.setdefault(name.text, line) != line:
            message = f"{quoted(name.text)} is the name of the load in line {lines[name.text]} too"
            yield name.error("load-name", message, "give each load a name of its own")
        if isinstance(load.content, dict):
            yield from _mix(load, tests)
            yield from _arrival(load)
            yield from _amount(load)
            yield from _shares(load, tests)
            yield from _limits(load, streams)


def _mix(load: Value, tests: list[str]) -> Iterator[Finding]:
    mix = load.at("requests")
    if not tests and not list(mix.entries()):
        yield load.error("load", "has nothing to send, as there are no tests", "add tests:")
    for name, weight in mix.entries():
        if name not in tests:
            near = did_you_mean(name, tests)
            message = f"is no test of this spec: {quoted(name)}"
            yield weight.error("load", message, near or "name a test, and its weight", key=True)


def _arrival(load: Value) -> Iterator[Finding]:
    arrival = load.at("arrival")
    if not isinstance(arrival.content, dict):
        return
    given = [key for key in arrival.content if key in KINDS and arrival.content[key] is not None]
    if not given:
        empty = next((key for key in KINDS if arrival.has(key)), None)
        place = arrival if empty is None else arrival.at(empty)
        yield place.error("arrival", f"has none of {either(KINDS)}" if empty is None else "is empty", _EXAMPLES)
    for key in given[1:]:
        message = f"has one of {either(KINDS)}, and both {given[0]} and {key} are given"
        yield arrival.at(key).error("arrival", message, "keep one of them", key=True)
    if arrival.has("pattern") and "rate" not in given and given:
        yield arrival.at("pattern").error("arrival", f"is of a rate, and {given[0]} is given", "leave it out", key=True)
    yield from _steps(arrival.at("steps"), load.at("duration"))


def _steps(steps: Value, duration: Value) -> Iterator[Finding]:
    count = len(list(steps.items()))
    seconds = _number(duration, units.duration)
    if steps.content == []:
        yield steps.error("arrival", "must not be an empty list", "write for example [1, 2, 4, 8]")
    if count and seconds and seconds / count < SHORTEST_STEP:
        message = f"{count} steps in {duration.text} are less than a second each"
        yield steps.error("arrival", message, f"write duration: {count * 5}s or more")


def _amount(load: Value) -> Iterator[Finding]:
    """Too few requests, or too few whose answers are checked."""
    arrival, duration, check = load.at("arrival", "rate"), load.at("duration"), load.at("check")
    rate, seconds, share = _number(arrival, units.rate), _number(duration, units.duration), _number(check, units.share)
    if 0 < seconds < SHORTEST:
        yield duration.error("load", f"is too short to tell anything: {duration.text}", "write 1s or more")
        return
    if not (rate and seconds):
        return
    asked = f"{arrival.text} for {duration.text}"
    if rate * seconds < 1:
        yield arrival.error("arrival", f"{asked} is less than one request", "make duration or rate larger")
    elif share and rate * seconds * share < 1:
        message = f"{check.text} of {asked} is less than one answer"
        yield check.error("load", message, "make check, duration or rate larger")


def _shares(load: Value, tests: list[str]) -> Iterator[Finding]:
    """Tests of a mix whose turn hardly comes."""
    weights = _weights(load, tests)
    whole = sum(weights.values())
    rate, seconds = _number(load.at("arrival", "rate"), units.rate), _number(load.at("duration"), units.duration)
    most = min(rate * seconds or ROUND, ROUND)
    for name, weight in load.at("requests").entries():
        if name in tests and name in weights and weights[name] / whole * most < 1 <= most:
            message = f"has so little weight that it is hardly ever sent: {weights[name]:g} of {whole:g}"
            yield weight.warning("load", message, "make it larger, or leave the test out", key=True)


def _weights(load: Value, tests: Iterable[str]) -> dict[str, float]:
    given = {name: weight.content for name, weight in load.at("requests").entries()} or dict.fromkeys(tests, 1)
    return {name: float(weight) for name, weight in given.items() if matchers.is_number(weight) and weight > 0}


def _limits(load: Value, streams: Mapping[str, bool]) -> Iterator[Finding]:
    share = _streamed(load, streams)
    for key, better in (("thresholds", True), ("abort_on", False)):
        seen: dict[tuple[object, ...], str] = {}
        for value in load.at(key).items():
            limit = _read(value)
            if isinstance(limit, Finding):
                yield limit
            elif limit is not None and limit.same in seen:
                message = f"is the same limit as {quoted(seen[limit.same])}: {shown(value.content)}"
                yield value.error("threshold", message, "keep one of them")
            elif limit is not None:
                seen[limit.same] = limit.text
                yield from _limit(value, limit, streams=share > 0, must_hold=better)
                if better:
                    yield from _samples(value, limit, load, share)


def _read(value: Value) -> Threshold | Finding | None:
    """None where the model tells what it is."""
    if value.text is None:
        return None
    try:
        return threshold(value.text)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        return value.error("threshold", f"{message}: {shown(value.content)}", remedy)


def _limit(value: Value, limit: Threshold, *, streams: bool, must_hold: bool) -> Iterator[Finding]:
    if limit.of_streams and not streams:
        message = f"names a figure of streams, and no test of this load streams: {shown(value.content)}"
        yield value.error("threshold", message, "write stream: true in the request of one")
    yield from _direction(value, limit, must_hold=must_hold)
    yield from _sense(value, limit, must_hold=must_hold)


def _streamed(load: Value, streams: Mapping[str, bool]) -> float:
    """The share of its requests that ask for a stream."""
    weights = _weights(load, streams)
    whole = sum(weights.values())
    return sum(weight for name, weight in weights.items() if streams.get(name)) / whole if whole else 0.0


def _direction(value: Value, limit: Threshold, *, must_hold: bool) -> Iterator[Finding]:
    """A limit that a worse container holds is a slip."""
    less_is_better = limit.metric not in RATES
    if limit.upper == (less_is_better == must_hold):
        return
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[limit.op]
    meant = limit.text.replace(limit.op, turned, 1)
    what = "holds where the container is worse" if must_hold else "ends the load where all is well"
    yield value.error("threshold", f"{what}: {shown(value.content)}", f"did you mean {quoted(meant)}?")


def _sense(value: Value, limit: Threshold, *, must_hold: bool) -> Iterator[Finding]:
    """A limit that no figure is within, or an end that comes whatever is measured."""
    if limit.never:
        told = "can never hold" if must_hold else "never ends the load"
        remedy = f"write {limit.metric} <= 0%" if must_hold else f"write for example {limit.metric} > 20%"
        yield value.error("threshold", f"{told}: {shown(value.content)}", remedy)
    elif limit.always and not must_hold:
        remedy = f"write for example {limit.metric} > 20%"
        yield value.error("threshold", f"ends every load: {shown(value.content)}", remedy)


def _samples(value: Value, limit: Threshold, load: Value, streamed: float) -> Iterator[Finding]:
    """Of a rate it is known before how many samples there will be; of the container's memory always, of events never."""
    rate, seconds = _number(load.at("arrival", "rate"), units.rate), _number(load.at("duration"), units.duration)
    if limit.metric == "memory_growth" and 0 < seconds < LEAST_FOR_GROWTH:
        message = (
            f"memory_growth needs {LEAST_FOR_GROWTH:g}s or more, a sample a second, not {load.at('duration').text}"
        )
        yield value.error("threshold", message, "make duration longer")
    yield from _of_cpu(value, limit, load)
    samples = round(rate * seconds * (streamed if limit.series else 1))
    if not (rate and seconds) or samples >= limit.samples or limit.series == "inter_token_latency":
        return
    if limit.series and not streamed:
        return  # told already
    message = (
        f"{limit.metric} needs {limit.samples:,} samples, "
        f"and {load.at('arrival', 'rate').text} for {load.at('duration').text} are {samples:,}"
        f"{' of streams' if limit.series else ''}"
    )
    yield value.error("threshold", message, "make duration or rate larger, or judge a lower percentile")


def _of_cpu(value: Value, limit: Threshold, load: Value) -> Iterator[Finding]:
    """It is judged at the knee of a sweep, and the first sample has no CPU yet."""
    seconds, steps = _number(load.at("duration"), units.duration), len(list(load.at("arrival", "steps").items()))
    if limit.metric == "cpu" and 0 < seconds < LEAST_FOR_CPU * max(steps, 1):
        each, of = (" of each step", f" for {steps} steps") if steps else ("", "")
        message = f"cpu needs {LEAST_FOR_CPU:g}s or more{each}, a sample a second, not {load.at('duration').text}{of}"
        yield value.error("threshold", message, "make duration longer")


def _number(value: Value, read: Callable[[object], float]) -> float:
    """The figure; 0 when it is none, which the model reports."""
    try:
        return read(value.content)
    except ValueError:
        return 0.0
