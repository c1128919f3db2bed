"""`sm-ci doctor`, where things are well and where they are broken. It never takes longer than people wait."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from harness import CLEAN_ENVIRON, ROOT
from standins.aws import Account
from standins.oidc import TokenService

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import labels, myself

SECRET = "hunter2hunter2"
ALONE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"}
"""No AWS configuration of the machine's."""
LONGEST = 5.0
ROOM = 2.5
"""Seconds that other work on the machine may take: the start of Python and of nothing else is so slow then."""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with TokenService() as tokens, Account(tokens) as account:
        yield account


def doctor(
    *options: str, environ: Mapping[str, str] | None = None, prefix: Sequence[str] = (), cwd: Path = ROOT
) -> tuple[int, str]:
    """Runs it to its end: status, and what it printed on both streams."""
    begun = time.monotonic()
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "sm_ci", "doctor", *options],
        cwd=cwd,
        env={**CLEAN_ENVIRON, **ALONE, "PYTHONPATH": str(ROOT), **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert time.monotonic() - begun < LONGEST + ROOM
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def checks(output: str) -> dict[str, dict[str, Any]]:
    """The lines of the JSON, by part and name."""
    return {f"{check['part']}: {check['what']}": check for check in json.loads(output)["checks"]}


def test_all_is_well(engine: Engine) -> None:
    status, output = doctor()
    assert status == 0, output
    assert [line for line in output.splitlines() if not line.startswith(" ")] == [
        "machine",
        "Docker",
        "GPU",
        "access",
        "A run can work here.",
    ]
    facts = engine.facts
    assert f"  ✓ engine: {facts.version}, API {engine.api.api_version}, {facts.operating_system}" in output
    assert "  ✓ our place: on the machine; the container is reached by the container's own address\n" in output
    assert "  ✓ this folder: the engine sees it: models are mounted\n" in output
    assert (
        "  ! AWS credentials: there are no AWS credentials here: no variables, no profile, no role of this machine; "
        "needed for images in ECR, models in S3 and execution_role, for nothing else\n"
        "      Log in with 'aws sso login' or 'aws configure', and name the profile: export AWS_PROFILE=NAME.\n"
    ) in output


def test_programs_read_json_and_secrets_are_nowhere(tmp_path: Path) -> None:
    login = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    (tmp_path / "config.json").write_text(
        json.dumps({"auths": {"ghcr.io": {"auth": login}}, "credHelpers": {"x.example": "ecr-login"}})
    )
    environ = {
        "AWS_ACCESS_KEY_ID": f"AKIA{SECRET}",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-west-1",
        "SM_CI_REGISTRY_PASSWORD": SECRET,
        "HTTPS_PROXY": f"http://ann:{SECRET}@proxy.example:3128",
        "NO_PROXY": "localhost",
        "DOCKER_CONFIG": str(tmp_path),
    }
    status, output = doctor("--json", environ=environ)
    assert status == 0, output
    assert SECRET not in output
    assert login not in output
    document, found = json.loads(output), checks(output)
    assert (document["schema"], document["usable"]) == (1, True)
    assert found["access: AWS credentials"] == {
        "part": "access",
        "what": "AWS credentials",
        "status": "good",
        "value": "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (lasting keys)",
        "remedy": "",
    }
    assert found["access: AWS region"]["value"] == "eu-west-1"
    assert found["access: registries"]["value"] == (
        "a password in SM_CI_REGISTRY_PASSWORD; docker login: ghcr.io, x.example"
    )
    assert found["machine: proxies"]["value"] == (
        "HTTPS_PROXY=proxy.example:3128, NO_PROXY=localhost; for AWS and registries, not for the container or on the way to it"
    )


@pytest.mark.parametrize(
    ("host", "said", "remedy"),
    [
        ("unix:///none.sock", "no Docker engine answers at unix:///none.sock", "Start Docker, or set DOCKER_HOST."),
        (
            "nonsense://x",
            "cannot use the Docker engine at nonsense://x: ",
            "Check DOCKER_HOST and try: docker version",
        ),
    ],
    ids=["none", "no address"],
)
def test_without_an_engine_no_run_works_and_the_rest_is_told(host: str, said: str, remedy: str) -> None:
    status, output = doctor(environ={"DOCKER_HOST": host})
    assert status == 3, output
    lines = output.splitlines()
    (failed,) = [number for number, line in enumerate(lines) if line.startswith("  ✗")]
    assert said in lines[failed]
    assert lines[failed + 1].startswith(f"      {remedy}")
    assert lines[-1] == "No run can work here: mend what has a ✗."
    assert "  ! AWS credentials: " in output


def test_an_engine_and_an_nvidia_smi_that_hang_hold_nothing_up(tmp_path: Path) -> None:
    """The engine takes connections and says nothing."""
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        host = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        environ = {"DOCKER_HOST": host, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        status, output = doctor("--json", environ=environ)
    assert status == 3, output
    found = checks(output)
    for part, told in (("Docker", "failed"), ("GPU", "odd")):
        line = found[f"{part}: {part}"]
        assert (line["status"], line["value"]) == (told, "no answer within 4 s")
    assert "access: AWS credentials" in found


def test_a_user_without_the_right_to_the_engine_and_to_this_folder(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    status, output = doctor(
        "--json",
        prefix=("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"),
        cwd=Path("/"),
    )
    assert status == 3, output
    found = checks(output)
    assert found["Docker: engine"] == {
        "part": "Docker",
        "what": "engine",
        "status": "failed",
        "value": "no permission to use the Docker engine at unix:///var/run/docker.sock",
        "remedy": "Add the user to the group 'docker' (and log in again), or run as root.",
    }
    assert (found["machine: this folder"]["status"], found["machine: this folder"]["value"]) == (
        "failed",
        "/ cannot be written to",
    )


@pytest.mark.alone
def test_what_a_killed_run_left_is_counted_and_left_alone(engine: Engine) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    gone = f"{myself().boot}/{myself().namespace}/{ended.pid}/1/"
    volume = engine.api.create_volume("sm-ci-doctor", labels={**labels("d0c702", myself()), "io.sm-ci.owner": gone})
    try:
        status, output = doctor("--json")
        found = checks(output)["Docker: leftovers"]
        assert (status, found["status"], found["remedy"]) == (0, "odd", "The next run removes them.")
        assert "volume of run d0c702" in found["value"]
        assert engine.api.inspect_volume(volume["Name"])
    finally:
        engine.api.remove_volume("sm-ci-doctor", force=True)


def test_on_a_runner(tmp_path: Path) -> None:
    environ = {
        "GITHUB_ACTIONS": "true",
        "RUNNER_ENVIRONMENT": "self-hosted",
        "RUNNER_OS": "Linux",
        "GITHUB_WORKSPACE": "/nowhere",
        "GITHUB_OUTPUT": str(tmp_path),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/::error::x",
    }
    status, output = doctor(environ=environ)
    assert status == 0, output
    assert "  ✓ GitHub runner: self-hosted, Linux\n" in output
    assert "  ! workspace: /nowhere is not there\n" in output
    assert "  ! its files: not there: GITHUB_STEP_SUMMARY, GITHUB_STATE; outputs and summary stay unwritten\n" in output
    assert "  ✓ OIDC: this job may not ask for an identity token (permissions: id-token: write)\n" in output
    assert "  ! AWS credentials: this job may not ask for an identity token, which the role " in output
    assert not [line for line in output.splitlines() if line.lstrip().startswith("::")]


def test_aws_is_asked_who_we_are_only_on_wish(account: Account) -> None:
    environ = {**account.environ, **account.tokens.environ, "GITHUB_ACTIONS": "true"}
    account.trust()
    status, output = doctor("--json", "--role-to-assume", account.role, environ=environ)
    assert (status, account.calls) == (0, [])
    found = checks(output)
    assert found["access: AWS credentials"]["value"] == f"this job's identity token, for the role {account.role}"
    assert "access: AWS identity" not in found
    assert found["access: AWS endpoint"]["value"].startswith(("sts: ", "ecr: "))

    status, output = doctor("--json", "--online", "--role-to-assume", account.role, environ=environ)
    assert status == 0, output
    told = checks(output)["access: AWS identity"]["value"]
    assert told.startswith(f"arn:aws:sts::{account.number}:assumed-role/sm-ci/")
    assert not [secret for secret in (*account.secrets, *account.tokens.secrets) if secret in output]


def test_a_role_that_does_not_trust_us_is_told_with_what_to_add(account: Account) -> None:
    account.reset()
    environ = {**account.environ, **account.tokens.environ, "GITHUB_ACTIONS": "true"}
    status, output = doctor("--json", "--online", "--role-to-assume", account.role, environ=environ)
    assert status == 3, output
    found = checks(output)["access: AWS identity"]
    assert found["status"] == "failed"
    assert "sts:AssumeRoleWithWebIdentity" in found["remedy"]
