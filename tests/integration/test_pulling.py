"""Pulls from a real registry, through a proxy that breaks what passes: what is tried again, and what the user is told."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import secrets
import signal
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
import requests
from harness import Spec, finish, launch
from standins.proxy import Proxy, Rule
from standins.registry import DOCKER_MANIFEST, Registry

from sm_ci.engine import images, pulling
from sm_ci.engine.client import Engine, connect
from sm_ci.engine.pull_progress import PullProgress
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.login import Login

BYTES = 6 * 2**20
CUT = 2_000_000
STALLED = (
    "Is the registry overloaded, or does a proxy or firewall between it and the Docker engine hold connections? "
    "Try: docker pull {}"
)


def busy(match: str, times: int = 1000) -> Rule:
    """As ECR says it."""
    return Rule(
        match,
        do="status",
        times=times,
        status=429,
        body=json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "Rate exceeded"}]}),
        headers={"Content-Type": "application/json", "Retry-After": "1"},
    )


class Pushed:
    """A registry with team/churn:1.9, of three layers that the engine has not; `layer` is the digest of the largest."""

    def __init__(self, registry: Registry, digest: str) -> None:
        self.registry, self.digest = registry, digest
        answer = requests.get(
            f"http://{registry.host}/v2/team/churn/manifests/1.9",
            auth=(registry.user, registry.secret),
            headers={"Accept": DOCKER_MANIFEST},
            timeout=30,
        )
        manifest = answer.json()
        self.config: str = manifest["config"]["digest"]
        self.sizes = {layer["digest"][7:19]: int(layer["size"]) for layer in manifest["layers"]}
        _, self.small, self.layer = (
            str(layer["digest"]) for layer in sorted(manifest["layers"], key=lambda layer: int(layer["size"]))
        )


@pytest.fixture(scope="module")
def pushed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    """Random bytes: workers share the engine, and a layer of theirs would be there already."""
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        image = built(engine, f"sm-ci-test/pulled:{secrets.token_hex(6)}")
        digest = registry.push(engine.raw, image, "team/churn:1.9")
        engine.raw.remove_image(image)
        yield Pushed(registry, digest)


def built(engine: Engine, tag: str) -> str:
    files = {
        "Dockerfile": b"FROM scratch\nCOPY large /large\nCOPY tiny /tiny\nCOPY small /small\n",
        "large": os.urandom(BYTES),
        "tiny": os.urandom(10),
        "small": os.urandom(2**20),
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    context.seek(0)
    given: dict[str, Any] = {"fileobj": context, "custom_context": True, "nocache": True, "rm": True, "forcerm": True}
    for line in engine.raw.build(tag=tag, decode=True, **given):  # the cache is what other workers remove images from
        assert "error" not in line, line
    return tag


class Pull:
    """Pulls with the registry's login; waits are noted in place of waited."""

    def __init__(self, engine: Engine, pushed: Pushed, proxy: Proxy) -> None:
        self.engine, self.pushed, self.proxy = engine, pushed, proxy
        self.login: Login | None = Login(username=pushed.registry.user, password=pushed.registry.secret)
        self.name = f"{proxy.host}/team/churn:1.9"
        self.told: list[PullProgress] = []
        self.retries: list[str] = []
        self.waits: list[float] = []

    def __call__(self, name: str = "", stall: float = 30.0, sizes: Mapping[str, int] | None = None) -> str:
        return pulling.pull(
            self.engine,
            name or self.name,
            login=self.login,
            on_progress=self.told.append,
            on_retry=self.retries.append,
            stall=stall,
            sleep=self.waits.append,
            jitter=lambda least, most: most,
            sizes=sizes or {},
        )

    def fault(self, name: str = "", stall: float = 30.0) -> EnvironmentFault:
        with pytest.raises(EnvironmentFault) as caught:
            self(name, stall)
        said = f"{caught.value!r} {caught.value} {self.retries} {self.told}"
        assert self.pushed.registry.secret not in said
        assert images.find(self.engine, self.name) is None
        return caught.value

    def asked(self, match: str) -> int:
        """How often the engine asked for it."""
        return len(self.proxy.requests(match))


@pytest.fixture
def pull(engine: Engine, pushed: Pushed) -> Iterator[Pull]:
    with Proxy(pushed.registry.host) as proxy:
        pull = Pull(engine, pushed, proxy)
        yield pull
        proxy.rules = []
        with suppress(docker.errors.ImageNotFound):
            engine.raw.remove_image(pull.name)
        assert images.find(engine, pull.name) is None


