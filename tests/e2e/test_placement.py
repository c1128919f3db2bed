"""Where the action finds itself, and how it reaches the container beside it, on each kind of runner.

What the model container sees is asked of the container itself: its variables, its mounts, the model's files.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Ended, Images, do, echo, finish, launch

from sm_ci.engine.client import Engine
from tests.e2e.conftest import Checkout, OnRunner
from tests.e2e.front import front
from tests.e2e.runner import SOCKET, Annotation, Finished, Job, Runner, elsewhere

WEIGHTS = do("read", "weights", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})
MOUNTS = do("read", "mounts", path="/proc/self/mountinfo")
VARIABLES = do("env", "variables")
MODEL = {"model/weights": "42"}
DEAD = "http://127.0.0.1:9"
PROXIES = {name: DEAD for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (upper, upper.lower())}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-of-an-earlier-step",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-of-the-token-service",
    "SOME_TOKEN": "secret-of-the-workflow",
}
GIVEN_BY_SAGEMAKER = {"AWS_REGION", "AWS_DEFAULT_REGION", "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_SAFE_PORT_RANGE"}
OF_ITS_OWN = {"HOME", "HOSTNAME", "LC_CTYPE"}
"""What the engine gives every container, and Python itself."""
MOUNTED = {"/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/opt/ml/model"}


class Held:
    """What the reports of a run say."""

    def __init__(self, result: Path) -> None:
        self.result: dict[str, Any] = json.loads(result.read_text())

    @property
    def outcomes(self) -> dict[str, str]:
        return {case["name"]: case["outcome"] for case in self.result["cases"]}

    def answer(self, name: str) -> Any:
        case = next(case for case in self.result["cases"] if case["name"] == name)
        return json.loads(case["exchanges"][-1]["outcome"]["body"]["text"])

    @property
    def mounted(self) -> dict[str, str]:
        """Where in the container → which folder of a file system that is."""
        lines = (line.split() for line in self.answer("mounts")["text"].splitlines())
        return {fields[4]: fields[3] for fields in lines}

    @property
    def model_from(self) -> str:
        return self.mounted["/opt/ml/model"]


def held(runner: Runner, ended: Finished) -> Held:
    """The reports of a step that all tests of its spec passed."""
    assert (ended.exit, ended.failed, ended.annotations, ended.leftovers) == (0, "", (), ()), ended.log
    found = Held(runner.job.checkout / ended.outputs["json"])
    assert set(found.outcomes.values()) == {"passed"}
    assert ended.outputs["total"] == ended.outputs["passed"] == str(len(found.outcomes))
    assert set(ended.written.values()) == {runner.job.checkout.stat().st_uid}
    return found


def error(ended: Finished) -> Annotation:
    """The one thing that a step says is wrong, where the environment is."""
    assert ended.exit == 3, ended.log
    assert "Traceback" not in ended.log
    assert ended.leftovers == ()
    [said] = [note for note in ended.annotations if note.kind == "error"]
    return said


def variables_of(engine: Engine, image: str) -> set[str]:
    return {pair.partition("=")[0] for pair in engine.raw.inspect_image(image)["Config"]["Env"]}


def test_a_plain_job_shows_the_container_its_model_and_nothing_else_of_the_runner(
    engine: Engine, on_runner: OnRunner, fixture_image: str
) -> None:
    runner = on_runner(MODEL, model="model", tests=[WEIGHTS, MOUNTS, VARIABLES])
    found = held(runner, runner.run({}, CREDENTIALS))
    assert found.model_from.endswith("/work/models/models/model")
    given = set(found.answer("variables")) - variables_of(engine, fixture_image) - OF_ITS_OWN
    assert given == {"MODE"} | GIVEN_BY_SAGEMAKER
    assert not set(CREDENTIALS.values()) & set(found.answer("variables").values())
    of_the_kernel = ("/proc", "/sys", "/dev")
    assert {place for place in found.mounted if not place.startswith(of_the_kernel)} == MOUNTED


def test_a_host_name_that_is_anothers_and_proxies_that_are_dead_do_not_matter(
    engine: Engine, on_runner: OnRunner, job: Job, beside: Callable[..., str]
) -> None:
    """On a runner that does not mount its temporary folder yet. The other container has the same workspace."""
    other = beside(binds=[f"{job.checkout}:/github/workspace"])
    runner = on_runner(MODEL, job=elsewhere(job, temp=False), model="model", tests=[WEIGHTS, MOUNTS])
    found = held(runner, runner.run({}, {"HOSTNAME": other[:12], **PROXIES}))
    assert found.model_from.endswith("/work/models/models/model")


@pytest.mark.parametrize("isolated", [False, True], ids=["", "isolated"])
def test_a_job_with_services(on_runner: OnRunner, job: Job, job_network: str, isolated: bool) -> None:
    """The runner's network can be removed afterwards: the fixture does it."""
    job = elsewhere(job, network=job_network)
    runner = on_runner(MODEL, job=job, model="model", network_isolation=isolated, tests=[WEIGHTS, MOUNTS])
    assert held(runner, runner.run({})).model_from.endswith("/work/models/models/model")


