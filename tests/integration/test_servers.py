"""Servers that misbehave: on /ping, at the start, on a request, and between two of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from harness import Ended, Run, Spec, do, echo, junit_case

from sm_ci.text import markdown

MORE_MEMORY = "Give it more memory (instance_type or resources.memory), or load less."
SMALL = {"memory": "64MiB"}


def assert_never_served(ended: Ended, kind: str, message: str, remedy: str) -> None:
    """Status 1, told everywhere, the tests not run. What the log adds stands after the message, before the remedy."""
    assert ended.status == 1, ended.output
    fault = ended.fault
    assert (fault["kind"], fault["message"][: len(message)]) == (kind, message)
    assert fault["remedy"].endswith(remedy), fault["remedy"]
    assert ended.cases["echo"] == "not_run"
    assert junit_case(ended) == ("failure", fault["message"].splitlines()[0])
    for text in (message, *remedy.splitlines()):
        assert text in ended.output
    assert markdown(message) in ended.summary
    assert ended.seconds < 45


LONGER = "If it only needs longer, raise startup_timeout"
GET = "SageMaker calls /ping with GET: let its route take GET."
ANSWER_200 = "/ping must answer 200 within 2 s once the model is loaded; a body is not needed."
PROXY = "a proxy answers, and the server behind it does not"
SERVER_DOWN = f"The log says why that server is down. {LONGER}."
NOT_ACCEPTED = "nothing accepted the connection within 2000 ms"
FULL = "the container listens on 0.0.0.0:8080, and its queue of connections is full"
ACCEPT = "The server must accept a connection within 250 ms, also while it loads the model or predicts."
NOT_LISTENING = "connection refused; nothing listens in the container"
LOADING = "It still ran, perhaps still loading; the last line of its log is: fixture: loading"
MUST_LISTEN = "it must listen on 0.0.0.0:8080 (or $SAGEMAKER_BIND_TO_PORT)."
KILLED = "a process in the container was killed because its memory was full"


@pytest.mark.parametrize(
    ("mode", "kind", "said", "remedy", "logged"),
    [
        ("ping-405", "ping-failed", "status 405", GET, "fixture ready"),
        ("ping-drop", "ping-failed", "the server closed the connection without an answer", ANSWER_200, "fixture ready"),
        ("front-only", "ping-failed", f"status 502; {PROXY}", SERVER_DOWN, "fixture: could not load the model"),
        ("accepts-nothing", "never-listened", f"{NOT_ACCEPTED}; {FULL}", ACCEPT, "fixture: 4 connections wait"),
        ("slow-start", "never-listened", NOT_LISTENING, f"{LOADING}\n{LONGER}; {MUST_LISTEN}", "fixture: loading"),
        ("oom-worker", "never-listened", f"{NOT_LISTENING}; {KILLED}", MORE_MEMORY, "fixture: a worker ended with -9"),
    ],
    ids=["ping-405", "ping-drop", "front-only", "accepts-nothing", "slow-start", "oom-worker"],
)
def test_a_server_that_never_answers_a_ping(
    spec: Spec, run: Run, mode: str, kind: str, said: str, remedy: str, logged: str
) -> None:
    limits = {"resources": SMALL} if mode == "oom-worker" else {}
    ended = run(spec(mode, {"START_AFTER": "60"}, startup_timeout="4s", **limits))
    message = (
        f"GET /ping did not answer 200 within 4 s (the last try: {said}); "
        "SageMaker would say: did not pass the ping health check"
    )
    assert_never_served(ended, kind, message, remedy)
    assert logged in [line["text"] for line in ended.fault["log"]]
    assert f" {logged}\n" in ended.output


ISOLATED = "network_isolation is on: the container reaches nothing outside, as it would when hosted so."


@pytest.mark.parametrize(
    ("mode", "host", "said"),
    [
        ("port-taken", "", r"OSError: \[Errno 98\] Address already in use"),
        ("writes-model", "", r"OSError: \[Errno 30\] Read-only file system: '/opt/ml/model/cache'"),
        ("needs-network", "192.0.2.1", r"OSError: \[Errno 101\] Network is unreachable|TimeoutError: timed out"),
        ("needs-network", "weights.invalid", r"socket\.gaierror: \[Errno -\d\] .*name.*"),
    ],
    ids=["port-taken", "writes-model", "needs-network", "needs-names"],
)
def test_a_start_that_fails_tells_the_logs_cause(
    spec: Spec, run: Run, tmp_path: Path, mode: str, host: str, said: str
) -> None:
    """SageMaker mounts the model read-only, and an isolated container has no way out."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    keys: dict[str, Any] = {"model": "model", "network_isolation": bool(host), "startup_timeout": "60s"}
    ended = run(spec(mode, {"HOST_NEEDED": host, "RES_OPTIONS": "timeout:1 attempts:1"}, **keys))
    found = re.search(said, "\n".join(line["text"] for line in ended.fault["log"]))
    assert found, ended.output
    message = f"the container exited with code 1 before GET /ping answered 200: {found[0]}"
    assert_never_served(ended, "exited-at-start", message, "The log lines say where.")
    assert (ISOLATED in ended.fault["remedy"]) == bool(host)
    assert not (tmp_path / "model" / "cache").exists()


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("ping-flaps", "status 500"),
        ("ping-flaps-slow", "no answer within 2 s"),
        ("ping-once", "no answer within 2 s"),
    ],
)
def test_a_ping_that_is_good_only_now_and_then_is_a_warning(spec: Spec, run: Run, mode: str, why: str) -> None:
    """The first brings it into service; the one after the last test is missed."""
    ended = run(spec(mode))
    assert ended.status == 0, ended.output
    assert ended.cases == {"echo": "passed"}
    [[at, missed]] = ended.result["hosting"]["pings"]["missed"]
    assert missed == why
    assert f"warning: a ping was missed {at:.1f} s after the start: {why}" in ended.output
    assert f"a ping was missed {at:.1f} s after the start: {why}" in (ended.junit.findtext(".//system-out") or "")
    assert f"{at:.1f} s after the start" in ended.summary
    assert ended.seconds < 30


