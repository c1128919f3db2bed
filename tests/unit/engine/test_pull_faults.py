"""Which cause the engine's words stand for, and what the user is told of it."""

from __future__ import annotations

import pytest

from sm_ci.engine.pull_faults import Asked, judged, login_unreadable, stood_still
from sm_ci.engine.pull_progress import PullProgress
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.reference import Reference

HOST, NAME = "127.0.0.1:5600", "127.0.0.1:5600/team/churn:1.9"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1.9"
URL = f"http://{HOST}/v2/team/churn/manifests/1.9"
LOGIN = "the login given, user 'AWS'"
DENIED = f"pull access denied for {ECR.removesuffix(':1.9')}, repository does not exist or may require 'docker login': denied: "
NOT_ALLOWED = "User: arn:aws:iam::1:user/u is not authorized to perform: ecr:BatchGetImage on resource: x"
CONTAINERD = f'failed to resolve reference "{NAME}": '


def asked(name: str = NAME, login: str = "") -> Asked:
    return Asked(name=name, reference=Reference.parse(name), login=login)


@pytest.mark.parametrize(
    ("why", "kind", "tries"),
    [
        # Docker Engine 20.10, seen
        (f'Head "{URL}": no basic auth credentials', "login-needed", 1),
        (f"manifest for {NAME} not found: manifest unknown: manifest unknown", "image-missing", 1),
        (f"manifest for {NAME} not found: manifest unknown: Requested image not found", "image-missing", 1),
        (f"repository {HOST}/team/churn not found: name unknown: The repository does not exist", "image-missing", 1),
        (f'Get "http://{HOST}/v2/": dial tcp {HOST}: connect: connection refused', "registry-unreachable", 1),
        ('Get "https://h/v2/": dial tcp: lookup h on 10.0.0.2:53: no such host', "registry-unreachable", 1),
        (f'Get "http://{HOST}/v2/": dial tcp {HOST}: i/o timeout', "registry-unreachable", 4),
        (f'Get "https://{HOST}/v2/": net/http: TLS handshake timeout', "registry-unreachable", 4),
        (
            f'Get "http://{HOST}/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
            "registry-unreachable",
            4,
        ),
        (f'Get "https://{HOST}/v2/": x509: certificate signed by unknown authority', "registry-untrusted", 1),
        (f'Get "https://{HOST}/v2/": http: server gave HTTP response to HTTPS client', "registry-unreachable", 1),
        ("received unexpected HTTP status: 503 Service Unavailable", "registry-failed", 4),
        ("toomanyrequests: Rate exceeded", "throttled", 4),
        (
            "error pulling image configuration: download failed after attempts=1: toomanyrequests: Rate exceeded",
            "throttled",
            4,
        ),
        (
            "download failed after attempts=6: received unexpected HTTP status: 500 Internal Server Error",
            "registry-failed",
            2,
        ),
        ("unexpected EOF", "registry-failed", 4),
        (f'Head "{URL}": EOF', "registry-failed", 4),
        (f'Get "{URL}": read tcp 10.0.0.1:5->10.0.0.2:443: read: connection reset by peer', "registry-failed", 4),
        ("filesystem layer verification failed for digest sha256:0123", "image-corrupt", 1),
        (
            "error unmarshalling content: invalid character '<' looking for beginning of value",
            "registry-failed",
            1,
        ),
        ("no matching manifest for linux/amd64 in the manifest list entries", "no-platform", 1),
        ("write /var/lib/docker/tmp/GetImageBlob225: no space left on device", "disk-full", 1),
        ("invalid reference format: repository name must be lowercase", "image-reference", 1),
        # newer engines with containerd's image store
        (f"{CONTAINERD}{NAME}: not found", "image-missing", 1),
        (f"{CONTAINERD}unexpected status from HEAD request to {URL}: 401 Unauthorized", "login-needed", 1),
        (f"{CONTAINERD}unexpected status from HEAD request to {URL}: 429 Too Many Requests", "throttled", 4),
        (f"{CONTAINERD}unexpected status from HEAD request to {URL}: 503 Service Unavailable", "registry-failed", 4),
        (f"{CONTAINERD}unexpected status from HEAD request to {URL}: 403 Forbidden", "access-denied", 1),
        (
            (
                f"{CONTAINERD}pull access denied, repository does not exist or may require authorization: "
                "authorization failed: no basic auth credentials"
            ),
            "login-needed",
            1,
        ),
        (
            (
                f"{CONTAINERD}pull access denied, repository does not exist or may require authorization: "
                "server message: insufficient_scope: authorization failed"
            ),
            "image-missing",
            1,
        ),
        ("no match for platform in manifest: not found", "no-platform", 1),
        (
            f"image with reference {NAME} was found but does not provide the specified platform (linux/arm64)",
            "no-platform",
            1,
        ),
        (
            (
                'failed commit on ref "layer-sha256:01": unexpected commit digest sha256:02, expected sha256:01: '
                "failed precondition"
            ),
            "image-corrupt",
            1,
        ),
        ("short read: expected 8391301 bytes but got 4000000: unexpected EOF", "registry-failed", 4),
        ("failed to extract layer: write /a: no space left on device", "disk-full", 1),
        # nothing known
        ("failed to register layer: lchown /x: invalid argument", "pull-failed", 1),
        ("open /var/lib/docker/tmp/x: permission denied", "pull-failed", 1),
        ('exec: "unpigz": executable file not found in $PATH', "pull-failed", 1),
    ],
)
def test_the_cause(why: str, kind: str, tries: int) -> None:
    fault, found = judged(asked(), why)
    assert (fault.kind, found) == (kind, tries)
    assert why in fault.message
    assert fault.remedy


