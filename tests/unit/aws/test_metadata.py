"""Whether the instance metadata service answers: version 2, version 1, other clouds, nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sm_ci.aws.metadata import answers, reachable


@contextmanager
def service(put: int | None, get: int, body: bytes = b"ci-runner") -> Iterator[dict[str, str]]:
    """A metadata service; `put` None takes the connection and says nothing, as with a hop limit of 1."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            if put is None:
                stop.wait(5)
                return
            asked = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
            self.answer(put if asked else 400, b"AQAEAToken==")

        def do_GET(self) -> None:
            self.answer(get if self.path == "/latest/meta-data/iam/security-credentials/" else 400, body)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{server.server_port}/"}
    finally:
        stop.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("put", "get", "body", "expected"),
    [
        (200, 401, b"", True),  # version 2 required
        (403, 200, b"ci-runner", True),  # version 1 alone
        (403, 200, b"", False),  # a machine without a role
        (404, 404, b"", False),  # another cloud
    ],
)
def test_answers(put: int, get: int, body: bytes, *, expected: bool) -> None:
    with service(put, get, body) as environ:
        assert answers(environ, timeout=5) is expected


def test_a_hop_limit_stops_version_2_alone() -> None:
    listener = socket.create_server(("127.0.0.1", 0))  # takes connections, answers neither
    with listener:
        assert (
            answers({"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{listener.getsockname()[1]}"}, 0.05)
            is False
        )


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://", "nonsense", "http://[::1", "http://a b:99999999/"]
)
def test_it_never_raises(address: str) -> None:
    assert answers({"AWS_EC2_METADATA_SERVICE_ENDPOINT": address}, timeout=0.2) is False


def test_the_warning() -> None:
    assert str(reachable()) == (
        "the EC2 instance metadata service answers from a container: "
        "the container under test can take the credentials of this runner's role; "
        "let answers go no further than the machine: aws ec2 modify-instance-metadata-options --instance-id ID "
        "--http-tokens required --http-put-response-hop-limit 1; "
        "or drop the way there: iptables -I DOCKER-USER -d 169.254.169.254 -j DROP"
    )
    assert (reachable().rule, reachable().severity) == ("instance-metadata-reachable", "warning")