def test_a_flapping_ping_fails_the_tests_that_ask_for_it(spec: Spec, run: Run) -> None:
    ended = run(spec("ping-flaps", tests=[echo(name, stays_healthy=True) for name in ("one", "two", "three")]))
    assert ended.status == 1
    assert ended.cases == {"one": "failed", "two": "passed", "three": "failed"}
    said = "GET /ping right after the request: expected 200, got status 500"
    assert ended.reason("one") == said
    assert junit_case(ended, "three") == ("failure", said)


UNHEALTHY = '/ping answered 200 with {"status": "Unhealthy"}'


def test_unhealthy_in_the_first_pings_body_is_a_warning_as_sagemaker_sends_requests_all_the_same(
    spec: Spec, run: Run
) -> None:
    ended = run(spec("unhealthy-body"))
    assert ended.status == 0, ended.output
    assert ended.result["hosting"]["ping_body"] == '{"status": "Unhealthy"}\n'
    [finding] = [finding for finding in ended.result["findings"] if finding["rule"] == "unhealthy"]
    assert re.fullmatch(rf"{re.escape(UNHEALTHY)}, \d times, the first \d+\.\d s after the start", finding["message"])
    assert finding["remedy"] == (
        "SageMaker looks at the status alone, and sends requests: answer 503 until the model is loaded"
    )
    assert finding["message"] in ended.output
    assert finding["message"] in (ended.junit.findtext(".//system-out") or "")


def test_a_server_that_says_unhealthy_from_the_start_and_answers_nothing_is_given_up_soon(spec: Spec, run: Run) -> None:
    ended = run(spec("unhealthy-body", tests=[do("sleep", seconds=60), echo()]))
    assert ended.status == 1
    assert ended.cases == {"sleep": "errored", "echo": "not_run"}
    assert ended.fault["kind"] == "unhealthy"
    said = '/ping answers 200, but its body says {"status": "Unhealthy"} for 5 s: the model failed to load'
    assert ended.fault["message"].startswith(f"the container died while it was tested: {said}")
    assert ended.seconds < 45  # the request alone would take 60


def assert_died(ended: Ended, message: str, remedy: str) -> None:
    """A death while it was tested: status 1, and the rest not run."""
    assert ended.status == 1, ended.output
    fault = ended.fault
    assert fault["kind"] == "exited"
    assert fault["message"].startswith(f"the container died while it was tested: {message}")
    assert fault["remedy"].endswith(f"{remedy} The tests after that were not run.".lstrip())
    assert fault["message"].splitlines()[0] in ended.output
    assert junit_case(ended) == ("failure", fault["message"].splitlines()[0])
    assert ended.seconds < 45


def test_a_crash_in_the_middle_of_a_request_names_the_request_the_code_and_the_last_line(spec: Spec, run: Run) -> None:
    tests = [echo("before"), do("sleep", seconds=50), echo("after")]
    ended = run(spec("crash-late", {"CRASH_AFTER": "3"}, tests=tests))
    assert_died(ended, "the container exited with code 3", "")
    assert ended.cases == {"before": "passed", "sleep": "errored", "after": "not_run"}
    assert "the container exited with code 3" in ended.reason("sleep")
    assert ended.reason("after") == "the container exited with code 3"
    assert ended.fault["log"][-1]["text"] == "fixture: a thread gave up"
    assert "fixture: a thread gave up" in ended.output


