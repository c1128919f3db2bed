"""We host as SageMaker does: what the container sees of its platform, asked from inside."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import Ended, Images, Run, Spec, containers_of, do, echo, finish, launch, read_until

from sm_ci.engine.client import Engine


def test_the_container_sees_the_platforms_variables_and_its_own_and_nothing_else(spec: Spec, run: Run) -> None:
    environ = {"AWS_SECRET_ACCESS_KEY": "ours", "INPUT_SPEC": "x", "HTTP_PROXY": "http://127.0.0.1:9"}
    ended = run(spec(environment={"MY_OPTION": "1"}, tests=[do("env")]), environ=environ)
    assert ended.status == 0, ended.output
    seen = ended.body("env")
    for name in ("PATH", "HOSTNAME", "HOME", "LC_ALL", "LC_CTYPE", "LANG"):
        seen.pop(name, None)
    for name in [name for name in seen if name.startswith(("PIP_", "SSL_", "REQUESTS_", "PYTHON", "GPG_"))]:
        seen.pop(name)  # the base image's own
    assert seen == {
        "MODE": "ok",
        "MY_OPTION": "1",
        "SAGEMAKER_BIND_TO_PORT": "8080",
        "SAGEMAKER_SAFE_PORT_RANGE": "23000-23999",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_the_container_gets_exactly_sagemakers_headers(spec: Spec, run: Run) -> None:
    request = {
        "json": {"do": "headers"},
        "accept": "application/json",
        "custom_attributes": "trace=1",
        "session_id": "s-1",
        "target_model": "a.tar.gz",
        "inference_id": "id-1",
        "headers": {"X-Api-Key": "stripped", "X-Amzn-SageMaker-Enable-Explanations": "`true`"},
    }
    ended = run(spec(tests=[{"name": "headers", "request": request, "expect": {"status": 200}}]))
    assert ended.status == 0, ended.output
    seen = ended.body("headers")
    assert (seen["method"], seen["path"]) == ("POST", "/invocations")
    assert dict(seen["headers"]) == {
        "Host": "model.aws.local:8080",
        "User-Agent": "AHC/2.0",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-Amzn-SageMaker-Custom-Attributes": "trace=1",
        "X-Amzn-SageMaker-Inference-Id": "id-1",
        "X-Amzn-SageMaker-Session-Id": "s-1",
        "X-Amzn-SageMaker-Target-Model": "a.tar.gz",
        "X-Amzn-SageMaker-Enable-Explanations": "`true`",
        "Content-Length": "17",
    }
    assert "SageMaker strips this header" in ended.output


def test_every_request_has_an_inference_id_of_its_own(spec: Spec, run: Run) -> None:
    ended = run(spec(tests=[do("headers", "first"), do("headers", "second")]))
    ids = [dict(ended.body(name)["headers"])["X-Amzn-SageMaker-Inference-Id"] for name in ("first", "second")]
    assert len(set(ids)) == 2


def test_the_model_is_there_and_read_only(spec: Spec, run: Run, tmp_path: Path) -> None:
    (tmp_path / "model" / "code").mkdir(parents=True)
    (tmp_path / "model" / "code" / "inference.py").write_text("pass\n")
    tests = [
        do("write", "into the model", path="/opt/ml/model/x", expect={"text": {"$contains": "EROFS"}}),
        do("write", "beside it", path="/opt/ml/x", expect={"text": {"$not": {"$contains": "EROFS"}}}),
        do("write", "into /etc", path="/etc/x", expect={"text": {"$not": {"$contains": "EROFS"}}}),
    ]
    ended = run(spec(model="model", tests=tests))
    assert ended.status == 0, ended.output
    assert sorted(path.name for path in (tmp_path / "model").rglob("*")) == ["code", "inference.py"]
    assert ended.result["model"]["files"] == 1


def test_how_the_engine_was_asked_to_run_it(spec: Spec, engine: Engine, tmp_path: Path) -> None:
    """Seen from outside while a request runs: the argument, the limits, no init, no TTY, no published port."""
    limits = {"memory": "256MiB", "cpus": 0.5}
    process = launch(spec(resources=limits, tests=[do("sleep", seconds=50)]), tmp_path)
    try:
        read_until(process, "running 1 test")
        [container] = containers_of(engine, process)
        facts = engine.raw.inspect_container(container)
    finally:
        process.send_signal(signal.SIGTERM)
        ended = finish(process, tmp_path, time.monotonic())
    assert ended.status == 130, ended.output
    host, config = facts["HostConfig"], facts["Config"]
    assert config["Cmd"] == ["serve"]
    assert config["Entrypoint"] is None
    assert not config["Tty"]
    assert not config["OpenStdin"]
    assert config["User"] == ""
    assert config["Hostname"] == facts["Id"][:12]  # generated, as for a single container
    assert not host["Init"]
    assert not host["Privileged"]
    assert not host["CapAdd"]
    assert not host["CapDrop"]
    assert not host["PortBindings"]
    assert (host["Memory"], host["NanoCpus"], host["ShmSize"]) == (256 * 2**20, 500_000_000, 64 * 2**20)
    assert "/var/run/docker.sock" not in json.dumps(facts["Mounts"])


def test_the_instance_type_gives_the_limits_and_a_smaller_machine_scales_them(spec: Spec, run: Run) -> None:
    ended = run(spec(instance_type="ml.m5.24xlarge", tests=[echo(json=[1, 2], latency="<1us")]))
    assert ended.status == 0, ended.output
    limits = ended.result["hosting"]["limits"]
    assert limits["scaled"] is True
    assert limits["cpus"] == os.cpu_count()
    assert "ml.m5.24xlarge needs 96 CPUs where this machine has" in ended.output
    assert "not judged on a scaled-down machine" in ended.output


def test_fit_require_refuses_a_smaller_machine(spec: Spec, run: Run) -> None:
    ended = run(spec(instance_type="ml.m5.24xlarge", fit="require"))
    assert ended.status == 3
    assert ended.fault["kind"] == "runner-too-small"
    assert ended.cases == {"echo": "not_run"}


@contextmanager
def peer(engine: Engine, image: str) -> Iterator[str]:
    """Another container, on the default bridge: the outside world as far as isolation is concerned. Its address."""
    container = engine.api.create_container(image, command=["serve"])["Id"]
    try:
        engine.api.start(container)
        yield engine.raw.inspect_container(container)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    finally:
        engine.api.remove_container(container, force=True)


@pytest.mark.parametrize("isolated", [False, True])
def test_network_isolation_has_no_way_out_and_the_container_still_answers(
    spec: Spec, run: Run, engine: Engine, fixture_image: str, isolated: bool
) -> None:
    with peer(engine, fixture_image) as outside:
        expected = {"$in": ["timeout", "ENETUNREACH", "EHOSTUNREACH"]} if isolated else "connected"
        test = do("connect", host=outside, port=8080, expect={"json": {"result": expected}})
        ended = run(spec(network_isolation=isolated, tests=[test]))
    assert ended.status == 0, ended.output


def test_djl_finds_the_file_that_says_it_is_hosted(spec: Spec, run: Run) -> None:
    ended = run(
        spec(tests=[do("read", path="/opt/ml/.sagemaker_infra/endpoint-metadata.json", expect={"status": 200})])
    )
    assert ended.status == 0, ended.output
    assert json.loads(ended.body("read")["text"])["EndpointArn"].startswith("arn:aws:sagemaker:us-east-1:")


def test_the_images_user_stays(images: Images, spec: Spec, run: Run, fixture_image: str) -> None:
    image = images.of("nobody", f"FROM {fixture_image}\nUSER 65534\n")
    ended = run(spec(image=image, tests=[do("whoami", expect={"json": {"uid": 65534}})]))
    assert ended.status == 0, ended.output
    assert ended.result["image"]["user"] == "65534"


def test_readiness_in_the_first_second_is_noticed_soon(spec: Spec, run: Run) -> None:
    """The fixture's log says when it was ready; our first 200 came at most 150 ms later (50 ms of ours, and noise).

    The best of three runs: the machine may be busy with something else.
    """

    def late() -> float:
        hosting = run(spec()).result["hosting"]
        ready: float = next(line["at"] for line in hosting["log"]["tail"] if "fixture ready" in line["text"])
        first = next(phase for phase in hosting["phases"] if phase["name"] == "ready")
        return float(first["started"] + first["seconds"] - ready)

    assert any(late() < 0.15 for _ in range(3))


def requests(ended: Ended) -> list[str]:
    """The requests in the order in which the fixture answered them, as METHOD PATH."""
    lines = [line["text"].split() for line in ended.result["hosting"]["log"]["tail"]]
    return [" ".join(words[:2]) for words in lines if words[0] in {"GET", "POST"}]


def test_the_last_ping_follows_the_last_test(spec: Spec, run: Run) -> None:
    """So that a model which its last request broke does not pass."""
    ended = run(spec(environment={"LOG_REQUESTS": "1"}, tests=[echo("one"), echo("two")]))
    assert ended.status == 0, ended.output
    seen = requests(ended)
    assert seen.count("POST /invocations") == 2
    assert seen[-1] == "GET /ping", seen


def test_pings_go_on_in_the_middle_of_a_long_request(spec: Spec, run: Run) -> None:
    """Every 5 s, so at least two in any 12 s. A request's line comes when it is answered."""
    ended = run(spec(environment={"LOG_REQUESTS": "1"}, tests=[echo(), do("sleep", seconds=12)]))
    assert ended.status == 0, ended.output
    seen = requests(ended)
    first, second = (at for at, request in enumerate(seen) if request == "POST /invocations")
    assert seen[first + 1 : second].count("GET /ping") >= 2, seen


def test_the_images_entry_point_stays_and_gets_serve_as_its_argument(
    images: Images, spec: Spec, run: Run, fixture_image: str
) -> None:
    entry = '["/bin/sh", "-c", "test $1 = serve && exec /usr/local/bin/serve", "entry"]'
    image = images.of("entry-point", f'FROM {fixture_image}\nENTRYPOINT {entry}\nCMD ["ignored"]\n')
    ended = run(spec(image=image))
    assert ended.status == 0, ended.output
