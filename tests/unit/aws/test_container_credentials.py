"""The endpoint that gives a container its role's credentials: to botocore, to who has the token, and to nobody else."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.credentials import ContainerProvider

from sm_ci.aws.container_credentials import ContainerCredentials
from sm_ci.aws.credentials import Credentials
from sm_ci.errors import CredentialsRefused

ROLE = "arn:aws:iam::123456789012:role/execution"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Source:
    """Credentials numbered by how often they were fetched."""

    def __init__(self, *, lasts: float = 3600) -> None:
        self.now = NOW
        self.fetched, self.lasts, self.refuses = 0, lasts, False
        self.hidden: list[str] = []
        self.said: list[str] = []

    def __call__(self) -> Credentials:
        if self.refuses:
            raise CredentialsRefused("AWS denies it")
        self.fetched += 1
        return Credentials(
            access_key_id=f"ASIA{self.fetched}",
            secret_access_key="secret",
            session_token="token",
            expires=self.now + timedelta(seconds=self.lasts),
        )

    def endpoint(self) -> ContainerCredentials:
        return ContainerCredentials(
            self, role=ROLE, address="127.0.0.1", hide=self.hidden.extend, say=self.said.append, now=lambda: self.now
        )


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def endpoint(source: Source) -> Iterator[ContainerCredentials]:
    with source.endpoint() as served:
        yield served


def ask(
    endpoint: ContainerCredentials, method: str = "GET", path: str = "", token: str | None = ""
) -> tuple[int, bytes]:
    variables = endpoint.environment()
    address = urlsplit(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    given = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] if token == "" else token
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=5)
    try:
        connection.request(method, path or address.path, headers={"Authorization": given} if given else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_form_that_sdks_expect(endpoint: ContainerCredentials, source: Source) -> None:
    status, body = ask(endpoint)
    assert (status, json.loads(body)) == (
        200,
        {
            "AccessKeyId": "ASIA1",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": "2026-01-01T01:00:00Z",
            "RoleArn": ROLE,
        },
    )


def test_botocore_takes_them(source: Source) -> None:
    source.now = datetime.now(UTC)
    with source.endpoint() as endpoint:
        loaded = ContainerProvider(environ=endpoint.environment()).load()
        frozen = loaded.get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key, frozen.token) == ("ASIA1", "secret", "token")
    assert source.fetched == 1


def test_nobody_else_is_answered(endpoint: ContainerCredentials) -> None:
    assert ask(endpoint, token="wrong") == (403, b"")
    assert ask(endpoint, token=None) == (403, b"")
    assert ask(endpoint, token="\xff") == (403, b"")
    assert ask(endpoint, path="/role/other", token=None) == (403, b"")
    assert ask(endpoint, path="/") == (404, b"")
    assert ask(endpoint, path="/role/%2e%2e/") == (404, b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "<script>"):
        assert ask(endpoint, method) == (501, b"")
    status, body = ask(endpoint, "HEAD")
    assert (status, body) == (501, b"")


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 100_000]
)
def test_what_is_no_request(sent: bytes, endpoint: ContainerCredentials) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as connection:
        received = b""
        with suppress(OSError):  # it may hang up before it has heard all
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            received = connection.recv(65536)
    assert b"ASIA" not in received
    assert sent[:20].strip() not in received
    assert ask(endpoint)[0] == 200


def test_they_are_renewed_before_they_end(source: Source, endpoint: ContainerCredentials) -> None:
    assert source.fetched == 1
    ask(endpoint)
    source.now += timedelta(minutes=39)
    ask(endpoint)
    assert source.fetched == 1
    source.now += timedelta(minutes=2)
    assert json.loads(ask(endpoint)[1])["AccessKeyId"] == "ASIA2"
    assert json.loads(ask(endpoint)[1])["Expiration"] == "2026-01-01T01:41:00Z"


def test_old_ones_are_good_until_their_end(source: Source, endpoint: ContainerCredentials) -> None:
    source.refuses = True
    source.now += timedelta(minutes=50)
    assert json.loads(ask(endpoint)[1])["AccessKeyId"] == "ASIA1"
    source.now += timedelta(minutes=10)
    assert ask(endpoint) == (503, b"")
    assert source.said[-1] == "the container's credentials could not be renewed: AWS denies it"
    source.refuses = False
    assert json.loads(ask(endpoint)[1])["AccessKeyId"] == "ASIA2"


def test_a_refusal_is_said_before_anything_listens() -> None:
    source = Source()
    source.refuses = True
    with pytest.raises(CredentialsRefused), source.endpoint():
        pass


def test_the_container_may_reach_it_elsewhere(source: Source, endpoint: ContainerCredentials) -> None:
    variables = endpoint.environment(host="169.254.170.2", port=80)
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://169.254.170.2:80/role/")
    path = urlsplit(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).path
    assert source.hidden == [variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"], path.removeprefix("/role/")]
    assert "secret" not in repr(endpoint)
    assert source.hidden[0] not in repr(endpoint)


def test_one_that_hangs_does_not_keep_others_out(endpoint: ContainerCredentials) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as silent:
        silent.sendall(b"GET / HT")
        assert ask(endpoint)[0] == 200


def test_connections_are_counted(endpoint: ContainerCredentials) -> None:
    held = [socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) for _ in range(16)]
    try:
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            ask(endpoint)
    finally:
        for connection in held:
            connection.close()


def test_it_ends_with_the_block(source: Source) -> None:
    with source.endpoint() as endpoint:
        port = endpoint.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
