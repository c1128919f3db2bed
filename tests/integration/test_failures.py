"""The likeliest failures: each with its message, exit status, reports and an empty engine."""

from __future__ import annotations

import pytest
from harness import Ended, Images, Run, Spec, build, do, echo, junit_case

BASE = "FROM sm-ci-base:latest\n"


def assert_never_served(ended: Ended, kind: str) -> None:
    """The verdict on an image that cannot serve: status 1, told everywhere, the tests not run."""
    assert ended.status == 1, ended.output
    assert ended.fault["kind"] == kind
    assert ended.fault["message"] in ended.output
    assert ended.fault["remedy"].splitlines()[0] in ended.output
    assert ended.cases["echo"] == "not_run"
    assert junit_case(ended) == ("failure", ended.fault["message"])
    assert junit_case(ended, "echo")[0] == "skipped"
    assert ended.result["conclusion"] == "failure"


def test_an_image_that_is_not_there(spec: Spec, run: Run) -> None:
    ended = run(spec(image="sm-ci-test/nowhere:1"))
    assert ended.status == 3
    assert ended.fault["message"] == (
        "the image sm-ci-test/nowhere:1 is not on the Docker engine, and the spec says 'pull: never'"
    )
    assert ended.fault["remedy"] == "Build or pull it before sm-ci runs, or write 'pull: missing'."
    assert junit_case(ended) == ("error", ended.fault["message"])
    assert ended.result["conclusion"] == "error"


def test_an_image_that_cannot_be_pulled(spec: Spec, run: Run) -> None:
    ended = run(spec(image="127.0.0.1:9/nowhere:1", pull="missing"))
    assert ended.status == 3
    assert ended.fault["kind"] == "registry-unreachable"
    assert ended.fault["message"].startswith(
        "the Docker engine does not reach the registry 127.0.0.1:9 of the image 127.0.0.1:9/nowhere:1: "
    )


def test_a_word_that_is_no_image_reference(spec: Spec, run: Run) -> None:
    ended = run(spec(image="UPPER/case"))
    assert ended.status == 3
    assert ended.fault["message"] == "'UPPER/case' is not an image reference"


def test_no_serve(images: Images, spec: Spec, run: Run) -> None:
    ended = run(spec(image=images.of("no-serve", BASE), startup_timeout="60s"))
    assert_never_served(ended, "no-serve")
    assert ended.fault["message"].startswith(
        "the image has no executable 'serve' on its PATH, and no ENTRYPOINT that takes it: "
    )
    assert ended.seconds < 30


COPIED = BASE + "COPY serve /usr/local/bin/serve\n"
CHMOD = "RUN chmod +x /usr/local/bin/serve\n"
ARM64 = "\x7fELF\x02\x01\x01" + "\0" * 9 + "\x02\0\u00b7\0" + "\0" * 100


@pytest.mark.parametrize(
    ("name", "dockerfile", "serve", "message"),
    [
        ("mode-644", COPIED, "#!/bin/sh\n", "/usr/local/bin/serve is not executable (mode 644)"),
        (
            "no-shebang",
            COPIED + CHMOD,
            "print('hello')\n",
            "/usr/local/bin/serve begins with no #! line and is no binary program",
        ),
        (
            "crlf",
            COPIED + CHMOD,
            "#!/bin/sh\r\nexec true\r\n",
            "/usr/local/bin/serve has Windows line ends: its first line is '#!/bin/sh\\r'",
        ),
        (
            "no-interpreter",
            COPIED + CHMOD,
            "#!/usr/bin/python2.7\n",
            "/usr/local/bin/serve names the interpreter /usr/bin/python2.7, which the image does not have",
        ),
        (
            "other-machine",
            COPIED + CHMOD,
            ARM64,
            "/usr/local/bin/serve is a program for arm64, and this machine is amd64",
        ),
    ],
    ids=["mode-644", "no-shebang", "crlf", "no-interpreter", "other-machine"],
)
def test_a_serve_that_cannot_be_executed(
    images: Images, spec: Spec, run: Run, name: str, dockerfile: str, serve: str, message: str
) -> None:
    """Looked at in the image: the engine's own words are the same for several of these."""
    ended = run(spec(image=images.of(name, dockerfile, serve=serve), startup_timeout="60s"))
    assert_never_served(ended, "not-executable")
    assert ended.fault["message"] == f"the image's program cannot be executed: {message}"
    assert ended.seconds < 30


