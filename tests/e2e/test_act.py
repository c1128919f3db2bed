"""The action in jobs of real `act`: what a workflow sees of it, what act prints, and what is left on the engine."""

from __future__ import annotations

import functools
import io
import os
import re
import secrets
import shutil
import signal
import tarfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from docker.errors import APIError, ImageNotFound, NotFound
from harness import BASE, ROOT, do, echo
from standins.aws import Account
from standins.ecr import named, region_of
from standins.oidc import TokenService
from standins.proxy import Proxy
from standins.registry import Registry
from standins.s3 import S3

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import RUN_LABEL
from tests.e2e.act import BUILT, TOOL_CACHE, Ran, Repository, finish, read_until, repository

pytestmark = pytest.mark.xdist_group("act")
VENDORED = ".github/actions/sm-ci/action.yml"
WEIGHTS = do("read", "weights", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})
FAILING = {"name": "wrong", **{key: value for key, value in echo(json=[1, 3]).items() if key != "name"}}
KNOWN, UNKNOWN = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
"""A secret of the repository, and one that only the spec calls a secret."""


@pytest.fixture(autouse=True, scope="module")
def shared_by_all_runs(engine: Engine) -> Iterator[None]:
    """The volume and the image that act never removes go, if they were not there before."""

    def there() -> set[str]:
        volumes = (engine.api.volumes(filters={"name": TOOL_CACHE}) or {}).get("Volumes") or []
        return {TOOL_CACHE for volume in volumes if volume["Name"] == TOOL_CACHE} | {
            BUILT for _ in engine.api.images(name=BUILT)
        }

    before = there()
    yield
    with suppress(APIError):  # somebody else's act uses it
        if TOOL_CACHE in there() - before:
            engine.api.remove_volume(TOOL_CACHE)
    with suppress(APIError):
        if BUILT in there() - before:
            engine.api.remove_image(BUILT, noprune=True)  # the layers are the build cache


@contextmanager
def model_repository(
    engine: Engine, action: str, folder: Path, image: str, *, tests: list[Any], **keys: Any
) -> Iterator[Repository]:
    """What a user has: a model, its spec, and the action with an image that is released."""
    with repository(engine, folder, BASE) as made:
        vendored = made.folder / VENDORED
        vendored.parent.mkdir(parents=True)
        released = re.sub("^  image: .*$", f"  image: docker://{action}", (ROOT / "action.yml").read_text(), flags=re.M)
        vendored.write_text(released)
        (made.folder / "model").mkdir()
        (made.folder / "model" / "weights").write_text("42")
        write_spec(made, "sm-ci", image, tests=tests, **keys)
        yield made


def write_spec(made: Repository, name: str, image: str, **keys: Any) -> None:
    document = {
        "version": 1,
        "name": name,
        "image": image,
        "pull": "never",
        "model": "model",
        "startup_timeout": "10s",
        "contract": {"level": "off"},
        "environment": {"MODE": "ok"},
        **keys,
    }
    (made.folder / f"{name}.yml").write_text(yaml.safe_dump(document, sort_keys=False))


@pytest.fixture(scope="module")
def users(
    engine: Engine, action: str, fixture_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Repository]:
    """A repository with a spec that holds, one that does not, and two for a job with a network."""
    logs = do("log_env", variable="HF_TOKEN"), do("log_env", "another", variable="API_KEY")
    hidden: dict[str, Any] = {"tests": [echo(), WEIGHTS, *logs], "secrets": ["HF_TOKEN", "API_KEY"]}
    with model_repository(engine, action, tmp_path_factory.mktemp("users"), fixture_image, **hidden) as made:
        write_spec(made, "fails", fixture_image, tests=[echo(), FAILING])
        write_spec(made, "plain", fixture_image, tests=[WEIGHTS])
        write_spec(made, "isolated", fixture_image, tests=[WEIGHTS], network_isolation=True)
        yield made


def run(made: Repository, *options: str) -> Ran:
    return made.run("outcomes", *options, environ={"API_KEY": UNKNOWN}, secrets={"HF_TOKEN": KNOWN})


@pytest.fixture(scope="module")
def outcomes(users: Repository) -> Callable[[], Ran]:
    """All jobs at once, run by the first test that asks."""
    return functools.cache(lambda: run(users))


