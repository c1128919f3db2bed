"""`sm-ci run --target`: the same spec against a server that already runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import Run, Spec, do, echo, junit_case

from sm_ci.engine.client import Engine


@pytest.fixture
def server(engine: Engine, fixture_image: str) -> Iterator[str]:
    """The fixture's server in a container that is not ours, as an address."""
    made = engine.raw.create_container(fixture_image, command=["serve"], environment={"MODE": "ok"})
    try:
        engine.raw.start(made["Id"])
        networks = engine.raw.inspect_container(made["Id"])["NetworkSettings"]["Networks"]
        yield f"http://{next(iter(networks.values()))['IPAddress']}:8080"
    finally:
        engine.raw.remove_container(made["Id"], force=True)


def test_tests_and_contract_without_a_container_of_ours(spec: Spec, run: Run, server: str) -> None:
    tests = [echo(), do("status", code=500), echo("logs", logs={"contains": ["scored"]})]
    ended = run(spec(image="nowhere:1", tests=tests, contract={"level": "quick"}), "--target", server)
    assert ended.status == 1
    assert ended.cases == {"echo": "passed", "status": "failed", "logs": "failed"}
    assert "warning: a server that already runs (--target) has no log that sm-ci can read" in ended.output
    checks = {check["name"]: (check["outcome"], check["message"]) for check in ended.result["contract"]}
    assert checks["accept-any"] == ("held", "")
    assert checks["root-user"] == ("unchecked", "a server that already runs was tested")
    assert ended.result["image"] is None
    assert ended.result["hosting"]["ready_after"] is not None


def test_nobody_there(spec: Spec, run: Run) -> None:
    ended = run(spec(startup_timeout="1s"), "--target", "127.0.0.1:1")
    assert ended.status == 3
    assert ended.fault["message"] == "http://127.0.0.1:1/ping does not answer 200 within 1 s: connection refused"
    assert junit_case(ended)[0] == "error"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://model", "--target 'https://model' is https, which containers do not speak"),
        ("http://", "--target 'http://' is no address"),
        ("http://model:x", "--target 'http://model:x' is no address"),
        ("http://model:8080/invocations", "--target 'http://model:8080/invocations' holds more than host and port"),
    ],
)
def test_what_is_no_address(spec: Spec, run: Run, url: str, message: str) -> None:
    ended = run(spec(), "--target", url)
    assert ended.status == 2
    assert message in ended.output
