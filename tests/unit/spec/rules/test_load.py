from __future__ import annotations

from collections.abc import Callable

import pytest

from sm_ci.errors import Severity
from sm_ci.load.worker import mix
from sm_ci.spec import Spec
from sm_ci.spec.rules import load as rules

Told = Callable[..., list[str]]


def spec(load: str, tests: str = "tests: [{name: known customer}, {name: image}]") -> str:
    return f"version: 1\nimage: i\n{tests}\nload:\n  - {load}\n"


def steady(rest: str) -> str:
    return spec(f"{{name: a, arrival: {{rate: 20/s}}, duration: 30s, {rest}}}")


def mixed(rest: str) -> str:
    """Half of the requests stream."""
    tests = "tests: [{name: tokens, request: {stream: true}}, {name: image}]"
    return spec(f"{{name: a, arrival: {{rate: 20/s}}, duration: 30s, {rest}}}", tests)


SOUND = [
    "{name: a, arrival: {concurrency: 8}, duration: 30s}",
    "{name: a, arrival: {rate: 90/min, pattern: constant}, duration: 1m, warmup: 5s, check: 5%, requests: {image: 0.5}}",
    "{name: a, arrival: {steps: [1, 2]}, duration: 2s, thresholds: [p95 < 200ms, p99.9<=1s, error_rate <= 0%]}",
    "{name: a, arrival: {rate: 20/s}, duration: 30s, thresholds: [p99 < 400ms, throughput >= 15/s, 'cpu < 90%']}",
    "{name: a, arrival: {rate: 20/s}, duration: 30s, thresholds: [memory_growth < 50MiB/min, peak_memory < 3GiB]}",
    "{name: a, arrival: {rate: 20/s}, duration: 30s, abort_on: [error_rate > 20%, throughput < 1/s, p95 > 5s]}",
]


@pytest.mark.parametrize("load", SOUND)
def test_sound_loads(told: Told, load: str) -> None:
    assert told(spec(load)) == []