def test_a_self_hosted_runner_with_a_work_folder_of_its_own(on_runner: OnRunner, tmp_path: Path) -> None:
    """Its name has a space, and letters that are no ASCII."""
    job = Job(work=tmp_path / "Läufer 2/_work", repository="acme/a.b-c")
    runner = on_runner(MODEL, job=job, tests=[WEIGHTS, MOUNTS])
    found = held(runner, runner.run({"model": f"{job.checkout}/model"}))
    assert found.model_from.endswith("_work/a.b-c/a.b-c/model")


def test_paths_of_a_jobs_container_and_of_the_machine_are_found_in_the_middle_of_inputs(
    on_runner: OnRunner, job: Job, job_network: str
) -> None:
    """Steps of such a job know the workspace as /__w/…; the runner translates no second line."""
    runner = on_runner(MODEL, job=elsewhere(job, network=job_network), tests=[WEIGHTS, MOUNTS])
    inputs = {"model": "/__w/models/models/model", "spec": f"# of this repository\n{job.checkout}/sm-ci.yml"}
    found = held(runner, runner.run({**inputs, "out": "/__w/models/models/results"}))
    assert found.model_from.endswith("/work/models/models/model")
    assert (job.checkout / "results/result.json").is_file()


@pytest.mark.parametrize("isolated", [False, True], ids=["", "isolated"])
def test_a_job_on_the_machines_own_network(on_runner: OnRunner, job: Job, isolated: bool) -> None:
    job = elsewhere(job, network="host")
    runner = on_runner(MODEL, job=job, model="model", network_isolation=isolated, tests=[WEIGHTS, MOUNTS])
    assert held(runner, runner.run({})).model_from.endswith("/work/models/models/model")


def test_in_a_container_that_cannot_prove_itself_the_model_goes_by_a_volume(on_runner: OnRunner, job: Job) -> None:
    """There is no place for the proof in a root file system that is read-only."""
    job = elsewhere(job, options=("--read-only", "--tmpfs", "/tmp"))
    runner = on_runner(MODEL, job=job, model="model", tests=[WEIGHTS, MOUNTS])
    assert "/volumes/sm-ci-" in held(runner, runner.run({})).model_from


@pytest.mark.alone  # others' containers have volumes too
def test_an_archive_that_is_unpacked_where_the_engine_does_not_see_it_goes_by_a_volume(
    engine: Engine, on_runner: OnRunner, images: Images, fixture_image: str
) -> None:
    """And the image's own volume does not stay: a container of it, never started, is the way into ours."""

    def unused() -> set[str]:
        volumes = (engine.api.volumes(filters={"dangling": True}) or {}).get("Volumes") or []
        return {str(volume["Name"]) for volume in volumes}

    image = images.of("volume", f"FROM {fixture_image}\nVOLUME /data\n")
    runner = on_runner(MODEL, image=image, model="model.tar.gz", tests=[WEIGHTS, MOUNTS])
    packed = runner.job.checkout / "model.tar.gz"
    subprocess.run(["tar", "-czf", packed, "-C", runner.job.checkout / "model", "."], check=True)
    before = unused()
    found = held(runner, runner.run({"no-cache": "true"}))
    assert "/volumes/sm-ci-" in found.model_from
    assert unused() - before == set()


def test_under_act_with_bind_the_network_is_the_job_containers_and_that_is_the_machines(
    on_runner: OnRunner, job: Job, beside: Callable[..., str]
) -> None:
    job = elsewhere(job, network=f"container:{beside(network_mode='host')}", inside=str(job.checkout))
    runner = on_runner(MODEL, job=job, model="model", tests=[WEIGHTS, MOUNTS])
    assert held(runner, runner.run({})).model_from.endswith("/work/models/models/model")