def test_a_pull_with_a_login(pull: Pull, engine: Engine, pushed: Pushed) -> None:
    assert pull(sizes=pushed.sizes) == pushed.digest
    facts = images.find(engine, pull.name)
    assert facts is not None
    assert facts.digest == pushed.digest
    assert (pull.retries, pull.waits) == ([], [])
    phases = [progress.phase for progress in pull.told]
    assert phases == sorted(phases, key=["asking", "downloading", "extracting", "done"].index)
    whole = sum(pushed.sizes.values())
    last = pull.told[-1]
    assert (last.phase, last.part, last.layers, last.layers_done) == ("done", 1.0, 3, 3)
    assert last.total == last.fetched == last.unpacked == whole
    assert {progress.total for progress in pull.told if progress.layers == 3} == {whole}
    parts = [progress.part for progress in pull.told if progress.phase == "downloading" and progress.layers == 3]
    assert None not in parts
    assert str(last) == "7.0 MiB, 3 layers"


def test_a_pull_by_digest_and_one_of_what_is_there(pull: Pull, engine: Engine, pushed: Pushed) -> None:
    pull.name = f"{pull.name}@{pushed.digest}"
    assert pull() == pushed.digest
    assert images.find(engine, pull.name) is not None
    assert pull() == pushed.digest
    assert (pull.told[-1].phase, pull.told[-1].part) == ("done", 1.0)


def test_the_login_of_dockers_own_configuration(pull: Pull, pushed: Pushed, tmp_path: Path) -> None:
    pull.login = None
    pull.engine = Engine(configured(pull, tmp_path), "unix:///var/run/docker.sock")
    assert pull() == pushed.digest


def test_a_configured_credential_helper_that_is_not_there(pull: Pull, tmp_path: Path) -> None:
    pull.login = None
    api = configured(pull, tmp_path, credHelpers={pull.proxy.host: "nowhere"})
    pull.engine = Engine(api, "unix:///var/run/docker.sock")
    fault = pull.fault()
    assert (fault.kind, fault.message.partition(": ")[0]) == (
        "login-unreadable",
        f"Docker's configuration names a login to {pull.proxy.host} that cannot be had",
    )
    assert "docker-credential-nowhere not installed or not available in PATH" in fault.message


def configured(pull: Pull, folder: Path, **more: object) -> docker.APIClient:
    """A client that has read a config.json with the registry's login."""
    known = f"{pull.pushed.registry.user}:{pull.pushed.registry.secret}".encode()
    auths = {pull.proxy.host: {"auth": base64.b64encode(known).decode()}}
    (folder / "config.json").write_text(json.dumps({"auths": auths, **more}))
    with connect() as found:
        api = docker.APIClient(version=found.raw.api_version, timeout=60)
    api.reload_config(str(folder / "config.json"))
    return api


def test_no_login(pull: Pull) -> None:
    pull.login = None
    fault = pull.fault()
    why = f'Head "http://{pull.proxy.host}/v2/team/churn/manifests/1.9": no basic auth credentials'
    assert isinstance(fault, CredentialsMissing)
    assert (fault.kind, fault.message, fault.remedy) == (
        "login-needed",
        f"the registry {pull.proxy.host} gives {pull.name} only with a login, and there is none: {why}",
        "Give registry-username and registry-password.",
    )
    assert pull.waits == []


def test_a_wrong_password(pull: Pull) -> None:
    pull.login = Login(username="AWS", password="wr0ng-passw0rd")
    fault = pull.fault()
    assert isinstance(fault, CredentialsRefused)
    assert (fault.kind, fault.message, fault.remedy) == (
        "access-denied",
        (
            f"the registry {pull.proxy.host} does not accept the login (the login given, user 'AWS'): "
            "unauthorized: authentication required"
        ),
        "Check the name and the password; a token may lack the right to read.",
    )
    assert "wr0ng-passw0rd" not in f"{fault} {fault!r} {pull.told}"
    assert pull.waits == []


def test_a_tag_that_is_not_there(pull: Pull) -> None:
    name = f"{pull.proxy.host}/team/churn:2.0"
    fault = pull.fault(name)
    assert isinstance(fault, ImageMissing)
    assert (fault.kind, fault.message, fault.remedy) == (
        "image-missing",
        (
            f"the registry {pull.proxy.host} does not have {name}: "
            f"manifest for {name} not found: manifest unknown: manifest unknown"
        ),
        "Check the name and the tag, and with ECR the account and the region. Was it pushed, and not removed since?",
    )
    assert pull.waits == []