def test_limits_on_streams_are_sound_where_a_test_streams(told: Told) -> None:
    limits = "first_event.p95 < 800ms, first_byte.max<1s, inter_token_latency.p99.9 < 100ms, event_throughput >= 100/s"
    assert told(mixed(f"thresholds: [{limits}], abort_on: [first_event.avg > 5s, event_throughput < 1/s]")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            steady("requests: {imag: 1}"),
            "5:64: load[0].requests.imag: is no test of this spec: 'imag'; did you mean 'image'?",
        ),
        (steady("requests: {image: 0}"), "5:71: load[0].requests.image: must be greater than 0, not 0"),
        (
            spec("{name: a, arrival: {}, duration: 9s}"),
            (
                "5:24: load[0].arrival: has none of rate, concurrency or steps; "
                "write for example {rate: 20/s}, {concurrency: 8} or {steps: [1, 2, 4, 8]}"
            ),
        ),
        (
            spec("{name: a, arrival: {rate: 1/s, steps: [1]}, duration: 9s}"),
            (
                "5:36: load[0].arrival.steps: has one of rate, concurrency or steps, and both rate and steps are given; "
                "keep one of them"
            ),
        ),
        (
            spec("{name: a, arrival: {concurrency: 1, pattern: constant}, duration: 9s}"),
            "5:41: load[0].arrival.pattern: is of a rate, and concurrency is given; leave it out",
        ),
        (
            spec("{name: a, arrival: {steps: [1, 2, 4]}, duration: 2s}"),
            "5:32: load[0].arrival.steps: 3 steps in 2s are less than a second each; write duration: 15s or more",
        ),
        (
            spec("{name: a, arrival: {steps: []}, duration: 2s}"),
            "5:32: load[0].arrival.steps: must not be an empty list; write for example [1, 2, 4, 8]",
        ),
        (
            spec("{name: a, arrival: {concurrency: 1001}, duration: 2s}"),
            "5:38: load[0].arrival.concurrency: must be at most 1000, not 1001",
        ),
        (
            spec("{name: a, arrival: {rate: 20}, duration: 2s}"),
            "5:31: load[0].arrival.rate: is a rate without a unit: 20; write the unit too, for example 20/s",
        ),
        (
            spec("{name: a, arrival: {rate: 20 per s}, duration: 2s}"),
            (
                "5:31: load[0].arrival.rate: is not a rate: '20 per s'; "
                "write a number, / and s, min or h, for example 20/s"
            ),
        ),
        (steady("check: 5"), "5:60: load[0].check: is a share without a unit: 5; write the unit too, for example 5%"),
        (steady("check: 500%"), "5:60: load[0].check: is more than all: '500%'; write at most 100%"),
        (
            spec(
                "{name: a, arrival: {concurrency: 1}, duration: 2s}\n  - {name: a, arrival: {concurrency: 1}, duration: 2s}"
            ),
            "6:12: load[1].name: 'a' is the name of the load in line 5 too; give each load a name of its own",
        ),
        (
            spec("{name: a, arrival: {concurrency: 1}, duration: 2s}", "tests: []"),
            "5:5: load[0]: has nothing to send, as there are no tests; add tests:",
        ),
        (
            steady("thresholds: [p99.9 < 1s]"),
            (
                "5:66: load[0].thresholds[0]: p99.9 needs 5,000 samples, and 20/s for 30s are 600; "
                "make duration or rate larger, or judge a lower percentile"
            ),
        ),
        (
            spec("{name: a, arrival: {concurrency: 1}, duration: 5s, thresholds: [memory_growth < 1MiB/min]}"),
            (
                "5:69: load[0].thresholds[0]: memory_growth needs 6s or more, a sample a second, not 5s; "
                "make duration longer"
            ),
        ),
        (
            spec("{name: a, arrival: {rate: 20/s}, duration: 4s, check: 1%}"),
            ("5:59: load[0].check: 1% of 20/s for 4s is less than one answer; make check, duration or rate larger"),
        ),
        (
            spec("{name: a, arrival: {rate: 2/min, pattern: constant}, duration: 20s, check: 1%}"),
            ("5:31: load[0].arrival.rate: 2/min for 20s is less than one request; make duration or rate larger"),
        ),
        (
            spec("{name: a, arrival: {concurrency: 8}, duration: 1us, thresholds: [p50 < 1s]}"),
            "5:52: load[0].duration: is too short to tell anything: 1us; write 1s or more",
        ),
        (
            steady("thresholds: [error_rate < 0%]"),
            ("5:66: load[0].thresholds[0]: can never hold: 'error_rate < 0%'; write error_rate <= 0%"),
        ),
        (
            steady("thresholds: [cpu<0%]"),
            "5:66: load[0].thresholds[0]: can never hold: 'cpu<0%'; write cpu <= 0%",
        ),
        (
            steady("abort_on: [error_rate > 100%]"),
            ("5:64: load[0].abort_on[0]: never ends the load: 'error_rate > 100%'; write for example error_rate > 20%"),
        ),
        (
            steady("abort_on: [error_rate >= 0%]"),
            ("5:64: load[0].abort_on[0]: ends every load: 'error_rate >= 0%'; write for example error_rate > 20%"),
        ),
        (
            steady("thresholds: [p95 < 1s, p95 <= 1s, p95<1000ms]"),
            ("5:87: load[0].thresholds[2]: is the same limit as 'p95 < 1s': 'p95<1000ms'; keep one of them"),
        ),
        (
            steady("abort_on: [p95.0 > 1s, p95 > 1s]"),
            "5:76: load[0].abort_on[1]: is the same limit as 'p95.0 > 1s': 'p95 > 1s'; keep one of them",
        ),
        (
            spec("{name: a, arrival: {steps: [1, 2]}, duration: 3s, thresholds: [cpu < 90%]}"),
            (
                "5:68: load[0].thresholds[0]: cpu needs 2s or more of each step, a sample a second, not 3s for 2 steps; "
                "make duration longer"
            ),
        ),
        (
            steady("thresholds: [p95 > 1s]"),
            "5:66: load[0].thresholds[0]: holds where the container is worse: 'p95 > 1s'; did you mean 'p95 < 1s'?",
        ),
        (
            steady("abort_on: [error_rate < 20%]"),
            (
                "5:64: load[0].abort_on[0]: ends the load where all is well: 'error_rate < 20%'; "
                "did you mean 'error_rate > 20%'?"
            ),
        ),
        (
            steady("thresholds: [eror_rate < 1%]"),
            (
                "5:66: load[0].thresholds[0]: names the unknown figure 'eror_rate': 'eror_rate < 1%'; "
                "did you mean 'error_rate'?"
            ),
        ),
        (
            steady("thresholds: [first_event.p95 < 800ms]"),
            (
                "5:66: load[0].thresholds[0]: names a figure of streams, and no test of this load streams: "
                "'first_event.p95 < 800ms'; write stream: true in the request of one"
            ),
        ),
        (
            steady("abort_on: [event_throughput < 5/s]"),
            (
                "5:64: load[0].abort_on[0]: names a figure of streams, and no test of this load streams: "
                "'event_throughput < 5/s'; write stream: true in the request of one"
            ),
        ),
        (
            mixed("thresholds: [first_event.p95 < 1s, first_event.p99 < 1s, inter_token_latency.p99.9 < 1s]"),
            (
                "5:88: load[0].thresholds[1]: first_event.p99 needs 500 samples, and 20/s for 30s are 300 of streams; "
                "make duration or rate larger, or judge a lower percentile"
            ),
        ),
        (
            mixed("requests: {image: 1}, thresholds: [first_byte.avg < 1s]"),
            (
                "5:88: load[0].thresholds[0]: names a figure of streams, and no test of this load streams: "
                "'first_byte.avg < 1s'; write stream: true in the request of one"
            ),
        ),
        (
            mixed("thresholds: [event_throughput < 5/s]"),
            (
                "5:66: load[0].thresholds[0]: holds where the container is worse: 'event_throughput < 5/s'; "
                "did you mean 'event_throughput > 5/s'?"
            ),
        ),
        (
            mixed("thresholds: [first_event < 5ms]"),
            (
                "5:66: load[0].thresholds[0]: names 'first_event' as a whole: 'first_event < 5ms'; "
                "write first_event.p95 or another percentile, first_event.avg, first_event.min or first_event.max"
            ),
        ),
        (
            mixed("thresholds: [first_event.p100 < 5ms]"),
            (
                "5:66: load[0].thresholds[0]: names 'first_event.p100', which is no figure: 'first_event.p100 < 5ms'; "
                "write first_event.p95 or another percentile, first_event.avg, first_event.min or first_event.max"
            ),
        ),
        (
            mixed("thresholds: [ttft < 5ms]"),
            (
                "5:66: load[0].thresholds[0]: names the unknown figure 'ttft': 'ttft < 5ms'; "
                "did you mean 'first_event.p95'?"
            ),
        ),
        (
            mixed("thresholds: [itl.p99 < 5ms]"),
            (
                "5:66: load[0].thresholds[0]: names the unknown figure 'itl.p99': 'itl.p99 < 5ms'; "
                "did you mean 'inter_token_latency.p99'?"
            ),
        ),
        (
            steady("thresholds: [p100 < 1s]"),
            (
                "5:66: load[0].thresholds[0]: names 'p100', which is no percentile: 'p100 < 1s'; "
                "write one above 0 and below 100, such as p95 or p99.9"
            ),
        ),
        (
            steady("thresholds: [p95]"),
            (
                "5:66: load[0].thresholds[0]: is not a limit: 'p95'; "
                "write a figure, <, <=, > or >=, and a bound, for example p95 < 200ms"
            ),
        ),
        (
            steady("thresholds: [p95 < 200]"),
            "5:66: load[0].thresholds[0]: has a bound that is not a time: 'p95 < 200'; write for example p95 < 200ms",
        ),
        (
            steady("thresholds: [error_rate < 0.1]"),
            (
                "5:66: load[0].thresholds[0]: has a bound that is not a share: 'error_rate < 0.1'; "
                "write for example error_rate < 0.1%"
            ),
        ),
        (
            steady("thresholds: [throughput > 15]"),
            (
                "5:66: load[0].thresholds[0]: has a bound that is not a rate: 'throughput > 15'; "
                "write for example throughput > 15/s"
            ),
        ),
        (
            steady("thresholds: [memory_growth < 50MiB]"),
            (
                "5:66: load[0].thresholds[0]: has a bound that is not a growth: 'memory_growth < 50MiB'; "
                "write for example memory_growth < 50MiB/min"
            ),
        ),
        (
            steady("thresholds: [peak_memory < 0GiB]"),
            (
                "5:66: load[0].thresholds[0]: has a bound that is zero: 'peak_memory < 0GiB'; "
                "write a size above zero, for example 4GiB"
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(told: Told, text: str, message: str) -> None:
    found = [one for one in told(text) if "asserts only that" not in one]
    assert found == [f"sm-ci.yml:{message}"]


@pytest.mark.parametrize(
    ("text", "place", "weights"),
    [
        (steady("requests: {image: 1, known customer: 700}"), "5:64", "1 of 701"),
        (
            spec("{name: a, arrival: {concurrency: 8}, duration: 9s, requests: {image: 1, known customer: 100000}}"),
            "5:67",
            "1 of 100001",
        ),
    ],
    ids=["at a rate", "closed"],
)
def test_a_test_whose_turn_hardly_comes_is_a_warning(
    told: Told, loaded: Callable[..., Spec], text: str, place: str, weights: str
) -> None:
    (one,) = [finding for finding in loaded(text).findings if finding.rule == "load"]
    assert (one.severity, one.remedy) == (Severity.WARNING, "make it larger, or leave the test out")
    assert (
        f"sm-ci.yml:{place}: load[0].requests.image: has so little weight that it is hardly ever sent: {weights}; "
        "make it larger, or leave the test out"
    ) in told(text)


def test_a_mix_repeats_after_as_many_requests_as_the_generator_deals() -> None:
    assert rules.ROUND == mix.ROUND