def test_a_crash_between_two_tests_is_noticed_before_the_next_is_sent(spec: Spec, run: Run) -> None:
    """The first waits 2 s for a line that never comes, and its server is gone after half a second."""
    late = do("exit", "late", code=4, after=0.5, expect={"status": 200, "logs": {"contains": ["saved"]}})
    ended = run(spec(tests=[late, echo("next")]))
    assert_died(ended, "the container exited with code 4", "")
    assert ended.cases == {"late": "failed", "next": "not_run"}
    assert ended.reason("next") == "the container exited with code 4"
    next_one = ended.result["cases"][1]
    assert next_one["exchanges"] == []


def test_a_server_that_goes_into_the_background_once_it_serves(spec: Spec, run: Run) -> None:
    ended = run(spec("daemon", {"CRASH_AFTER": "3"}, tests=[do("sleep", seconds=50)]))
    foreground = (
        "The server must stay in the foreground: SageMaker stops the endpoint when the container's first process ends."
    )
    assert_died(ended, "the container exited with code 0", foreground)
    assert ended.cases == {"sleep": "errored"}


def test_a_request_that_takes_all_memory(spec: Spec, run: Run) -> None:
    ended = run(spec(resources=SMALL, tests=[do("oom"), echo("next")]))
    assert_died(ended, "the container exited with code 137, out of memory", MORE_MEMORY)
    assert ended.cases == {"oom": "errored", "next": "not_run"}
    assert "the container exited with code 137, out of memory" in ended.reason("oom")
    assert ended.result["hosting"]["stop"]["out_of_memory"] is True


def test_a_worker_that_is_killed_for_memory_is_a_warning_when_its_server_lives_on(spec: Spec, run: Run) -> None:
    """The engine's own flag says nothing of a worker; its event does."""
    ended = run(spec(resources=SMALL, tests=[do("oom", child=True, expect={"status": 502}), echo("next")]))
    assert ended.status == 0, ended.output
    assert ended.cases == {"oom": "passed", "next": "passed"}
    [finding] = [finding for finding in ended.result["findings"] if finding["rule"] == "out-of-memory"]
    said = r"\d+\.\d s after the start a process in the container was killed: its memory was full"
    assert re.fullmatch(said, finding["message"])
    assert finding["remedy"] == "give it more memory (instance_type or resources.memory), or run fewer workers"
    assert finding["message"] in ended.output
    assert ended.result["hosting"]["stop"]["exit_code"] == 0
    assert ended.result["hosting"]["stop"]["out_of_memory"] is True


def test_a_worker_that_dies_on_a_request_costs_that_request_alone(spec: Spec, run: Run) -> None:
    ended = run(spec(tests=[do("lose_worker"), echo("next")]))
    assert ended.status == 1
    assert ended.cases == {"lose_worker": "errored", "next": "passed"}
    [exchange] = ended.result["cases"][0]["exchanges"]
    assert exchange["outcome"]["kind"] == "reset"
    assert exchange["outcome"]["detail"] == "the server closed the connection without an answer"
    assert re.match(r"no answer after \d\.\d\d s: the server closed the connection", ended.reason("lose_worker"))
    assert junit_case(ended, "lose_worker")[0] in {"error", "failure"}
    assert ended.result["fault"] is None
    assert any(line["text"].endswith("exited with 9") for line in ended.result["hosting"]["log"]["tail"])
    assert ended.seconds < 30  # a request's time-out is 60


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("stop_listening", "connection refused"),
        ("stop_accepting", "nothing accepted the connection within 250 ms"),
    ],
)
def test_a_server_that_takes_no_more_connections(spec: Spec, run: Run, what: str, why: str) -> None:
    ended = run(spec(tests=[do(what), echo("one"), echo("two"), echo("three"), echo("four")]))
    assert ended.status == 1
    assert ended.cases == {what: "passed", **dict.fromkeys(("one", "two", "three"), "errored"), "four": "not_run"}
    assert ended.fault["kind"] == "not-listening"
    assert ended.fault["message"] == (
        "the container died while it was tested: "
        "3 requests in a row found nobody to take the connection: the server no longer listens"
    )
    for name in ("one", "two"):
        assert re.match(rf"no answer after 0\.\d\d s: {why}", ended.reason(name))
    outcome = ended.result["cases"][1]["exchanges"][0]["outcome"]
    assert (outcome["kind"], outcome["detail"]) == ("refused", why)
    assert ended.result["hosting"]["stop"]["exit_code"] == 0
    assert ended.seconds < 30
