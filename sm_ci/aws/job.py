"""The job on GitHub's runner that we are part of, and why it may have no identity token. Reads the event's file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sm_ci.aws.advice import PERMISSIONS, SKIP
from sm_ci.errors import CredentialsMissing

_EVENT_BYTES = (
    25 * 2**20
)  # GitHub's limit of a webhook's payload: https://docs.github.com/en/webhooks/webhook-events-and-payloads
_FROM_FORKS = {
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
}  # the events that a fork's code runs in


def on_runner(environ: Mapping[str, str]) -> bool:
    """Whether a runner of GitHub Actions started us."""
    return environ.get("GITHUB_ACTIONS") == "true"


def no_token(environ: Mapping[str, str], role: str) -> CredentialsMissing:
    """Why this job has no identity token for the role: a fork, Dependabot, or a missing permission."""
    return _restricted(environ) or CredentialsMissing(
        f"this job may not ask for an identity token, which the role {role} needs: ACTIONS_ID_TOKEN_REQUEST_URL is not set",
        remedy=f"Add to the job, or to the workflow:\n{PERMISSIONS}\n"
        "A reusable workflow needs it in the job that calls it too; a container of the job, or a 'docker run' of yours, "
        "has to pass ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN on.",
        kind="no-id-token-permission",
    )


def no_credentials(environ: Mapping[str, str]) -> CredentialsMissing:
    """Why there are none at all, when no role was named."""
    if not on_runner(environ):
        return CredentialsMissing(
            "there are no AWS credentials here: no variables, no profile, no role of this machine",
            remedy="Log in with 'aws sso login' or 'aws configure', and name the profile: export AWS_PROFILE=NAME.",
            kind="no-credentials",
        )
    return _restricted(environ) or CredentialsMissing(
        "this job has no AWS credentials: neither role-to-assume nor AWS_ACCESS_KEY_ID is set",
        remedy="Give the step 'role-to-assume: arn:aws:iam::ACCOUNT:role/NAME', and add to the job:\n"
        f"{PERMISSIONS}\n"
        "Or run aws-actions/configure-aws-credentials before it; not with aws-profile, which writes a file that the "
        "action's container does not see.",
        kind="no-credentials",
    )


def _restricted(environ: Mapping[str, str]) -> CredentialsMissing | None:
    if not on_runner(environ):
        return None
    if environ.get("GITHUB_ACTOR") == "dependabot[bot]":
        return CredentialsMissing(
            "this run is Dependabot's, and has no AWS credentials: GitHub withholds secrets and identity tokens from it",
            remedy=f"Have a person with write access run the job again, or {SKIP}.\n"
            f"If the job does not ask for the token yet, add:\n{PERMISSIONS}",
            kind="no-token-for-dependabot",
        )
    if fork := _fork(environ):
        return CredentialsMissing(
            f"this pull request comes from a fork ({fork}), and has no AWS credentials: "
            "GitHub withholds secrets and identity tokens from it",
            remedy=f"Run the job on a branch of this repository, or {SKIP}. "
            "Do not use pull_request_target for it: the fork's code would run with your credentials.",
            kind="no-token-in-fork",
        )
    return None


def _fork(environ: Mapping[str, str]) -> str:
    """The fork that the pull request comes from, by name; empty when it comes from none, or nobody knows."""
    if environ.get("GITHUB_EVENT_NAME") not in _FROM_FORKS:
        return ""
    request = _at(_event(environ.get("GITHUB_EVENT_PATH", "")), "pull_request")
    base = _at(request, "base", "repo", "full_name")
    if not isinstance(base, str):
        return ""
    if "repo" in (head := _at(request, "head") or {}) and head["repo"] is None:
        return "deleted since"
    name = _at(head, "repo", "full_name")
    return name if isinstance(name, str) and name.lower() != base.lower() else ""


def _event(path: str) -> Any:
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            return json.loads(file.read(_EVENT_BYTES))
    except (OSError, ValueError, RecursionError):  # no event, then: another cause is named
        return None


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
