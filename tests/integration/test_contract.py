"""The contract suite: for each check a container that breaks it and no other, and good containers that break none."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from harness import (
    HERE,
    Ended,
    Images,
    Run,
    Spec,
    finish,
    junit_case,
    junit_element,
    launch,
    left_behind,
    read_until,
    sm_ci,
)
from junitparser import JUnitXml
from standins.registry import Registry

from sm_ci.contract import suite
from sm_ci.engine.client import Engine

CAPABILITY = "com.amazonaws.sagemaker.capabilities."
QUICK = {rule.name: "held" for rule in suite.RULES if rule.level is suite.Level.QUICK}
FULL = {rule.name: "held" for rule in suite.RULES}
UNTRIED = {"manifest-type": "unchecked", "architecture": "unchecked"}
"""Of an image that no registry was asked for, and a spec without an instance type."""
ROWS = {"name": "rows", "request": {"json": {"rows": [[1, 2], [3, 4]]}}, "expect": {"query": {"sums": [6, 14]}}}
NO_SAMPLE = "no test passed whose request could be sent again"
OF_SAMPLE = (
    "unknown-headers",
    "content-type-charset",
    "missing-content-type",
    "accept-any",
    "concurrent-requests",
    "ping-busy",
)
INTERRUPTED = 5
"""Seconds from a signal to the end of the run."""


@pytest.fixture(scope="session")
def contract_image(images: Images) -> str:
    return images.folder("contract")


@pytest.fixture(scope="session")
def stacks(images: Images) -> str:
    toolkit = images.folder("mms-sklearn")
    symptoms = images.context("symptoms", HERE / "images" / "symptoms", BASE=toolkit)
    return images.context("contract-stacks", HERE / "images" / "contract" / "stacks", BASE=symptoms)


@pytest.fixture
def held_to(spec: Spec, contract_image: str, tmp_path: Path) -> Spec:
    """Writes a spec that hosts the suite's own fixture with its model; `broken` is what its BREAK lists."""

    def write(broken: str = "", environment: Mapping[str, str] | None = None, **keys: Any) -> Path:
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "model.json").write_text('{"scale": 2}')
        given = {"environment": {"BREAK": broken, **(environment or {})}}
        usual = {"image": contract_image, "model": "model", "contract": {"level": "quick"}, "tests": [ROWS]}
        path = spec(**{**usual, **given, "startup_timeout": "60s", **keys})
        own = path.with_name(f"{broken or 'good'}.yml".replace(" ", "-"))
        return path.rename(own)

    return write


def cli(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
    """`sm-ci contract …` in a folder."""
    begun, out = time.monotonic(), ("--out", str(folder / "out"))
    given = {"XDG_CACHE_HOME": str(folder / "cache"), "COLUMNS": "500", **(environ or {})}
    words = ("contract", *arguments, *(() if "--list" in arguments else out))
    status, output = sm_ci(*words, cwd=folder, environ=given)
    return Ended(status=status, output=output, seconds=time.monotonic() - begun, out=folder / "out")


def outcomes(ended: Ended) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in ended.result["contract"]}


def check_of(ended: Ended, name: str) -> dict[str, Any]:
    return next(dict(check) for check in ended.result["contract"] if check["name"] == name)


def broken_in(ended: Ended) -> dict[str, str]:
    """The broken checks, each with its message; seconds since the start are a #."""
    checks = {check["name"]: check["message"] for check in ended.result["contract"] if check["outcome"] == "broken"}
    return {name: re.sub(r"\d+\.\d s after", "# s after", message) for name, message in checks.items()}