def test_an_exit_at_once_is_noticed_at_once_with_the_last_lines(spec: Spec, run: Run) -> None:
    ended = run(spec("crash", startup_timeout="60s"))
    assert_never_served(ended, "exited-at-start")
    assert ended.fault["message"] == "the container exited with code 1 before GET /ping answered 200"
    assert [line["text"] for line in ended.fault["log"]] == ["fixture: could not load the model"]
    assert "fixture: could not load the model" in ended.output
    assert ended.result["hosting"]["stop"] == {
        "error": "",
        "exit_code": 1,
        "killed": False,
        "out_of_memory": False,
        "seconds": 0.0,
        "signalled": False,
    }
    assert ended.seconds < 30


def test_an_exit_with_0_says_that_the_server_must_stay(spec: Spec, run: Run) -> None:
    ended = run(spec("exit0"))
    assert_never_served(ended, "exited-at-start")
    assert ended.fault["remedy"] == (
        "The server must stay in the foreground: SageMaker stops the endpoint when the container's first process ends."
    )


def test_out_of_memory_at_the_start(spec: Spec, run: Run) -> None:
    ended = run(spec("oom-start", resources={"memory": "64MiB"}))
    assert_never_served(ended, "exited-at-start")
    assert "because it ran out of memory" in ended.fault["message"]
    assert ended.result["hosting"]["stop"]["out_of_memory"] is True


@pytest.mark.parametrize(
    ("mode", "kind", "said"),
    [
        ("never", "never-listened", "connection refused; nothing listens in the container"),
        ("localhost", "never-listened", "connection refused; the container listens on 127.0.0.1:8080 only"),
        ("wrong-port", "never-listened", "connection refused; the container listens on 0.0.0.0:9090 only"),
        ("ping-404", "ping-failed", "status 404"),
        ("ping-500", "ping-failed", "status 500"),
        ("redirect", "ping-failed", "status 307"),
        ("ping-hang", "ping-timeout", "no answer within 2 s"),
        ("ping-slow", "ping-timeout", "no answer within 2 s"),
    ],
)
def test_a_ping_that_never_answers_200(spec: Spec, run: Run, mode: str, kind: str, said: str) -> None:
    budget = 3 if mode == "never" else 5  # the others are told by what the server does once it has started
    ended = run(spec(mode, startup_timeout=f"{budget}s"))
    assert_never_served(ended, kind)
    assert ended.fault["message"] == (
        f"GET /ping did not answer 200 within {budget} s (the last try: {said}); "
        "SageMaker would say: did not pass the ping health check"
    )
    assert ended.seconds < 30


def test_a_build_that_fails_names_the_line_of_the_dockerfile(spec: Spec, run: Run) -> None:
    ended = run(build(spec, BASE + "# a comment\nRUN true\n\nRUN echo sum $((40 + 2)) && exit 7\n"))
    assert ended.status == 1, ended.output
    assert ended.fault["kind"] == "build-failed"
    assert ended.fault["message"] == (
        "the image could not be built: "
        "The command '/bin/sh -c echo sum $((40 + 2)) && exit 7' returned a non-zero code: 7"
    )
    assert [line["text"] for line in ended.fault["log"]] == ["sum 42"]
    assert "sum 42" in ended.output
    assert (ended.fault["at"]["line"], ended.fault["at"]["column"]) == (5, 1)
    assert ended.fault["at"]["path"].endswith("container/Dockerfile")
    assert ended.cases == {"echo": "not_run"}


def test_a_build_that_fails_shows_what_its_program_said(spec: Spec, run: Run) -> None:
    """On standard error, which the engine sends in red; in every report without the colour."""
    ended = run(build(spec, BASE + 'RUN python3 -c "import nosuch"\n'))
    assert ended.status == 1, ended.output
    said = "ModuleNotFoundError: No module named 'nosuch'"
    assert said in [line["text"] for line in ended.fault["log"]]
    texts = {"console": ended.output, **{name: (ended.out / name).read_text() for name in ("junit.xml", "result.json")}}
    assert [name for name, text in texts.items() if said not in text] == []
    for escape in ("\x1b", "\\u001b", "\\x1b", "[91m", "[0m"):
        assert [name for name, text in texts.items() if escape in text] == []


