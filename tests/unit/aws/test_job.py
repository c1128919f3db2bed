"""Why a job has no identity token: forks by GitHub's event file, Dependabot, the permission."""

import json
from pathlib import Path
from typing import Any

import pytest

from sm_ci.aws.job import no_credentials, no_token

JOB = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
ROLE = "arn:aws:iam::123456789012:role/sm-ci"
BASE = {"repo": {"full_name": "acme/models"}}


def kind(folder: Path, event: Any, **environ: str) -> str:
    file = folder / "event.json"
    file.write_bytes(event if isinstance(event, bytes) else json.dumps(event).encode())
    return no_token({**JOB, "GITHUB_EVENT_PATH": str(file), **environ}, ROLE).kind


def request(head: Any, base: Any = BASE) -> dict[str, Any]:
    return {"pull_request": {"head": head, "base": base}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (request({"repo": {"full_name": "mallory/models"}}), "no-token-in-fork"),
        (request({"repo": {"full_name": "acme/models"}}), "no-id-token-permission"),
        (request({"repo": {"full_name": "ACME/Models"}}), "no-id-token-permission"),
        (request({"repo": None}), "no-token-in-fork"),
        (request({}), "no-id-token-permission"),
        (request({"repo": {"full_name": "mallory/models"}}, {}), "no-id-token-permission"),
        (request("x"), "no-id-token-permission"),
        (request({"repo": {"full_name": 7}}), "no-id-token-permission"),
        ({"pull_request": []}, "no-id-token-permission"),
        ([1], "no-id-token-permission"),
        (b"{", "no-id-token-permission"),
        (b"\xff\xfe", "no-id-token-permission"),
        (b"[" * 100_000, "no-id-token-permission"),
    ],
    ids=range(13),
)
def test_the_event_file(event: Any, expected: str, tmp_path: Path) -> None:
    assert kind(tmp_path, event) == expected


def test_other_events_are_no_forks(tmp_path: Path) -> None:
    fork = request({"repo": {"full_name": "mallory/models"}})
    for event in ("pull_request_target", "push", "workflow_run"):
        assert kind(tmp_path, fork, GITHUB_EVENT_NAME=event) == "no-id-token-permission"
    assert kind(tmp_path, fork, GITHUB_ACTOR="dependabot[bot]") == "no-token-for-dependabot"


@pytest.mark.parametrize("path", ["", "/nonexistent/event.json", "/"])
def test_without_an_event_file(path: str) -> None:
    assert no_token({**JOB, "GITHUB_EVENT_PATH": path}, ROLE).kind == "no-id-token-permission"


def test_a_fork_that_was_deleted_is_named_so(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(request({"repo": None})))
    fault = no_token({**JOB, "GITHUB_EVENT_PATH": str(file)}, ROLE)
    assert fault.message == (
        "this pull request comes from a fork (deleted since), and has no AWS credentials: "
        "GitHub withholds secrets and identity tokens from it"
    )


def test_dependabot() -> None:
    fault = no_credentials({**JOB, "GITHUB_ACTOR": "dependabot[bot]"})
    assert fault.kind == "no-token-for-dependabot"
    assert str(fault) == (
        "this run is Dependabot's, and has no AWS credentials: GitHub withholds secrets and identity tokens from it\n"
        "Have a person with write access run the job again, or write 'without-credentials: skip' to have its tests "
        "skipped instead.\n"
        "If the job does not ask for the token yet, add:\n"
        "permissions:\n"
        "  id-token: write   # to ask for an identity token\n"
        "  contents: read    # naming one permission drops all others, and actions/checkout needs this one"
    )


def test_no_credentials_at_all() -> None:
    here = no_credentials({"GITHUB_ACTOR": "dependabot[bot]"})
    assert here.kind == "no-credentials"
    assert str(here) == (
        "there are no AWS credentials here: no variables, no profile, no role of this machine\n"
        "Log in with 'aws sso login' or 'aws configure', and name the profile: export AWS_PROFILE=NAME."
    )
    job = no_credentials(JOB)
    assert job.kind == "no-credentials"
    assert str(job) == (
        "this job has no AWS credentials: neither role-to-assume nor AWS_ACCESS_KEY_ID is set\n"
        "Give the step 'role-to-assume: arn:aws:iam::ACCOUNT:role/NAME', and add to the job:\n"
        "permissions:\n"
        "  id-token: write   # to ask for an identity token\n"
        "  contents: read    # naming one permission drops all others, and actions/checkout needs this one\n"
        "Or run aws-actions/configure-aws-credentials before it; not with aws-profile, which writes a file that the "
        "action's container does not see."
    )
