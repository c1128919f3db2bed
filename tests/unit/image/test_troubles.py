from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime

import pytest

from sm_ci.image.here import addresses, is_here
from sm_ci.image.troubles import attempts, retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
    ],
)
def test_how_long_a_server_asks_to_wait(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def _wrapped(inner: BaseException) -> OSError:
    outer = OSError("Max retries exceeded")
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (ConnectionRefusedError(), 4),
        (_wrapped(ConnectionResetError()), 4),
        (_wrapped(TimeoutError()), 2),
        (_wrapped(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), 1),
        (_wrapped(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")), 4),
        (_wrapped(ssl.SSLCertVerificationError("self-signed")), 1),
        (_wrapped(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")), 4),
        (UnicodeError("label too long"), 1),
    ],
)
def test_what_is_worth_another_attempt(error: BaseException, times: int) -> None:
    assert attempts(error, 4) == times


def test_what_is_here() -> None:
    names = {"ecr.example": ["127.0.0.1"], "far.example": ["198.51.100.1"]}
    for host, here in {
        "127.0.0.1:5000": True,
        "localhost": True,
        "[::1]:5000": True,
        "ecr.example:443": True,
        "far.example": False,
        "none.example": False,
    }.items():
        assert is_here(host, lambda name: names.get(name, [])) is here


def test_no_such_host_has_no_address() -> None:
    assert addresses("registry.invalid") == []
    assert addresses("x" * 70 + ".example") == []