@pytest.mark.parametrize("isolated", [False, True], ids=["", "isolated"])
def test_under_act_the_workspace_is_a_volume_and_services_are_on_the_job_containers_network(
    on_runner: OnRunner,
    job: Job,
    job_network: str,
    beside: Callable[..., str],
    volume_of: Callable[[Path], str],
    isolated: bool,
) -> None:
    """What the action writes into its workspace stays in the volume."""
    runner = on_runner(MODEL, model="model", network_isolation=isolated, tests=[WEIGHTS, MOUNTS])
    network = f"container:{beside(network_mode=job_network)}"
    volume = volume_of(job.checkout)
    runner.job = elsewhere(job, network=network, inside=str(job.checkout), workspace=volume)
    ended = runner.run({"out": "/github/home/results"})
    found = Held(runner.home / "results/result.json")
    assert (ended.exit, ended.leftovers, set(found.outcomes.values())) == (0, (), {"passed"}), ended.log
    assert found.model_from.endswith(f"/volumes/{volume}/_data/model")


def gateway(engine: Engine) -> str:
    """An address of this machine that is not its loopback, and that containers reach too."""
    return str(engine.raw.inspect_network("bridge")["IPAM"]["Config"][0]["Gateway"])


def on_machine(checkout: Checkout, folder: Path, host: str, **environ: str) -> tuple[Ended, Held]:
    """The command line, on no runner and in no container, with the engine at that address."""
    spec = checkout(folder / "repo", MODEL, model="model", tests=[WEIGHTS, MOUNTS]) / "sm-ci.yml"
    begun = time.monotonic()
    ended = finish(launch(spec, folder, environ={"DOCKER_HOST": host, **PROXIES, **environ}), folder, begun)
    assert ended.status == 0, ended.output
    return ended, Held(ended.out / "result.json")


def test_on_no_runner_an_engine_at_the_machines_loopback_gets_the_model_by_a_volume(
    checkout: Checkout, tmp_path: Path
) -> None:
    """It may stand behind a tunnel. Proxies are not asked for it, nor for the container."""
    with front("127.0.0.1") as host:
        _, found = on_machine(checkout, tmp_path, host)
    assert "/volumes/sm-ci-" in found.model_from


def test_on_no_runner_an_engine_on_another_machine_publishes_the_port_and_that_is_said(
    engine: Engine, checkout: Checkout, tmp_path: Path
) -> None:
    """Such an engine is asked by way of a proxy, as docker's own command line does it, unless NO_PROXY names it."""
    with front(gateway(engine)) as host:
        ended, found = on_machine(checkout, tmp_path, host, NO_PROXY=gateway(engine))
    assert "/volumes/sm-ci-" in found.model_from
    [notice] = found.result["findings"]
    assert (notice["rule"], notice["severity"]) == ("port-exposed", "notice")
    assert notice["message"] == (
        f"the Docker engine at {host} is on another machine: while the container runs, "
        f"whoever reaches {gateway(engine)} reaches its port too"
    )
    assert notice["remedy"] == "let a firewall admit this machine alone, or run sm-ci on the engine's machine"
    assert ended.output.count("port too") == 1, ended.output


def test_on_no_runner_an_engine_on_another_machine_cannot_isolate(
    engine: Engine, checkout: Checkout, tmp_path: Path
) -> None:
    spec = checkout(tmp_path / "repo", network_isolation=True) / "sm-ci.yml"
    with front(gateway(engine)) as host:
        begun = time.monotonic()
        ended = finish(launch(spec, tmp_path, environ={"DOCKER_HOST": host}), tmp_path, begun)
    assert (ended.status, ended.fault["kind"]) == (3, "isolation-impossible"), ended.output


def test_an_engine_at_a_tcp_address_that_runs_the_action_itself_is_no_other_machine(
    engine: Engine, on_runner: OnRunner, job: Job
) -> None:
    """Its mounts and networks are ours, and no port is published. Here the variable stands in the container alone."""
    with front(gateway(engine)) as host:
        job = elsewhere(job, socket="", options=("-e", f"DOCKER_HOST={host}"))
        runner = on_runner(MODEL, job=job, model="model", tests=[WEIGHTS, MOUNTS])
        found = held(runner, runner.run({}))
    assert found.model_from.endswith("/work/models/models/model")
    assert found.result["findings"] == []