def test_a_name_that_is_none_does_not_reach_the_engine(pull: Pull) -> None:
    fault = pull.fault("UPPER/case")
    assert (type(fault), fault.kind) == (ImageMissing, "image-reference")
    assert pull.proxy.log == []


def test_a_registry_that_is_not_there(pull: Pull) -> None:
    fault = pull.fault("127.0.0.1:9/nowhere:1")
    why = 'Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused'
    assert (fault.kind, fault.message) == (
        "registry-unreachable",
        f"the Docker engine does not reach the registry 127.0.0.1:9 of the image 127.0.0.1:9/nowhere:1: {why}",
    )
    assert pull.waits == []


def test_a_layer_whose_connection_is_cut_is_resumed_by_the_engine(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.layer}", do="cut", after=CUT, times=1)]
    assert pull() == pushed.digest
    assert pull.retries == []
    again = [entry.headers for entry in pull.proxy.log if pushed.layer in entry.request]
    assert [headers.get("range", "") for headers in again] == ["", f"bytes={CUT}-"]
    notes = {progress.note for progress in pull.told if progress.note}
    assert f"layer {pushed.layer[7:19]}: retrying in 3 seconds" in notes
    told = [progress.fetched for progress in pull.told]
    assert told == sorted(told), pull.told
    assert pull.told[-1].note == ""


def test_a_registry_that_fails_twice_is_tried_until_it_works(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule("(HEAD|GET) .*/manifests/", do="status", status=503, times=4)]  # the engine asks by both
    assert pull() == pushed.digest
    assert pull.waits == [5.0, 10.0]
    why = (
        f"the registry {pull.proxy.host} failed while {pull.name} was pulled: "
        "received unexpected HTTP status: 503 Service Unavailable"
    )
    assert pull.retries == [
        f"{why}; it is tried again in 5 s",
        f"{why}; it is tried again in 10 s",
    ]
    assert [str(progress) for progress in pull.told if progress.note] == pull.retries


def test_a_registry_that_goes_on_failing_is_tried_four_times(pull: Pull) -> None:
    pull.proxy.rules = [Rule("(HEAD|GET) .*/manifests/", do="status", status=500)]
    fault = pull.fault()
    assert (fault.kind, fault.message, fault.remedy) == (
        "registry-failed",
        (
            f"the registry {pull.proxy.host} failed while {pull.name} was pulled: "
            "received unexpected HTTP status: 500 Internal Server Error (tried 4 times)"
        ),
        "Try again later; look at the registry's status page or log.",
    )
    assert pull.waits == [5.0, 10.0, 20.0]
    assert pull.asked("HEAD .*/manifests/") == 4