def assert_told(ended: Ended, name: str, fails: str = "refused") -> None:
    """A broken check in every report: a failure when it is as bad as `fails`, else a warning and exit status 0."""
    check = check_of(ended, name)
    bad = suite.Weight(check["weight"]).rank <= suite.Weight(fails).rank
    said = f"{check['message']}; {check['remedy']}"
    word = "error" if bad else "notice" if check["weight"] == "advice" else "warning"
    assert (ended.status, check["fails"]) == (int(bad), bad), ended.output
    (finding,) = (one for one in ended.result["findings"] if one["rule"] == f"contract:{name}")
    assert (finding["severity"], finding["message"], finding["remedy"]) == (word, check["message"], check["remedy"])
    assert re.search(rf"^{word}: \S*\.yml:3:8: {re.escape(said)}$", ended.output, re.MULTILINE), ended.output
    assert f"| {'failed' if bad else 'warning'} | {name} |" in ended.summary
    cases = {case.name: case for one in JUnitXml.fromfile(str(ended.out / "junit.xml")) for case in one}
    told = [(result.message, result.type) for result in cases[f"contract: {name}"].result]
    assert told == ([(said, check["weight"])] if bad else [])
    assert bad or said in str(cases[f"contract: {name}"].system_out)
    assert f"{'failed' if bad else 'warning'}" in ended.output.splitlines()[-2]