def test_an_engine_at_a_tcp_address_that_does_not_run_the_action_publishes_the_port(
    engine: Engine, on_runner: OnRunner, job: Job
) -> None:
    with front(gateway(engine)) as host:
        job = elsewhere(job, socket="", options=("-e", f"DOCKER_HOST={host}", "--read-only", "--tmpfs", "/tmp"))
        runner = on_runner(MODEL, job=job, model="model", tests=[WEIGHTS, MOUNTS])
        ended = runner.run({})
    found = Held(runner.job.checkout / ended.outputs["json"])
    assert (ended.exit, set(found.outcomes.values())) == (0, {"passed"}), ended.log
    assert "/volumes/sm-ci-" in found.model_from
    assert [(note.kind, note.title) for note in ended.annotations] == [("notice", "port-exposed")]


def test_a_spec_that_fails_fails_the_step_at_the_line_of_its_test(on_runner: OnRunner) -> None:
    runner = on_runner(tests=[echo(), {**echo(json=[1, 3]), "name": "wrong"}])
    ended = runner.run({})
    assert (ended.exit, ended.conclusion, ended.leftovers) == (1, "failure", ())
    [said] = ended.annotations
    assert (said.kind, said.title, said.file) == ("error", "fixture::wrong", "sm-ci.yml")
    assert (runner.job.checkout / said.file).read_text().splitlines()[said.line - 1] == "    - 3"
    counted = {name: ended.outputs[name] for name in ("conclusion", "total", "passed", "failed", "skipped")}
    assert counted == {"conclusion": "failure", "total": "2", "passed": "1", "failed": "1", "skipped": "0"}


def test_a_runner_in_a_container_whose_folders_the_engine_does_not_have_is_told(on_runner: OnRunner, job: Job) -> None:
    runner = on_runner()
    runner.lose_folders()
    said = error(runner.run({}))
    assert said.message == (
        "the workspace is empty and /github/workflow/event.json is missing: "
        "the Docker engine has mounted other folders than the runner's\n"
        "Does the runner itself run in a container, with the socket of its host's engine, or with a DOCKER_HOST? "
        f"Give it its work folder at the same path as on the engine's machine (docker run -v {job.work}:{job.work} …), "
        "or an engine of its own (dind)."
    )


PODS = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A socket that not even root may use, without its capabilities."""
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        yield str(path)


def test_a_pod_without_an_engine_is_told_to_need_one(on_runner: OnRunner, job: Job) -> None:
    said = error(on_runner(job=elsewhere(job, socket="")).run({}, PODS))
    assert said.message == (
        "this runner has no Docker engine: its jobs are pods of Kubernetes\n"
        "Use a runner that has one (Actions Runner Controller: containerMode.type dind), or set DOCKER_HOST."
    )


def test_an_engine_whose_socket_is_elsewhere_is_told_to_listen_where_the_runner_looks(
    on_runner: OnRunner, job: Job, tmp_path: Path
) -> None:
    """The engine makes an empty folder of a source that it does not have."""
    said = error(on_runner(job=elsewhere(job, socket=str(tmp_path / "docker.sock"))).run({}))
    assert said.message == (
        "the runner's Docker engine has no socket at /var/run/docker.sock of its own machine, "
        "and mounted an empty folder in its place\n"
        "Let it listen there too: dockerd -H unix:///var/run/docker.sock"
    )


def test_a_socket_at_another_place_is_found_by_docker_host(on_runner: OnRunner, job: Job) -> None:
    """The runner's docker CLI takes the same variable, so here it stands in the container alone."""
    job = elsewhere(
        job, socket="", options=("-v", f"{SOCKET}:/run/own/d.sock", "-e", "DOCKER_HOST=unix:///run/own/d.sock")
    )
    runner = on_runner(MODEL, job=job, model="model", tests=[WEIGHTS, MOUNTS])
    assert held(runner, runner.run({})).model_from.endswith("/work/models/models/model")


def test_root_without_a_right_to_the_socket_is_told_why(on_runner: OnRunner, job: Job, mute: str) -> None:
    """Its reports go where it can write without its capabilities."""
    job = elsewhere(job, socket=mute, options=("--cap-drop", "ALL"))
    said = error(on_runner(job=job).run({"out": "/tmp/results"}))
    assert said.message == (
        "no permission to use the Docker engine at unix:///var/run/docker.sock, though we are root here\n"
        "The runner's engine maps root to another user (rootless, userns-remap), or SELinux forbids it. "
        "Use a runner whose containers may use its engine."
    )