def junit(lines: list[str]) -> dict[str, str]:
    """The cases of the report that a step printed, and what happened to them."""
    root = ET.fromstring("\n".join(lines[lines.index("<?xml version='1.0' encoding='utf-8'?>") :]))
    return {
        str(case.get("name")): next(
            (child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed"
        )
        for case in root.iter("testcase")
    }


SERVED = "container comes into service"
PASSED = dict.fromkeys((SERVED, "echo", "weights", "log_env", "another"), "passed")


def assert_passed(ran: Ran) -> None:
    assert ran.job("passes") == "success", ran.output
    assert ran.printed("passes", "validate") == ["✓ sm-ci.yml: 4 tests, nothing wrong"]
    printed = ran.printed("passes", "after")
    assert printed[0] == "success 4 4 0 0 results"
    assert junit(printed) == PASSED
    assert ran.outputs("passes", "test")["junit"] == "results/junit.xml"
    assert ran.summary("passes", "test").startswith("## ✅ sm-ci passed: 4 passed in ")


def test_a_job_that_passes(outcomes: Callable[[], Ran]) -> None:
    assert_passed(outcomes())


def test_a_job_that_passes_in_a_workspace_that_is_bound(users: Repository) -> None:
    """`--bind`: act mounts the folder itself, and what the action writes is there afterwards."""
    ran = run(users, "--bind", "--job", "passes")
    assert ran.status == 0, ran.output
    assert_passed(ran)
    written = users.folder / "results"
    assert sorted(file.name for file in written.iterdir()) == ["junit.xml", "report.html", "result.json", "summary.md"]
    assert {file.stat().st_uid for file in (written, *written.iterdir())} == {users.folder.stat().st_uid}


def line_of(made: Repository, file: str, text: str) -> str:
    """The number of the line with this text."""
    lines = (made.folder / file).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return str(number)


def test_a_job_that_fails(users: Repository, outcomes: Callable[[], Ran]) -> None:
    ran = outcomes()
    assert (ran.status, ran.job("fails"), ran.step("fails", "test")) == (1, "failure", "failure")
    assert (ran.step("fails", "never"), ran.step("fails", "after")) == ("", "success")
    [error] = ran.commands("fails", "test", "error", "warning", "notice")
    place = {"file": "fails.yml", "line": line_of(users, "fails.yml", "- 3"), "col": "7", "title": "fails::wrong"}
    assert (error["command"], error["kvPairs"], error["arg"]) == ("error", place, "$[1]: expected 3, got 2")
    printed = ran.printed("fails", "after")
    assert printed[0] == "failure 2 1 1 0 sm-ci-results"
    assert junit(printed) == {SERVED: "passed", "echo": "passed", "wrong": "failure"}
    assert ran.summary("fails", "test").startswith("## ❌ fails failed: 1 passed, 1 failed in ")


def test_a_job_with_a_network_of_its_own(outcomes: Callable[[], Ran]) -> None:
    """A job with `container:` and `services:`; act puts the action into the job container's network."""
    ran = outcomes()
    assert ran.job("networked") == "success", "\n".join(ran.printed("networked", "test"))
    assert (ran.outputs("networked", "test")["total"], ran.outputs("networked", "test")["passed"]) == ("2", "2")


def test_no_secret_is_in_what_act_prints(outcomes: Callable[[], Ran]) -> None:
    """One is act's own to mask; the other is masked in later steps too, since the action asks for it."""
    ran = outcomes()
    assert ran.printed("passes", "leak") == ["*** and ***"]
    assert [secret for secret in (KNOWN, UNKNOWN) if secret in ran.told] == []


def test_the_post_step_is_silent(outcomes: Callable[[], Ran]) -> None:
    ran = outcomes()
    for job, step in (("passes", "test"), ("passes", "validate"), ("fails", "test"), ("networked", "test")):
        assert (ran.step(job, step, "Post"), ran.printed(job, step, "Post")) == ("success", [])
        assert ran.commands(job, step, "error", "warning", "notice", stage="Post") == []


def hosted(engine: Engine, mark: str) -> list[str]:
    """The containers of a spec with this mark."""
    found = []
    for container in engine.api.containers(all=True, filters={"label": RUN_LABEL}):
        with suppress(NotFound):  # another test's, and gone meanwhile
            facts = engine.api.inspect_container(container["Id"])
            found += [facts["Id"]] if f"MARK={mark}" in facts["Config"]["Env"] else []
    return found


@pytest.mark.alone  # between act's kill and its post step the container is nobody's
def test_a_cancelled_job_leaves_nothing(engine: Engine, action: str, fixture_image: str, tmp_path: Path) -> None:
    """act ends the action by force, and its post step removes what that left."""
    mark = secrets.token_hex(8)
    slow: dict[str, Any] = {"tests": [do("sleep", seconds=60)], "environment": {"MODE": "ok", "MARK": mark}}
    with model_repository(engine, action, tmp_path, fixture_image, **slow) as made:
        process = made.start("cancelled")
        read = read_until(process, "running 1 test")
        assert len(hosted(engine, mark)) == 1
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        ran = finish(process, read)
    assert (ran.status, ran.job("slow")) == (1, "failure")
    assert hosted(engine, mark) == [], ran.output
    assert time.monotonic() - begun < 30
    assert ran.step("slow", "test", "Post") == "success"
    lines = ran.printed("slow", "test", "Post")  # none, if a run that began just then was quicker to sweep
    assert [line for line in lines if not re.fullmatch(r"removed what run \w+ had left behind", line)] == []


def test_act_builds_the_action_from_its_dockerfile(
    engine: Engine, action: str, fixture_image: str, tmp_path: Path
) -> None:
    """`uses: ./`, with the base image that the tests have in place of the public one."""
    with repository(engine, tmp_path, BASE) as made:
        shutil.rmtree(made.folder)
        unneeded = shutil.ignore_patterns(".[!d]*", "tests", "bench", "examples", "__pycache__", "sm-ci-results")
        shutil.copytree(ROOT, made.folder, ignore=unneeded)
        dockerfile = made.folder / "Dockerfile"
        dockerfile.write_text(re.sub("^ARG BASE=.*$", f"ARG BASE={BASE}", dockerfile.read_text(), count=1, flags=re.M))
        write_spec(made, "sm-ci", fixture_image, model=None, tests=[echo()])
        ran = made.run("builds")
    assert ran.status == 0, ran.output
    assert any(f"docker build -t {BUILT}" in str(event["msg"]) for event in ran.events)
    assert ran.outputs("itself", "test")["passed"] == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="a name in /etc/hosts for a registry needs root")