def test_too_many_requests(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [busy("(HEAD|GET) .*/manifests/")]
    fault = pull.fault()
    assert (fault.kind, fault.message) == (
        "throttled",
        (
            f"the registry {pull.proxy.host} has had too many requests, asked for {pull.name}: "
            "toomanyrequests: Rate exceeded (tried 4 times)"
        ),
    )
    assert pull.waits == [5.0, 10.0, 20.0]


def test_too_many_requests_for_a_moment_in_the_middle_of_the_stream(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [busy(f"GET .*/blobs/{pushed.config}", times=1)]
    assert pull() == pushed.digest
    assert pull.waits == [5.0]
    assert pull.retries == [
        (
            f"the registry {pull.proxy.host} has had too many requests, asked for {pull.name}: "
            "error pulling image configuration: download failed after attempts=1: toomanyrequests: Rate exceeded; "
            "it is tried again in 5 s"
        )
    ]


def test_a_manifest_whose_connection_is_closed(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule("(HEAD|GET) .*/manifests/", do="refuse", times=2)]
    assert pull() == pushed.digest
    assert len(pull.waits) in {1, 2}
    assert pull.retries[0].startswith(f"the registry {pull.proxy.host} failed while {pull.name} was pulled: ")
    assert pull.retries[0].endswith("EOF; it is tried again in 5 s")


def test_a_layer_that_stands_still_is_given_up(pull: Pull, engine: Engine, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.layer}", do="stall", after=CUT)]
    patience, begun = engine.raw.timeout, time.monotonic()
    fault = pull.fault(stall=3.0)
    assert time.monotonic() - begun < 30  # it would be for ever
    start = f"pulling {pull.name} stood still: nothing came from {pull.proxy.host} for 3 s (the last was: "
    assert fault.kind == "pull-stalled"
    assert fault.message.startswith(start)
    # On a busy machine the engine may not be done with the small layers, and not know yet how large all are.
    some = r"\d+ % of 7\.0 MiB(, [\d.]+ \w+/s)?|[\d.]+ \w+ so far"
    assert re.search(rf"({some}), [012] of 3 layers\) \(tried 2 times\)$", fault.message)
    assert fault.remedy == STALLED.format(pull.name)
    assert pull.waits == [5.0]
    assert pull.retries[0].startswith(start)
    assert pull.retries[0].endswith("; it is tried again in 5 s")
    assert pull.asked(pushed.layer) == 2
    assert engine.raw.timeout == patience


def test_a_manifest_that_stands_still_is_given_up(pull: Pull, engine: Engine) -> None:
    """Before the engine has said a word. The engine is not at fault, and is waited for as long as before."""
    pull.proxy.rules = [Rule("(HEAD|GET) .*/manifests/", do="stall")]
    patience = engine.raw.timeout
    fault = pull.fault(stall=2.0)
    assert (fault.kind, fault.message) == (
        "pull-stalled",
        (
            f"pulling {pull.name} stood still: nothing came from {pull.proxy.host} for 2 s "
            "(the registry gave no manifest) (tried 2 times)"
        ),
    )
    assert engine.raw.timeout == patience


def test_a_layer_that_stands_still_once_is_pulled_the_second_time(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.layer}", do="stall", after=CUT, times=1)]
    assert pull(stall=2.0) == pushed.digest
    assert len(pull.retries) == 1


def test_a_damaged_layer(pull: Pull, pushed: Pushed) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.layer}", do="garble", after=CUT)]
    fault = pull.fault()
    assert (fault.kind, fault.message, fault.remedy) == (
        "image-corrupt",
        (
            f"what the registry {pull.proxy.host} gives for {pull.name} is damaged: "
            f"filesystem layer verification failed for digest {pushed.layer}"
        ),
        "Push the image again. A proxy or a cache on the way may be at fault too.",
    )
    assert pull.waits == []


def test_a_slow_layer_is_waited_for(pull: Pull, pushed: Pushed) -> None:
    """It moves, though the whole takes longer than the patience."""
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.small}", do="slow", rate=163_840)]
    begun = time.monotonic()
    assert pull(stall=2.0) == pushed.digest
    assert time.monotonic() - begun > 3
    assert pull.retries == []
    assert any(progress.speed for progress in pull.told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pull_that_is_interrupted_stops_at_once(
    pull: Pull, pushed: Pushed, spec: Spec, tmp_path: Path, number: signal.Signals
) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.layer}", do="stall", after=CUT)]
    configured(pull, tmp_path)
    path = spec(image=pull.name, pull="missing")
    process = launch(path, tmp_path, environ={"DOCKER_CONFIG": str(tmp_path)})
    deadline = time.monotonic() + 30
    while not pull.asked(pushed.layer) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    begun = time.monotonic()
    process.send_signal(number)
    ended = finish(process, tmp_path, begun)
    assert ended.status == 130, ended.output
    assert ended.seconds < 10
    assert f"interrupted by {number.name}" in ended.output
    assert "Traceback" not in ended.output
    assert pushed.registry.secret not in ended.output + (ended.out / "result.json").read_text()
    pull.proxy.rules = []
    assert pull() == pushed.digest  # nothing of the interrupted one is in the way


def test_what_a_run_says_of_a_pull_in_a_log(pull: Pull, pushed: Pushed, spec: Spec, tmp_path: Path) -> None:
    pull.proxy.rules = [Rule(f"GET .*/blobs/{pushed.small}", do="slow", rate=163_840)]
    configured(pull, tmp_path)
    begun = time.monotonic()
    process = launch(
        spec(image=pull.name, pull="missing"), tmp_path, environ={"DOCKER_CONFIG": str(tmp_path), "LANG": "C"}
    )
    ended = finish(process, tmp_path, begun)
    said = [line for line in ended.output.splitlines() if " of 7.0 MiB, " in line]
    assert 1 <= len(said) <= 2, ended.output
    assert re.fullmatch(r"  \d\d % of 7\.0 MiB, (\d+\.\d [KM]iB/s, )?2 of 3 layers \(2 s\)", said[0])
    assert ended.result["image"]["digest"] == pushed.digest
