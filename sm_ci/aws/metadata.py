"""The EC2 instance metadata service: does it answer from here, with the machine's role for anyone who asks? Speaks HTTP.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sm_ci.errors import Finding, Severity

if TYPE_CHECKING:
    import http.client

ADDRESS = "http://169.254.169.254"
_TOKEN = "/latest/api/token"  # noqa: S105 - version 2 begins with it
_ROLES = "/latest/meta-data/iam/security-credentials/"  # version 1 gives it to whoever asks
_LONGEST = 256  # of a role's name in bytes, with room


def answers(environ: Mapping[str, str], timeout: float = 0.3) -> bool:
    """Whether the service answers a process here, in version 2, or with a role in version 1. Never raises.

    `timeout` is seconds for each of the two. Other clouds answer at the same address, but to neither.
    """
    address = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or ADDRESS
    asked = _ask(address, "PUT", _TOKEN, {"X-aws-ec2-metadata-token-ttl-seconds": "1"}, timeout)
    if asked is None:
        return False
    return bool(asked) or bool(_ask(address, "GET", _ROLES, {}, timeout))


def listens(address: str, timeout: float) -> bool:
    """Whether anything takes a connection there. Never raises."""
    connection = _connected(address, timeout)
    if connection is not None:
        connection.close()
    return connection is not None


def reachable() -> Finding:
    """The warning for the report."""
    return Finding(
        rule="instance-metadata-reachable",
        severity=Severity.WARNING,
        message="the EC2 instance metadata service answers from a container: "
        "the container under test can take the credentials of this runner's role",
        remedy="let answers go no further than the machine: aws ec2 modify-instance-metadata-options --instance-id ID "
        "--http-tokens required --http-put-response-hop-limit 1; "
        "or drop the way there: iptables -I DOCKER-USER -d 169.254.169.254 -j DROP",
    )


def _ask(address: str, method: str, path: str, headers: Mapping[str, str], timeout: float) -> bytes | None:
    """The answer's body; empty when it is no 200 or does not come, None when nothing listens there."""
    from http.client import HTTPException

    connection = _connected(address, timeout)
    if connection is None:
        return None
    try:
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        body = response.read(_LONGEST)
        return body.strip() if response.status == 200 else b""
    except (OSError, ValueError, HTTPException):  # a hop limit lets the connection through, the token not
        return b""
    finally:
        connection.close()


def _connected(address: str, timeout: float) -> http.client.HTTPConnection | None:
    from http.client import HTTPConnection

    try:
        parts = urlsplit(address)
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        connection.connect()
    except (OSError, ValueError):
        return None
    return connection
