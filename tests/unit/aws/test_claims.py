"""Claims of an identity token, shown without being trusted."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.aws.claims import GITHUB, Claims, read


def token(payload: Any) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return f"e30.{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}.c2ln"


def test_the_claims_of_a_job() -> None:
    payload = {
        "iss": f"https://{GITHUB}",
        "sub": "repo:acme/models:ref:refs/heads/ünï",
        "aud": "sts.amazonaws.com",
        "iat": 1_700_000_000,
        "exp": 1_700_000_300,
        "repository_owner_id": "11",
        "repository_id": "22",
    }
    claims = read(token(payload))
    assert claims == Claims(
        subject="repo:acme/models:ref:refs/heads/ünï",
        audience="sts.amazonaws.com",
        issued=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        expires=datetime(2023, 11, 14, 22, 18, 20, tzinfo=UTC),
        owner_id="11",
        repository_id="22",
    )
    assert claims.subjects() == (
        "repo:acme/models:ref:refs/heads/ünï",
        "repo:acme@11/models@22:ref:refs/heads/ünï",
    )


@pytest.mark.parametrize(
    ("subject", "subjects"),
    [
        (
            "repo:acme@11/models@22:pull_request",
            ("repo:acme@11/models@22:pull_request", "repo:acme/models:pull_request"),
        ),
        ("repository_owner:acme:workflow:ci", ("repository_owner:acme:workflow:ci",)),  # a template of the owner's
        ("repo:acme/models:pull_request", ("repo:acme/models:pull_request",)),  # no ids in the token
        ("", ()),
    ],
)
def test_the_forms_of_a_subject(subject: str, subjects: tuple[str, ...]) -> None:
    assert read(token({"sub": subject})).subjects() == subjects


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "a.b",
        "a.!!!.c",
        "a.é.c",
        token("[1]"),
        token("{"),
        token("[" * 100_000),
        token({"sub": 1, "aud": {}, "iat": "x", "exp": 1e300, "iss": None}),
    ],
    ids=range(9),
)
def test_what_is_no_token_has_no_claims(text: str) -> None:
    assert read(text) == Claims()


def test_a_list_of_audiences() -> None:
    assert read(token({"aud": ["a", "b"]})).audience == "a"
    assert read(token({"aud": []})).audience == ""


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    read(text)
    read(f"a.{text}.b")