def test_what_the_engine_itself_tried_again_is_tried_twice() -> None:
    assert judged(asked(), "unexpected EOF", engine_retried=True)[1] == 2
    assert judged(asked(), "toomanyrequests: x", engine_retried=True)[1] == 2
    assert judged(asked(), "manifest unknown", engine_retried=True)[1] == 1


@pytest.mark.parametrize("repository", ["eof/denied", "x509/unauthorized", "no-space-left-on-device/toomanyrequests"])
def test_a_name_that_sounds_like_a_cause(repository: str) -> None:
    name = f"{HOST}/{repository}:denied"
    for why in (
        f"manifest for {name} not found: manifest unknown: manifest unknown",
        f'failed to resolve reference "{name}": {name}: not found',
        f"unexpected status from HEAD request to http://{HOST}/v2/{repository}/manifests/denied: 404 Not Found",
    ):
        assert judged(asked(name), why)[0].kind == "image-missing", why


def text(name: str, why: str, login: str = "") -> tuple[type[EnvironmentFault], str, str]:
    fault, _ = judged(asked(name, login), why)
    return type(fault), fault.message, fault.remedy


def test_messages_about_logins() -> None:
    why = "no basic auth credentials"
    assert text(NAME, why) == (
        CredentialsMissing,
        f"the registry {HOST} gives {NAME} only with a login, and there is none: {why}",
        "Give registry-username and registry-password.",
    )
    host = ECR.partition("/")[0]
    assert text(ECR, why) == (
        CredentialsMissing,
        f"the registry {host} gives {ECR} only with a login, and there is none: {why}",
        "Give role-to-assume and the permission id-token: write.",
    )
    why = "unauthorized: authentication required"
    assert text(NAME, why, LOGIN) == (
        CredentialsRefused,
        f"the registry {HOST} does not accept the login (the login given, user 'AWS'): {why}",
        "Check the name and the password; a token may lack the right to read.",
    )
    why = DENIED + "Your authorization token has expired. Reauthenticate and try again."
    assert text(ECR, why, LOGIN) == (
        CredentialsRefused,
        f"the login to {host} has expired (the login given, user 'AWS'): {why}",
        "ECR's are good for 12 hours: get a new one right before sm-ci runs.",
    )
    why = DENIED + NOT_ALLOWED
    assert text(ECR, why, LOGIN) == (
        CredentialsRefused,
        f"the registry {host} does not allow to pull {ECR}: {why}",
        (
            "The role needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository; "
            "in another account the repository's own policy must allow them too."
        ),
    )


def test_messages_about_a_repository_that_is_hidden_or_not_there() -> None:
    why = "pull access denied for acme/churn, repository does not exist or may require 'docker login': denied: no"
    assert text("acme/churn", why) == (
        ImageMissing,
        f"acme/churn does not exist in docker.io, or is private and there is no login: {why}",
        "Check the name, or give registry-username and registry-password.",
    )
    assert text("acme/churn", why, LOGIN) == (
        CredentialsRefused,
        f"acme/churn does not exist in docker.io, or the login ({LOGIN}) may not pull it: {why}",
        "Check the name, and what this login may read.",
    )
    why = f"manifest for {NAME} not found: manifest unknown: manifest unknown"
    assert text(NAME, why) == (
        ImageMissing,
        f"the registry {HOST} does not have {NAME}: {why}",
        "Check the name and the tag, and with ECR the account and the region. Was it pushed, and not removed since?",
    )
    why = "no matching manifest for linux/amd64 in the manifest list entries"
    assert text(NAME, why) == (
        ImageMissing,
        f"{NAME} is not there for the Docker engine's platform: {why}",
        "Build and push it for that platform too (docker buildx build --platform), or use a runner of the image's.",
    )


