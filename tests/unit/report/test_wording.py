from dataclasses import replace

import pytest

from sm_ci.report import wording
from sm_ci.results import Blob, Limits, RunResult, Sent
from sm_ci.text import Redactor

clean = Redactor(())


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0 ms"), (0.0124, "12 ms"), (0.9996, "1.0 s"), (3.41, "3.4 s"), (59.96, "1 min 0 s"), (125.2, "2 min 5 s")],
)
def test_seconds(seconds: float, shown: str) -> None:
    assert wording.seconds(seconds) == shown


@pytest.mark.parametrize(
    ("octets", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 2**40, "5.0 TiB"), (2**52, "4096.0 TiB")],
)
def test_sizes(octets: int, shown: str) -> None:
    assert wording.size(octets) == shown


def test_totals_name_what_there_is(mixed: RunResult) -> None:
    assert wording.totals(mixed) == "2 passed, 1 failed, 1 errored, 1 skipped, 1 not run in 1 min 5 s"
    assert wording.totals(replace(mixed, cases=(), seconds=0.5)) == "no test ran in 500 ms"


def test_a_request_without_a_body_is_not_a_post() -> None:
    nothing = Blob(size=0, sha256="", media_type="", head=b"")
    ping = Sent(method="GET", path="/ping", headers=(("Host", "x"), ("accept", "*/*")), body=nothing)
    assert wording.request(ping, clean) == "curl -sS -X GET -H 'accept: */*' http://localhost:8080/ping"


def test_a_long_body_is_cut_and_a_secret_at_the_cut_is_masked_first() -> None:
    data = b"x" * 1998 + b"hunter2 and more"
    body = Blob(size=10**6, sha256="", media_type="text/plain", head=data)
    assert wording.body(body, Redactor(["hunter2"])) == "x" * 1998 + "**… (976.6 KiB)"


def test_limits() -> None:
    assert wording.limits(Limits()) == "64.0 MiB shared memory"
    assert wording.limits(Limits(cpus=0.5, memory=2**30)) == "0.5 CPUs, 1.0 GiB memory, 64.0 MiB shared memory"
