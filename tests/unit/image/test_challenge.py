from __future__ import annotations

import pytest

from sm_ci.image.challenge import basic, bearer, challenges, loopback, may_be_asked, token_address
from sm_ci.image.login import Login

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"'


def test_ecr_asks_for_basic() -> None:
    (asked,) = challenges(
        'Basic realm="https://123456789012.dkr.ecr.us-east-1.amazonaws.com/",service="ecr.amazonaws.com"'
    )
    assert asked.scheme == "basic"
    assert asked.parameters["service"] == "ecr.amazonaws.com"


def test_docker_hub_asks_for_a_token() -> None:
    (asked,) = challenges(HUB)
    address = "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Aa%2Fb%3Apull"
    assert token_address(asked, "a/b") == address


def test_several_in_one_header_and_foreign_ones() -> None:
    basic_, bearer_ = challenges(
        'Negotiate, Basic realm="a, Bearer b", Bearer realm="https://t/x?y=1",error="invalid_token", Digest realm="evil"'
    )
    assert (basic_.scheme, dict(basic_.parameters)) == ("basic", {"realm": "a, Bearer b"})
    assert dict(bearer_.parameters) == {"realm": "https://t/x?y=1", "error": "invalid_token"}
    assert token_address(bearer_, "r") == "https://t/x?y=1&scope=repository%3Ar%3Apull"


@pytest.mark.parametrize("header", ["", "Digest qop=auth", "Negotiate", "=,=", ",,,", '"'])
def test_no_way_in(header: str) -> None:
    assert challenges(header) == ()


def test_a_scheme_alone() -> None:
    assert [one.scheme for one in challenges("Basic")] == ["basic"]


@pytest.mark.parametrize(
    ("address", "local", "may"),
    [
        ("https://auth.docker.io/token", False, True),
        ("http://auth.example/token", False, False),
        ("http://auth.example/token", True, False),
        ("http://127.0.0.1:5001/token", True, True),
        ("http://127.0.0.1:5001/token", False, False),
        ("/token", True, False),
        ("ftp://x/", True, False),
        ("https://[", False, False),
        ("https:///token", False, False),
    ],
)
def test_a_login_goes_by_tls_or_stays_here(address: str, local: bool, may: bool) -> None:
    assert may_be_asked(address, local=local) is may


def test_loopback_names() -> None:
    assert [loopback(host) for host in ("localhost", "127.8.9.1", "::1", "10.0.0.1", "localhost.example", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_headers() -> None:
    assert basic(Login(username="AWS", password="é")) == "Basic QVdTOsOp"
    assert bearer(b'{"token": "t"}') == bearer(b'{"access_token": "t"}') == "Bearer t"
    for odd in (b"", b"[]", b"{}", b'{"token": 1}', b'{"token": "a\\r\\nb"}', b'{"token": ""}'):
        assert bearer(odd) == ""


def test_a_login_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(Login(username="ann", password="hunter2"))