def test_messages_about_a_registry_in_trouble() -> None:
    assert text(NAME, "toomanyrequests: Rate exceeded") == (
        EnvironmentFault,
        f"the registry {HOST} has had too many requests, asked for {NAME}: toomanyrequests: Rate exceeded",
        "Try again later, with fewer jobs at once.",
    )
    assert text("churn", "toomanyrequests: You have reached your pull rate limit.")[2] == (
        "Log in (registry-username, registry-password): Docker Hub allows more then. Or copy the image to ECR."
    )
    assert text(NAME, "unexpected EOF") == (
        EnvironmentFault,
        f"the registry {HOST} failed while {NAME} was pulled: unexpected EOF",
        "Try again later; look at the registry's status page or log.",
    )
    assert text(NAME, "error unmarshalling content: invalid character '<'")[2] == (
        "Is it the registry's host and port, and not its web page's or a proxy's?"
    )
    assert text(NAME, "dial tcp: no such host") == (
        EnvironmentFault,
        f"the Docker engine does not reach the registry {HOST} of the image {NAME}: dial tcp: no such host",
        (
            "Is the name right, and the registry running? The engine needs DNS, a way through the firewall, "
            "and proxy settings of its own."
        ),
    )
    assert text(NAME, "x509: certificate has expired") == (
        EnvironmentFault,
        f"the Docker engine does not trust the registry {HOST} of the image {NAME}: x509: certificate has expired",
        (
            "Is it the right host, and its certificate valid? An authority of your own goes into "
            f"/etc/docker/certs.d/{HOST}/ca.crt on the engine's machine."
        ),
    )
    assert text(NAME, "filesystem layer verification failed for digest sha256:01") == (
        EnvironmentFault,
        (
            f"what the registry {HOST} gives for {NAME} is damaged: "
            "filesystem layer verification failed for digest sha256:01"
        ),
        "Push the image again. A proxy or a cache on the way may be at fault too.",
    )
    assert text(NAME, "no space left on device") == (
        EnvironmentFault,
        f"no space left on the Docker engine's disk while pulling {NAME}: no space left on device",
        "Free some: docker system df, docker system prune. Or use a larger runner.",
    )
    assert text(NAME, "failed to register layer: lchown /x: invalid argument") == (
        EnvironmentFault,
        f"could not pull {NAME}: failed to register layer: lchown /x: invalid argument",
        f"Try: docker pull {NAME}",
    )
    assert text(NAME, "invalid tag format") == (
        ImageMissing,
        f"{NAME} is not an image reference: invalid tag format",
        "Write registry/name:tag.",
    )


def test_messages_about_a_pull_that_stands_still() -> None:
    last = PullProgress(phase="downloading", layers=3, layers_fetched=2, total=11538533, fetched=3261513, part=0.28)
    fault = stood_still(asked(), 2.0, last)
    assert (fault.kind, fault.message, fault.remedy) == (
        "pull-stalled",
        f"pulling {NAME} stood still: nothing came from {HOST} for 2 s (the last was: 28 % of 11.0 MiB, 2 of 3 layers)",
        (
            "Is the registry overloaded, or does a proxy or firewall between it and the Docker engine hold connections? "
            f"Try: docker pull {NAME}"
        ),
    )
    assert stood_still(asked(), 60.0, PullProgress()).message == (
        f"pulling {NAME} stood still: nothing came from {HOST} for 60 s (the registry gave no manifest)"
    )


def test_a_docker_configuration_that_gives_no_login() -> None:
    fault = login_unreadable(asked(), "Credentials store error: x")
    assert (fault.kind, fault.message, fault.remedy) == (
        "login-unreadable",
        f"Docker's configuration names a login to {HOST} that cannot be had: Credentials store error: x",
        (
            "Mend credsStore or credHelpers in ~/.docker/config.json, or install the helper; "
            "or give registry-username and registry-password."
        ),
    )
