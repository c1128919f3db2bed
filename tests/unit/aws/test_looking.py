"""Where credentials would come from, without asking AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from sm_ci.aws.credentials import SignIn
from sm_ci.aws.looking import endpoints, region, source
from sm_ci.errors import CredentialsMissing, CredentialsRefused

ROLE = "arn:aws:iam::123456789012:role/sm-ci"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}
TOKEN = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hunter2"}
RUNNER = {"GITHUB_ACTIONS": "true"}
CONFIG = """\
[default]
region = eu-west-1
[profile sso]
sso_session = corp
[profile program]
credential_process = /bin/false
[profile chained]
role_arn = arn:aws:iam::1:role/x
source_profile = sso
"""


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    """A person's machine with a configuration, and no metadata service."""
    file = tmp_path / "config"
    file.write_text(CONFIG)
    return {
        "AWS_CONFIG_FILE": str(file),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.mark.parametrize(
    ("role", "environ", "said"),
    [
        ("", KEYS, "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (lasting keys)"),
        (
            "",
            {**KEYS, "AWS_SESSION_TOKEN": "t"},
            "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (temporary keys)",
        ),
        (ROLE, {**RUNNER, **TOKEN}, f"this job's identity token, for the role {ROLE}"),
        ("", {**RUNNER, **TOKEN, "AWS_ROLE_ARN": ROLE}, f"this job's identity token, for the role {ROLE}"),
        (
            ROLE,
            {**RUNNER, **KEYS},
            f"the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (lasting keys), to assume {ROLE}",
        ),
        (
            "",
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": ROLE},
            f"the role {ROLE} by AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
        ("", {"AWS_PROFILE": "sso"}, "the AWS profile sso (single sign-on)"),
        ("", {"AWS_PROFILE": "program"}, "the AWS profile program (a program)"),
        ("", {"AWS_PROFILE": "chained"}, "the AWS profile chained (a role)"),
        ("", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/"}, "the role of this container"),
        ("", {**KEYS, "AWS_PROFILE": ""}, "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (lasting keys)"),
    ],
)
def test_the_source(here: dict[str, str], role: str, environ: dict[str, str], said: str) -> None:
    assert source(SignIn(role=role), {**here, **environ}) == said


@pytest.mark.parametrize(
    ("role", "environ", "kind"),
    [
        ("", {}, "no-credentials"),
        ("", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no-credentials"),
        (ROLE, RUNNER, "no-id-token-permission"),
    ],
)
def test_there_are_none(here: dict[str, str], role: str, environ: dict[str, str], kind: str) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        source(SignIn(role=role), {**here, **environ})
    assert caught.value.kind == kind


def test_a_profile_that_is_not_there(here: dict[str, str]) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        source(SignIn(), {**here, "AWS_PROFILE": "nobody"})
    assert str(caught.value) == (
        "the AWS configuration cannot be read: The config profile (nobody) could not be found\n"
        "Check AWS_PROFILE, ~/.aws/config and ~/.aws/credentials."
    )


def test_region_and_endpoints(here: dict[str, str]) -> None:
    assert region(SignIn(), here) == "eu-west-1"
    assert region(SignIn(region="us-west-2"), here) == "us-west-2"
    assert endpoints(here) == ()
    assert endpoints({**here, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}) == ("sts: http://127.0.0.1:1",)