FILL = {"name": "fill", "request": {"json": {"rows": [[1]], "fill": True}}}
LATE = {"name": "late", "request": {"json": {"rows": [[1]]}}}
SLOW = {"name": "slow", "request": {"json": {"rows": [[1]], "slow": True}}}
MISBEHAVES = {"contract": {"level": "quick", "fail_on": "misbehaves"}}
ADVICE = {"contract": {"level": "quick", "fail_on": "advice"}}
CLOSED = "no answer: the server closed the connection without an answer"
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "accepts-quickly": ({"tests": [ROWS, FILL, LATE]}, "1 of 13 connections were not taken within 250 ms"),
    "ping-idle": ({}, "/ping failed 2 times, the first # s after the start, while no request ran: status 503"),
    "invocation-time": (
        {"tests": [ROWS, SLOW], "invocation_timeout": "2s"},
        "an answer took 1.8 s of the 2 s that it may take",
    ),
    "ping-honest": ({}, '/ping answered 200 with {"status": "Unhealthy"}, once # s after the start'),
    "read-only-model": (
        {},
        "the log says that something tried to write to /opt/ml/model/cache: /opt/ml/model is read-only",
    ),
    "log-to-stdout": (
        ADVICE,
        "the container printed nothing at all: CloudWatch will be empty when something goes wrong",
    ),
    "unknown-headers": (
        MISBEHAVES,
        'the request of "rows" with headers that the platform may add: status 400 in place of 200',
    ),
    "content-type-charset": (
        {},
        'the request of "rows" with Content-Type application/json; charset=utf-8: status 400 in place of 200',
    ),
    "missing-content-type": (
        MISBEHAVES,
        "a request without Content-Type gets status 500, as if the server had failed",
    ),
    "accept-any": ({}, 'the request of "rows" with Accept: */*: status 406 in place of 200'),
    "empty-body": ({}, f"a request with an empty body gets {CLOSED}"),
    "wrong-content-type": ({}, f"a request with Content-Type application/x-sm-ci-unknown gets {CLOSED}"),
    "oversized-body": (
        {"contract": {"level": "quick", "payload_limit": "3MB"}},
        f"a request with a body of 3,000,000 bytes gets {CLOSED}",
    ),
    "concurrent-requests": ({}, 'of 4 requests of "rows" at the same time 4 got another answer than alone'),
    "ping-busy": ({}, "/ping failed while 4 requests ran: status 503"),
    "architecture": (
        {"instance_type": "ml.c7g.large", "fit": "scale"},
        "the image is for amd64, and the instance type has arm64",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_container_that_breaks_one_check_breaks_no_other(held_to: Spec, run: Run, name: str) -> None:
    keys, message = BROKEN[name]
    ended = run(held_to(name, **keys))
    assert broken_in(ended) == {name: message}, ended.output
    typed = {} if name != "architecture" else {"architecture": "broken"}
    assert outcomes(ended) == {**QUICK, **UNTRIED, name: "broken", **typed}
    assert_told(ended, name, keys.get("contract", {}).get("fail_on", "refused"))
    assert ended.cases["rows"] == "passed"


FROM = "FROM sm-ci-test/contract:latest\n"
SECRET = "hunter2-hunter2"
IMAGES = {
    "entry-point-form": (
        "RUN cp /usr/local/bin/serve /opt/server.py\nENTRYPOINT exec python3 /opt/server.py",
        "ENTRYPOINT has the shell form ('exec python3 /opt/server.py'): the server does not get the argument 'serve'",
        'write it in exec form: ENTRYPOINT ["python3", "/opt/server.py"]',
    ),
    "no-init": (
        'RUN ln -s /usr/bin/env /usr/local/bin/tini\nENTRYPOINT ["tini"]',
        "the entry point is the init program 'tini', which SageMaker's guide says cannot be used",
        "start the server itself as the first process, in exec form, and let it reap what it starts",
    ),
    "root-user": (
        "USER 1234",
        "the image runs as the user '1234', and SageMaker expects root",
        "leave USER out of the Dockerfile, or make sure that this user can read and write all that the server needs",
    ),
    "labels": (
        f"LABEL {CAPABILITY}multi-models=yes",
        f"the label {CAPABILITY}multi-models is 'yes', and SageMaker reads true",
        f'write LABEL {CAPABILITY}multi-models="true"',
    ),
    "image-secrets": (
        f"ENV DB_PASSWORD={SECRET}",
        "the image's variable DB_PASSWORD looks like a secret: whoever can pull the image can read it",
        "take ENV and ARG of it out of the Dockerfile; give the value when the model is created, or fetch it at start",
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_that_breaks_one_check_breaks_no_other(held_to: Spec, images: Images, run: Run, name: str) -> None:
    dockerfile, message, remedy = IMAGES[name]
    ended = run(held_to(image=images.of(f"contract-{name}", FROM + dockerfile)))
    assert broken_in(ended) == {name: message}, ended.output
    assert outcomes(ended) == {**QUICK, **UNTRIED, name: "broken"}
    assert check_of(ended, name)["remedy"] == remedy
    assert_told(ended, name)
    reports = [ended.output, *(path.read_text() for path in ended.out.iterdir() if path.is_file())]
    assert [text for text in reports if SECRET in text] == []


def test_an_index_is_told_once_before_anything_is_started(
    engine: Engine, images: Images, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """Nothing in it can be started, which is another fault: what the run came to is told, and no more."""
    small = images.of("contract-index", "FROM scratch\nCOPY serve /serve\n", serve="#!/nope\n")
    with Registry(tmp_path / "registry", locked=False) as registry:
        digest = registry.push(engine.raw, small, "churn:1")
        manifest = {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "digest": digest, "size": 1}
        registry.index("churn:2", [{**manifest, "platform": {"os": "linux", "architecture": "amd64"}}])
        name = f"{registry.host}/churn:2"
        try:
            ended = run(spec(image=name, pull="missing", contract={"level": "quick"}, model=None))
        finally:
            engine.raw.remove_image(name)
    check = check_of(ended, "manifest-type")
    assert (check["outcome"], check["weight"], check["fails"]) == ("broken", "misbehaves", False)
    assert check["message"] == (
        f"{name} is an OCI index of linux/amd64; copied to ECR as it is, SageMaker refuses it: "
        "Unsupported manifest media type application/vnd.oci.image.index.v1+json"
    )
    assert ended.output.count(check["message"]) == 1
    assert (ended.status, ended.fault["kind"]) == (1, "no-serve")
    assert list(outcomes(ended)) == list(QUICK)[: list(QUICK).index("image-secrets") + 1]


def test_containers_that_hang_are_told_once_and_hold_nobody_up(held_to: Spec, tmp_path: Path, engine: Engine) -> None:
    """Four at a time, since most of it is waiting: among them the 30 s for one that ignores SIGTERM."""
    skipped = {"contract": {"level": "quick", "skip": ["unknown-headers", "accept-any", "missing-content-type"]}}
    paths = {
        "sigterm": held_to("sigterm"),
        "truncated-json": held_to("truncated-json"),
        "busy": held_to("busy-alone", **skipped),
        "hangs": held_to("hangs-on-empty", {"HANG": "100"}),
    }
    begun = time.monotonic()
    started = {name: launch(path, tmp_path / name) for name, path in paths.items()}
    ended = {name: finish(process, tmp_path / name, begun) for name, process in started.items()}
    told = {name: broken_in(one) for name, one in ended.items()}
    killed = re.sub(r"\d+ s", "# s", told["sigterm"].pop("sigterm"))
    assert killed == "the container ignored SIGTERM and was killed after # s (SIGKILL)"
    late = "no complete answer within 5 s"
    assert told == {
        "sigterm": {},
        "truncated-json": {"truncated-json": f"a request with half a JSON document gets no answer: {late}"},
        "busy": {"ping-busy": "/ping failed while 4 requests ran: no answer within 2 s"},
        "hangs": {"empty-body": f"a request with an empty body gets no answer: {late}"},
    }
    for name in paths:
        assert_told(ended[name], {"busy": "ping-busy", "hangs": "empty-body"}.get(name, name))
    assert "unknown-headers" not in outcomes(ended["busy"])
    assert check_of(ended["hangs"], "oversized-body")["message"] == (
        "the server still hangs on a request with an empty body"
    )
    assert outcomes(ended["hangs"])["survives-garbage"] == "unchecked"
    assert junit_case(ended["hangs"], "contract: survives-garbage") == (
        "skipped",
        "the server still hangs on a request with an empty body",
    )
    assert max(ended[name].seconds for name in paths) < 80
    assert left_behind(engine) == []


def test_a_container_that_dies_of_a_request_is_told_with_the_request(held_to: Spec, run: Run) -> None:
    """The tests are over: their verdicts stay, and what ends the run well is the exit status of the check alone."""
    ended = run(held_to("survives-garbage"))
    died = "a request with Content-Type application/x-sm-ci-unknown ended the service: the container exited with code 3"
    assert broken_in(ended) == {"survives-garbage": died}
    assert_told(ended, "survives-garbage")
    assert ended.result["fault"] is None
    assert ended.cases == {"rows": "passed"}
    reasons = {check["name"]: check["message"] for check in ended.result["contract"] if check["outcome"] == "unchecked"}
    assert {name: reasons[name] for name in reasons if name not in UNTRIED} == {
        "sigterm": "the container had ended before it was asked to",
        "wrong-content-type": "the container did not survive it, see survives-garbage",
        "oversized-body": "the container did not live to see it",
    }
    assert "Traceback" not in ended.output


def test_a_server_that_garbage_has_spoilt(held_to: Spec, run: Run) -> None:
    ended = run(held_to("sick-after-garbage", **MISBEHAVES))
    spoilt = 'the request of "rows" after requests of garbage: status 500 in place of 200'
    assert broken_in(ended) == {"survives-garbage": spoilt}
    assert_told(ended, "survives-garbage", "misbehaves")


def test_what_a_good_server_may_do_breaks_nothing(held_to: Spec, run: Run) -> None:
    """One answer that is never the same; one ping that is missed, which SageMaker forgives; a request that is refused again."""
    ended = run(held_to("different ping-misses-once"))
    assert broken_in(ended) == {
        "ping-idle": "/ping failed once # s after the start, while no request ran: status 503",
    }
    assert check_of(ended, "ping-idle")["weight"] == "misbehaves"
    assert_told(ended, "ping-idle")


def test_a_request_that_cannot_be_repeated_judges_nobody(held_to: Spec, run: Run) -> None:
    ended = run(held_to("not-again"))
    assert broken_in(ended) == {}
    said = {check_of(ended, name)["message"] for name in OF_SAMPLE}
    assert said == {'the request of "rows" cannot be repeated: status 409'}


def test_where_no_test_passed_what_needs_a_request_says_why(held_to: Spec, run: Run) -> None:
    """And their failure is no check's: the suite adds nothing to it."""
    ended = run(held_to(tests=[{**ROWS, "expect": {"status": 404}}]))
    assert (ended.status, broken_in(ended)) == (1, {})
    assert outcomes(ended) == {**QUICK, **UNTRIED, **dict.fromkeys(OF_SAMPLE, "unchecked")}
    assert {check_of(ended, name)["message"] for name in OF_SAMPLE} == {NO_SAMPLE}
    assert {junit_case(ended, f"contract: {name}") for name in OF_SAMPLE} == {("skipped", NO_SAMPLE)}


def test_a_run_that_never_came_to_the_suite_has_no_rows_of_it(held_to: Spec, spec: Spec, run: Run) -> None:
    """But for the checks on the image, which came first."""
    ended = run(spec("crash", contract={"level": "full"}))
    assert (ended.status, ended.fault["kind"]) == (1, "exited-at-start")
    assert list(outcomes(ended)) == list(QUICK)[: list(QUICK).index("image-secrets") + 1]
    assert "not checked: " not in ended.output
    off = run(held_to("sick-after-garbage", contract={"level": "off"}))
    assert (off.status, off.result["contract"]) == (0, [])
    assert "### Contract" not in off.summary
    assert "contract" not in "".join(str(case.get("name")) for case in off.junit.iter("testcase"))


@pytest.mark.parametrize("broken", ["truncated-json", "hangs-in-company"])
def test_a_signal_while_the_suite_waits_ends_the_run_within_5_seconds(
    held_to: Spec, tmp_path: Path, engine: Engine, broken: str
) -> None:
    others = [name for name in QUICK if name not in {broken, "root-user", "concurrent-requests", "survives-garbage"}]
    process = launch(held_to(broken, {"HANG": "60"}, contract={"level": "quick", "skip": others}), tmp_path)
    read_until(process, "checking the contract")
    time.sleep(1.5)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    ended = finish(process, tmp_path, begun)
    assert ended.seconds < INTERRUPTED
    assert (ended.status, ended.fault["message"]) == (130, "interrupted by SIGINT")
    assert ended.cases == {"rows": "passed"}
    assert outcomes(ended)["root-user"] == "held"
    assert "survives-garbage" not in outcomes(ended)
    assert (ended.out / "junit.xml").exists()
    assert "Traceback" not in ended.output
    assert left_behind(engine) == []


AGAIN = {"contract": {"level": "full"}, "resources": {"shm_size": "256MiB"}, "startup_timeout": "8s"}
STARTED = "the container does not come into service"
RESTARTS = {
    "bind-port same-after-restart empty-model": {
        "bind-port": f"with SAGEMAKER_BIND_TO_PORT=8090 {STARTED}: GET /ping did not answer 200",
        "empty-model": "/ping answers 200 although /opt/ml/model is empty and requests fail",
        "same-after-restart": 'the request of "rows" gets another answer after another start of the container',
    },
    "network-isolation small-shm": {
        "network-isolation": f"started without a route out {STARTED}: the container exited with code 1",
        "small-shm": f"started with 64 MiB of /dev/shm {STARTED}: the container exited with code 1",
    },
}


@pytest.fixture
def hub(engine: Engine, contract_image: str) -> Iterator[str]:
    """The address of a container that others reach unless they are isolated."""
    made = engine.raw.create_container(contract_image, command=["serve"])
    try:
        engine.raw.start(made["Id"])
        networks = engine.raw.inspect_container(made["Id"])["NetworkSettings"]["Networks"]
        yield next(iter(networks.values()))["IPAddress"]
    finally:
        engine.raw.remove_container(made["Id"], force=True)


@pytest.mark.parametrize("broken", RESTARTS)
def test_what_another_start_shows(held_to: Spec, run: Run, broken: str, hub: str, engine: Engine) -> None:
    """Five further starts, of which each list breaks its own and none of the other's."""
    ended = run(held_to(broken, {"HUB": hub}, **AGAIN))
    wanted = RESTARTS[broken]
    told = {name: re.sub(r" within \d+.*| before GET.*", "", said) for name, said in broken_in(ended).items()}
    assert told == wanted, ended.output
    assert outcomes(ended) == {**FULL, **UNTRIED, **dict.fromkeys(wanted, "broken")}
    assert {check_of(ended, name)["fails"] for name in wanted} == {False}
    assert ended.status == 0
    assert left_behind(engine) == []


def test_a_good_server_breaks_nothing_however_it_is_started(held_to: Spec, run: Run) -> None:
    ended = run(held_to(contract={"level": "full", "fail_on": "advice"}, resources={"shm_size": "256MiB"}))
    assert outcomes(ended) == {**FULL, **UNTRIED}
    assert ended.status == 0, ended.output
    assert ended.result["findings"] == []
    assert "1 passed in" in ended.output
    assert ended.output.splitlines()[-2].endswith("; contract: 31 held, 2 not checked")
    phases = {phase["name"]: phase["seconds"] for phase in ended.result["hosting"]["phases"]}
    assert phases["contract"] < 10
    row = check_of(ended, "accept-any")
    assert {key: row[key] for key in ("title", "weight", "source", "outcome", "message", "remedy", "fails", "at")} == {
        "title": "Accept: */* is answered",
        "weight": "misbehaves",
        "source": "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html",
        "outcome": "held",
        "message": "",
        "remedy": "",
        "fails": False,
        "at": None,
    }


@pytest.mark.parametrize("stack", ["gunicorn", "uvicorn"])
def test_the_servers_that_people_use_break_nothing(held_to: Spec, stacks: str, run: Run, stack: str) -> None:
    """As they come, with one worker."""
    ended = run(held_to("", {"STACK": stack}, image=stacks, contract={"level": "quick", "fail_on": "advice"}))
    assert ended.status == 0, ended.output
    assert outcomes(ended) == {**QUICK, **UNTRIED}


def test_the_fixture_of_all_other_tests_breaks_nothing(spec: Spec, run: Run) -> None:
    ended = run(spec(contract={"level": "quick", "fail_on": "advice"}))
    assert ended.status == 0, ended.output
    assert outcomes(ended) == {**QUICK, **UNTRIED, "read-only-model": "unchecked"}


def test_aws_own_toolkit_breaks_nothing(images: Images, spec: Spec, run: Run, tmp_path: Path) -> None:
    """It says 415 to a Content-Type with charset and to none, 413 to a large body and 500 to garbage."""
    test = {"name": "csv", "request": {"csv": [[5.1, 3.5, 1.4, 0.2]], "accept": "application/json"}}
    shutil.copytree(HERE / "models" / "iris-mms", tmp_path / "model")
    hosted = {"image": images.folder("mms-sklearn"), "model": "model", "startup_timeout": "60s", "environment": {}}
    ended = run(spec(**hosted, tests=[test], contract={"level": "quick", "fail_on": "advice"}))
    assert ended.status == 0, ended.output
    assert outcomes(ended) == {**QUICK, **UNTRIED}


def test_the_command_needs_no_spec(contract_image: str, tmp_path: Path) -> None:
    """Nor a request that is known to be good. The first waits for a model that is loaded then, as AWS's toolkit does it."""
    ended = cli(tmp_path, contract_image, "--environment", "BREAK=slow-model")
    untried = dict.fromkeys((*OF_SAMPLE, "invocation-time", "read-only-model"), "unchecked")
    assert ended.status == 0, ended.output
    assert outcomes(ended) == {**QUICK, **UNTRIED, **untried}
    assert ended.cases == {}
    assert re.search(r"^contract: 18 held, 10 not checked in ", ended.output, re.MULTILINE)


def test_the_command_with_a_request_tries_all_it_can(contract_image: str, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"rows": [[1, 2]]}')
    options = ("--request", "body.json", "--environment", "BREAK=accept-any", "--skip", "sigterm")
    ended = cli(tmp_path, contract_image, *options, "--fail-on", "misbehaves")
    assert ended.status == 1, ended.output
    assert ended.cases == {"request": "passed"}
    message = 'the request of "request" with Accept: */*: status 406 in place of 200'
    assert broken_in(ended) == {"accept-any": message}
    assert f"error: {message}; answer in the type that you like best\n" in ended.output
    assert "sigterm" not in outcomes(ended)
    told = junit_element(ended, "contract: accept-any")
    assert told is not None
    assert (told.tag, told.get("type")) == ("failure", "misbehaves")


def test_the_command_without_the_image(tmp_path: Path) -> None:
    ended = cli(tmp_path, "127.0.0.1:9/nowhere:1")
    assert (ended.status, ended.fault["kind"]) == (3, "registry-unreachable")
    assert ended.result["contract"] == []
    assert "Traceback" not in ended.output