def test_a_base_image_that_cannot_be_had_is_the_environments_fault(spec: Spec, run: Run) -> None:
    ended = run(build(spec, "# a comment\nFROM 127.0.0.1:9/nowhere:1\n"))
    assert ended.status == 3, ended.output
    assert ended.fault["kind"] == "base-image-missing"
    assert ended.fault["message"].startswith("the base image of the Dockerfile could not be had: ")
    assert ended.fault["at"]["line"] == 2
    assert ended.cases == {"echo": "not_run"}


def test_a_wrong_status_and_a_wrong_answer(spec: Spec, run: Run) -> None:
    tests = [
        do("status", "wrong status", code=500, body="no such column", expect={"status": 200}),
        echo("wrong answer", json=[1, 3]),
        echo("several", json=[9, 9], content_type="text/csv", latency="<1us"),
        echo("right"),
    ]
    ended = run(spec(tests=tests))
    assert ended.status == 1
    assert ended.cases == {"wrong status": "failed", "wrong answer": "failed", "several": "failed", "right": "passed"}
    assert "no such column" in ended.reason("wrong status")
    assert ended.reason("wrong answer") == "$[1]: expected 3, got 2"
    several = next(case for case in ended.result["cases"] if case["name"] == "several")
    assert [failure["check"] for failure in several["failures"]] == ["content_type", "json", "json", "latency"]
    assert junit_case(ended, "wrong answer")[0] == "failure"
    assert junit_case(ended)[0] == "passed"
    assert (ended.junit.get("tests"), ended.junit.get("failures")) == ("5", "3")
    assert ended.fault is None


def test_a_server_that_ends_on_a_request_stops_the_run_there(spec: Spec, run: Run) -> None:
    ended = run(spec(tests=[echo("before"), do("exit", "fatal", code=3), echo("after")]))
    assert ended.status == 1
    assert ended.cases == {"before": "passed", "fatal": "errored", "after": "not_run"}
    assert ended.reason("fatal").endswith("the container exited with code 3")
    assert ended.fault["kind"] == "exited"
    assert ended.fault["message"] == "the container died while it was tested: the container exited with code 3"
    assert junit_case(ended, "fatal")[0] == "error"
    assert ended.seconds < 40  # a request's time-out is 60


@pytest.mark.parametrize(
    ("test", "kind", "timeout"),
    [
        (do("truncate"), "truncated", "20s"),
        (do("garbage"), "malformed", "20s"),
        (do("dribble", seconds=50), "timeout", "3s"),
        (do("sleep", seconds=50), "timeout", "3s"),
        (do("size", bytes=26_000_000), "too_large", "20s"),
    ],
    ids=["truncated", "malformed", "timeout-dribble", "timeout-sleep", "too_large"],
)
def test_an_answer_that_is_none(spec: Spec, run: Run, test: dict[str, object], kind: str, timeout: str) -> None:
    ended = run(spec(invocation_timeout=timeout, tests=[test, echo("next")]))
    assert ended.status == 1
    case = ended.result["cases"][0]
    assert (case["outcome"], case["exchanges"][-1]["outcome"]["kind"]) == ("errored", kind)
    assert ended.cases["next"] == "passed"
    assert ended.seconds < 45


def test_a_hanging_server_is_given_up_after_two_different_requests(spec: Spec, run: Run) -> None:
    tests = [do("sleep", f"hangs {number}", seconds=50 + number) for number in range(5)]
    ended = run(spec(invocation_timeout="1s", tests=tests))
    assert ended.status == 1
    assert list(ended.cases.values()) == ["errored", "errored", "not_run", "not_run", "not_run"]
    assert ended.fault["kind"] == "hangs"
    assert ended.seconds < 45


def test_unhealthy_in_the_pings_body_ends_the_run_in_the_middle_of_a_request(spec: Spec, run: Run) -> None:
    """As AWS's own servers do: /ping 200 for ever, and an invocation that never answers."""
    tests = [do("unhealthy", ping_status=200, body='{"status": "Unhealthy"}'), do("sleep", seconds=60), echo("after")]
    ended = run(spec(tests=tests))
    assert ended.status == 1
    assert ended.cases == {"unhealthy": "passed", "sleep": "errored", "after": "not_run"}
    assert ended.fault["kind"] == "unhealthy"
    assert 'its body says {"status": "Unhealthy"}' in ended.fault["message"]
    assert ended.seconds < 55  # the request's own time-out is 60