def test_from_the_jobs_token_to_the_hosted_container(
    engine: Engine, action: str, fixture_image: str, tmp_path: Path, worker_id: str
) -> None:
    """OIDC, STS, ECR's login, the pull, the model from S3, the container, the reports; and no secret in act's log."""
    host = f"123456789012.dkr.ecr.{region_of(worker_id)}.amazonaws.com"
    image, model = f"{host}/team/fixture:1", "s3://models/churn/model.tar.gz"
    with ExitStack() as stack:
        registry = stack.enter_context(Registry(tmp_path / "registry"))
        tokens = stack.enter_context(TokenService())
        account = stack.enter_context(Account(tokens, htpasswd=registry.htpasswd, registry=host))
        s3 = stack.enter_context(S3(tmp_path / "s3"))
        bucket = stack.enter_context(Proxy(s3.url))
        bucket.rewrite = s3.signed
        registry.push(engine.api, fixture_image, "team/fixture:1")
        s3.place("models/churn/model.tar.gz", archive(weights="42"))
        stack.enter_context(named(registry.host, host))
        stack.callback(forget, engine, image)
        variables = {"ROLE": account.trust(), "IMAGE": image, "MODEL": model}
        given = [part for item in variables.items() for part in ("--var", "=".join(item))]
        made = stack.enter_context(model_repository(engine, action, tmp_path, image, tests=[WEIGHTS], pull="missing"))
        ran = made.run("aws", *given, environ={**tokens.environ, **account.environ, "AWS_ENDPOINT_URL_S3": bucket.url})
    assert ran.status == 0, ran.output
    assert junit(ran.printed("pulls", "after")) == {SERVED: "passed", "weights": "passed"}
    assert account.calls == ["AssumeRoleWithWebIdentity", "GetAuthorizationToken"]
    assert tokens.audiences == ["sts.amazonaws.com"]
    assert len(tokens.issued) == 1
    assert {secret for secret in (*tokens.secrets, *account.secrets) if secret in ran.told} == set()


def forget(engine: Engine, image: str) -> None:
    with suppress(ImageNotFound):  # nothing was pulled
        engine.api.remove_image(image, force=True)


def archive(**files: str) -> bytes:
    """A model.tar.gz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()