def test_stays_healthy_is_asked_right_after_the_request(spec: Spec, run: Run) -> None:
    sick = do("unhealthy", ping_status=503, expect={"status": 200, "stays_healthy": True})
    ended = run(spec(tests=[echo("well", stays_healthy=True), sick]))
    assert ended.cases == {"well": "passed", "unhealthy": "failed"}
    assert ended.reason("unhealthy") == "GET /ping right after the request: expected 200, got status 503"


def test_a_ping_that_waits_for_invocations_is_a_warning(spec: Spec, run: Run) -> None:
    ended = run(spec("ping-busy", tests=[do("sleep", seconds=7.5)]))
    assert ended.status == 0, ended.output
    assert {why for _, why in ended.result["hosting"]["pings"]["missed"]} == {"no answer within 2 s"}
    assert "no answer within 2 s" in ended.output


def test_what_the_log_must_and_must_not_hold(spec: Spec, run: Run) -> None:
    tests = [
        do("log", "said", text="scored 1 row", expect={"logs": {"contains": ["scored 1"]}}),
        do("log", "not said", text="x", expect={"logs": {"contains": ["scored"]}}),
        do("log", "forbidden", text="InconsistentVersionWarning", expect={"logs": {"not_contains": ["Inconsistent"]}}),
    ]
    ended = run(spec(tests=tests, logs={"contains": ["fixture ready"], "not_contains": ["Warning"]}))
    assert ended.status == 1
    assert ended.cases == {"said": "passed", "not said": "failed", "forbidden": "failed", "container log": "failed"}
    assert "InconsistentVersionWarning" in ended.reason("container log")


def test_a_model_that_is_not_there(spec: Spec, run: Run) -> None:
    """A wrong command line: nothing is run, and no report is written."""
    ended = run(spec(), "--model", "/nope/model.tar.gz")
    assert ended.status == 2
    assert "--model '/nope/model.tar.gz' does not exist" in ended.output
    assert "fixture:latest" not in ended.output
    assert not ended.out.exists()


def test_no_engine(spec: Spec, run: Run) -> None:
    ended = run(spec(), environ={"DOCKER_HOST": "unix:///nope/docker.sock"})
    assert ended.status == 3
    assert ended.fault["message"] == "no Docker engine answers at unix:///nope/docker.sock"
    assert junit_case(ended) == ("error", ended.fault["message"])


def test_sigterm_ignored_costs_30_seconds_and_is_told(spec: Spec, run: Run) -> None:
    ended = run(spec("ignore-sigterm"))
    assert ended.status == 0, ended.output
    assert ended.result["hosting"]["stop"]["killed"] is True
    assert 29 < ended.result["hosting"]["stop"]["seconds"] < 60
    assert "SIGKILL" in ended.output


def test_a_request_that_sagemaker_would_refuse_for_its_size_is_not_sent(spec: Spec, run: Run) -> None:
    path = spec(
        tests=[{"name": "huge", "request": {"file": "huge.bin"}}, {"name": "large", "request": {"file": "large.bin"}}]
    )
    (path.parent / "huge.bin").write_bytes(bytes(25_000_001))
    (path.parent / "large.bin").write_bytes(bytes(7_000_000))
    ended = run(path)
    assert ended.cases == {"huge": "errored", "large": "passed"}
    assert ended.reason("huge") == "not sent: the body has 25,000,001 bytes, and SageMaker refuses more than 25,000,000"
    assert "the request has 7,000,000 bytes; InvokeEndpoint's documented maximum is 6,291,456" in ended.output


@pytest.mark.parametrize(
    "instruction",
    ["RUN --mount=type=cache,target=/x true\n", "RUN <<EOF\necho one\necho two\nEOF\n"],
    ids=["mount", "here-document"],
)
def test_a_dockerfile_that_needs_buildkit_is_the_environments_fault(spec: Spec, run: Run, instruction: str) -> None:
    ended = run(build(spec, BASE + instruction))
    assert ended.status == 3, ended.output
    assert ended.fault["kind"] == "needs-buildkit"
