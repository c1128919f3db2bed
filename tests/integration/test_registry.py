"""The registry's API against a real registry, through a proxy that breaks it; ECR's logins against moto behind a gate."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from standins.aws import NUMBER, REGION, Account
from standins.oidc import TokenService
from standins.proxy import Proxy, Rule, free_port
from standins.registry import DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Registry, schema1

from sm_ci.aws import Aws, SignIn
from sm_ci.engine.client import Engine
from sm_ci.errors import CannotServe, CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.admission import Ground, admit
from sm_ci.image.ecr import private_login
from sm_ci.image.login import Login
from sm_ci.image.manifest import SCHEMA1_SIGNED, Manifest
from sm_ci.image.platform import Platform
from sm_ci.image.reference import EcrRegistry, Reference
from sm_ci.image.registry import Patience
from sm_ci.image.registry import Registry as Client
from sm_ci.image.resolving import resolve, tags

AMD = Platform.parse("linux/amd64")
NOT_FOUND = "HTTP 404, MANIFEST_UNKNOWN: manifest unknown"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        registry.image("churn:1.9", layers=(b"one", b"two", b"one"), labels={"team": "red"})
        registry.image("churn:1.10")
        yield registry


@pytest.fixture(scope="module")
def door(registry: Registry) -> Iterator[Proxy]:
    with Proxy(registry.host) as proxy:
        yield proxy


@pytest.fixture
def proxy(door: Proxy) -> Iterator[Proxy]:
    door.reset()
    yield door
    door.reset()


class Asking:
    """Resolves names at a host with a login; the waits between attempts are noted, not waited."""

    def __init__(self, host: str, login: Login | None) -> None:
        self.host, self.login = host, login
        self.waits: list[float] = []
        self.patience = Patience()

    def client(self, name: str) -> Client:
        reference = Reference.parse(f"{self.host}/{name}")
        return Client(reference, self.login, patience=self.patience, sleep=self.waits.append)

    def __call__(self, name: str, platform: Platform = AMD) -> Manifest:
        with self.client(name) as client:
            return resolve(client, platform)

    def fault(self, name: str = "churn:1.9") -> EnvironmentFault:
        with pytest.raises(EnvironmentFault) as caught:
            self(name)
        assert self.login is None or self.login.password not in f"{caught.value!r} {caught.value}"
        return caught.value


@pytest.fixture
def ask(registry: Registry, proxy: Proxy) -> Asking:
    return Asking(proxy.host, Login(username=registry.user, password=registry.secret))


def test_all_that_a_manifest_and_its_config_say(ask: Asking, proxy: Proxy) -> None:
    found = ask("churn:1.9")
    image = found.image
    assert image is not None
    assert (found.media_type, found.digest, image.digest) == (DOCKER_MANIFEST, image.digest, image.digest)
    assert found.digest.startswith("sha256:")
    assert (str(image.platform), image.created, image.labels) == (
        "linux/amd64",
        "2026-01-02T03:04:05Z",
        (("team", "red"),),
    )
    assert [layer.size for layer in image.layers] == [3, 3, 3]
    assert image.compressed == 6
    assert image.layers[0].diff_id == f"sha256:{hashlib.sha256(b'one').hexdigest()}"
    assert [entry.did for entry in proxy.log] == ["401", "200", "200"]
    assert ask(f"churn@{found.digest}").image == image


@pytest.fixture
def small_image(engine: Engine) -> Iterator[str]:
    """An image of one file, which a push and a pull take no time for."""
    name = f"sm-ci-test-small:{secrets.token_hex(6)}"
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo(name.partition(":")[2]), io.BytesIO())
        repository, _, tag = name.partition(":")
        engine.raw.import_image_from_data(file.getvalue(), repository=repository, tag=tag)
    yield name
    engine.raw.remove_image(name)


def test_an_image_that_the_engine_pushed(engine: Engine, registry: Registry, ask: Asking, small_image: str) -> None:
    digest = registry.push(engine.raw, small_image, "small:pushed")
    found = ask("small:pushed")
    known = engine.raw.inspect_image(small_image)
    assert found.digest == digest
    assert found.image is not None
    assert [layer.diff_id for layer in found.image.layers] == known["RootFS"]["Layers"]
    here = Ground(platform=Platform.parse(f"{known['Os']}/{known['Architecture']}"))
    assert not admit(found, here).faults
    assert admit(found, here).download == found.image.compressed > 0
    present = Ground(platform=here.platform, present=frozenset(known["RootFS"]["Layers"]), free=0)
    assert admit(found, present).download == 0


def test_an_index_with_platforms_and_attestations(registry: Registry, ask: Asking) -> None:
    amd = registry.image("multi", oci=True)
    arm = registry.image("multi", architecture="arm64", oci=True, layers=(b"arm",))
    seal = registry.attestation("multi", amd["digest"])
    digest = registry.index("multi:1", [arm, amd, seal])
    found = ask("multi:1")
    assert (found.digest, found.media_type) == (digest, OCI_INDEX)
    assert [str(platform) for platform in found.platforms] == ["linux/arm64", "linux/amd64"]
    assert [child.attestation for child in found.children] == [False, False, True]
    assert found.image is not None
    assert found.image.digest == amd["digest"]
    other = ask("multi:1", Platform.parse("linux/arm64"))
    assert other.image is not None
    assert other.image.digest == arm["digest"]
    assert ask("multi:1", Platform.parse("linux/s390x")).image is None
    assert admit(found, Ground(platform=AMD)).findings[0].message == (
        f"{ask.host}/multi:1 is an OCI index of linux/arm64, linux/amd64 and 1 attestation manifest "
        "(buildx's provenance or SBOM); copied to ECR as it is, SageMaker refuses it: "
        "Unsupported manifest media type application/vnd.oci.image.index.v1+json"
    )


def test_only_another_platform(registry: Registry, ask: Asking) -> None:
    registry.image("foreign:1", architecture="arm64")
    (fault,) = admit(ask("foreign:1"), Ground(platform=AMD)).faults
    assert (fault.kind, fault.exit_status) == ("platform-mismatch", 3)


def test_the_first_schema(registry: Registry, ask: Asking) -> None:
    layer = registry.blob("old", b"layer")["digest"]
    registry.put("old:1", schema1("old", "1", layer), SCHEMA1_SIGNED)
    found = ask("old:1")
    assert (found.media_type, found.image) == (SCHEMA1_SIGNED, None)
    assert isinstance(admit(found, Ground(platform=AMD)).faults[0], CannotServe)


def test_a_chart_is_no_image(registry: Registry, ask: Asking) -> None:
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", **registry.blob("chart", b"{}")}
    registry.put("chart:1", {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []})
    assert [fault.kind for fault in admit(ask("chart:1"), Ground(platform=AMD)).faults] == ["not-an-image"]


def test_zstd_as_the_engine_sees_it(engine: Engine, registry: Registry, ask: Asking) -> None:
    """What admission says beforehand is what this engine does, whichever it is."""
    packer = shutil.which("zstd")
    if not packer:
        pytest.skip("zstd is missing: apt-get install zstd")
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("hello"), io.BytesIO())
        plain = file.getvalue()
    packed = subprocess.run([packer, "-c"], input=plain, capture_output=True, check=True).stdout
    diff_ids = [f"sha256:{hashlib.sha256(plain).hexdigest()}"]
    config = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd", **registry.blob("zstd", packed)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, **registry.blob("zstd", json.dumps(config).encode())},
        "layers": [layer],
    }
    registry.put("zstd:1", manifest)
    ground = Ground(platform=AMD, engine=engine.raw.version()["Version"])
    told = [fault.kind for fault in admit(ask("zstd:1"), ground).faults]
    name = registry.reference("zstd")
    lines = engine.raw.pull(name, tag="1", stream=True, decode=True, auth_config=registry.auth_config)
    failed = any("error" in line for line in lines)
    if not failed:
        engine.raw.remove_image(f"{name}:1")
    assert told == (["layers-zstd"] if failed else [])


def test_a_near_tag_is_suggested(ask: Asking, proxy: Proxy) -> None:
    fault = ask.fault("churn:1.99")
    assert isinstance(fault, ImageMissing)
    assert (fault.kind, str(fault)) == (
        "tag-missing",
        f"{proxy.host}/churn has no tag 1.99: {NOT_FOUND}\nDid you mean '1.9'?",
    )


def test_no_near_tag(ask: Asking, proxy: Proxy) -> None:
    assert str(ask.fault("churn:production")).partition("\n")[2] in {"It has '1.10', '1.9'.", "It has '1.9', '1.10'."}


def test_tags_that_may_not_be_listed(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [Rule("tags/list", "status", status=403)]
    assert ask.fault("churn:1.99").remedy == "Was it pushed, and not removed since?"


def test_a_digest_that_is_not_there(ask: Asking, proxy: Proxy) -> None:
    digest = f"sha256:{'0' * 64}"
    assert str(ask.fault(f"churn@{digest}")) == (
        f"{proxy.host}/churn has no digest {digest}: {NOT_FOUND}\nWas it pushed, and not removed since?"
    )


def test_a_repository_that_is_not_there(ask: Asking, proxy: Proxy) -> None:
    fault = ask.fault("chrun:1.9")
    assert (fault.kind, str(fault)) == (
        "repository-missing",
        (
            f"the registry {proxy.host} has no repository chrun: HTTP 404, NAME_UNKNOWN: repository name not known to registry\n"
            "Check its name, and with ECR the account and the region."
        ),
    )


def test_no_login(ask: Asking, proxy: Proxy) -> None:
    ask.login = None
    fault = ask.fault()
    assert isinstance(fault, CredentialsMissing)
    assert (fault.kind, str(fault)) == (
        "registry-login-missing",
        (
            f"the registry {proxy.host} gives {proxy.host}/churn:1.9 only with a login, and there is none: "
            "HTTP 401, UNAUTHORIZED: authentication required\nGive registry-username and registry-password."
        ),
    )


def test_a_wrong_login(ask: Asking, proxy: Proxy) -> None:
    ask.login = Login(username="AWS", password="hunter2", source="registry-password")
    fault = ask.fault()
    assert isinstance(fault, CredentialsRefused)
    assert (fault.kind, str(fault)) == (
        "registry-login-refused",
        (
            f"the registry {proxy.host} does not accept the login (registry-password, user 'AWS'): "
            "HTTP 401, UNAUTHORIZED: authentication required\nCheck the name and the password; a token may lack the right to read."
        ),
    )
    assert [entry.did for entry in proxy.log] == ["401", "401"]


def test_a_login_whose_time_is_over(ask: Asking) -> None:
    ask.login = Login(
        username="AWS", password="old-secret", source="ECR", expires=datetime.now(UTC) - timedelta(seconds=1)
    )
    assert ask.fault().kind == "registry-login-expired"


EXPIRED = "Your authorization token has expired. Reauthenticate and try again."
DENIED = (
    "User: arn:aws:sts::1:assumed-role/ci/s is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:…"
)


@pytest.mark.parametrize(("message", "kind"), [(EXPIRED, "registry-login-expired"), (DENIED, "registry-denied")])
def test_ecrs_words_for_403(ask: Asking, proxy: Proxy, message: str, kind: str) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": message}]})
    proxy.rules = [Rule("/manifests/", "status", status=403, body=body)]
    fault = ask.fault()
    assert fault.kind == kind
    assert f"HTTP 403, DENIED: {message}" in fault.message


def test_what_passes_by_itself_is_waited_for(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [
        Rule("/manifests/", "status", times=1, status=503),
        Rule("/manifests/", "refuse", times=1),
        Rule("/manifests/", "status", times=1, status=429, headers={"Retry-After": "7"}),
        Rule("/blobs/", "cut", times=1, after=10),
    ]
    assert ask("churn:1.9").image is not None
    assert ask.waits == [0.5, 1.0, 7.0, 0.5]


def test_a_registry_that_is_too_busy(ask: Asking, proxy: Proxy) -> None:
    body = json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "Rate exceeded"}]})
    proxy.rules = [Rule("/manifests/", "status", status=429, body=body)]
    fault = ask.fault()
    assert (fault.kind, str(fault)) == (
        "registry-busy",
        (
            f"the registry {proxy.host} has had too many requests: HTTP 429, TOOMANYREQUESTS: Rate exceeded\n"
            "Try again later, with fewer jobs at once."
        ),
    )
    assert ask.waits == [0.5, 1.0, 2.0]


def test_a_wait_of_an_hour_is_not_waited(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [Rule("/manifests/", "status", status=429, headers={"Retry-After": "3600"})]
    assert "it asks to wait 3600 s" in ask.fault().message
    assert ask.waits == []


def test_a_registry_that_fails(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [Rule("", "status", status=502, body="<html>bad gateway</html>")]
    fault = ask.fault()
    assert (fault.kind, fault.message) == (
        "registry-failed",
        f"the registry {proxy.host} fails: HTTP 502, asked for {proxy.host}/churn:1.9",
    )


def test_a_registry_that_says_nothing(ask: Asking, proxy: Proxy) -> None:
    ask.patience = Patience(read=0.3)
    proxy.rules = [Rule("/manifests/", "stall")]
    fault = ask.fault()
    assert (fault.kind, fault.message) == (
        "registry-timeout",
        f"the registry {proxy.host} of the image {proxy.host}/churn:1.9 did not answer in time",
    )
    assert ask.waits == [0.5]


def test_a_registry_that_trickles(ask: Asking, proxy: Proxy) -> None:
    ask.patience = Patience(whole=0.5)
    proxy.rules = [Rule("/blobs/", "slow", rate=10)]
    begun = time.monotonic()
    assert ask.fault().kind == "registry-timeout"
    assert time.monotonic() - begun < 15


def test_a_registry_that_always_cuts(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [Rule("/blobs/", "cut", after=10, reset=True)]
    fault = ask.fault()
    assert fault.kind == "registry-cut"
    assert fault.message.startswith(
        f"the connection to the registry {proxy.host} of the image {proxy.host}/churn:1.9 was cut: "
    )
    assert ask.waits == [0.5, 1.0, 2.0]


def test_nothing_listens(ask: Asking) -> None:
    ask.host = f"127.0.0.1:{free_port()}"
    fault = ask.fault()
    assert (fault.kind, str(fault)) == (
        "registry-down",
        (
            f"nothing listens at {ask.host}, where the image {ask.host}/churn:1.9 should be: connection refused\n"
            "Is the registry running, and the port right?"
        ),
    )


def test_no_such_host(ask: Asking) -> None:
    ask.host = "registry.invalid"
    fault = ask.fault()
    assert (fault.kind, str(fault)) == (
        "registry-unknown-host",
        (
            "there is no host registry.invalid, where the image registry.invalid/churn:1.9 should be\n"
            "Check the registry's name. Does this machine resolve names of that network?"
        ),
    )
    assert ask.waits == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that nobody signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_a_registry_of_this_machine_needs_no_certificate_that_is_known(
    registry: Registry, ask: Asking, certificate: Path
) -> None:
    with Proxy(registry.host, certificate=certificate) as sealed:
        ask.host = sealed.host
        assert ask("churn:1.9").image
        assert [entry.did for entry in sealed.log] == ["401", "401", "200", "200"]  # the first asks for TLS


def test_elsewhere_it_needs_one(registry: Registry, ask: Asking, certificate: Path) -> None:
    with Proxy(registry.host, certificate=certificate) as sealed:
        ask.host = sealed.host.replace("127.0.0.1", "0.0.0.0")  # this machine, by a name that is not known to be
        fault = ask.fault()
        assert (fault.kind, fault.message) == (
            "registry-tls",
            f"the registry {ask.host} of the image {ask.host}/churn:1.9 cannot be trusted: self-signed certificate",
        )
        assert sealed.log == []
        assert ask.waits == []


def test_elsewhere_plain_http_is_not_spoken(registry: Registry, ask: Asking) -> None:
    ask.host = registry.host.replace("127.0.0.1", "0.0.0.0")
    fault = ask.fault()
    assert fault.kind == "registry-tls"
    assert fault.message.startswith(f"the registry {ask.host} of the image {ask.host}/churn:1.9 cannot be trusted: ")


@pytest.mark.parametrize("status", [200, 404, 405])
def test_a_web_server_is_no_registry(ask: Asking, proxy: Proxy, status: int) -> None:
    page = Rule("", "status", status=status, body="<!doctype html>", headers={"Content-Type": "text/html"})
    proxy.rules = [page]
    fault = ask.fault()
    assert (fault.kind, fault.message) == (
        "not-a-registry",
        f"{proxy.host} does not answer as a registry does: HTTP {status} with text/html, asked for {proxy.host}/churn:1.9",
    )


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_bytes_that_changed_on_the_way(ask: Asking, proxy: Proxy, what: str) -> None:
    proxy.rules = [Rule("401 never", "status"), Rule("/blobs/" if what == "config" else "/manifests/", "garble")]
    fault = ask.fault()
    assert fault.kind == "digest-mismatch"
    assert fault.message.startswith(f"the {what} that {proxy.host} gives for {proxy.host}/churn:1.9 is not the one")


def test_an_answer_without_end(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [Rule("/manifests/", "status", status=200, body=" " * (5 * 2**20))]
    assert ask.fault().message == f"{proxy.host} answers with more than 4 MiB where a short answer is due"


def test_a_token_service(registry: Registry, proxy: Proxy, ask: Asking) -> None:
    """The registry asks for a token; its service gets the login, the registry the token alone."""
    realm = f'Bearer realm="{proxy.url}/token",service="s"'
    proxy.rules = [
        Rule("/manifests/", "status", times=1, status=401, headers={"WWW-Authenticate": realm}),
        Rule("^GET /token", "status", status=200, body='{"token": "abc"}'),
        Rule("/manifests/", "status", status=200, body="{}"),
    ]
    assert ask("churn:1.9").media_type == "none"
    first, token, second = proxy.log[:3]
    assert "authorization" not in first.headers
    assert token.request == "GET /token?service=s&scope=repository%3Achurn%3Apull"
    assert token.headers["authorization"].startswith("Basic ")
    assert second.headers["authorization"] == "Bearer abc"


def test_a_token_service_without_tls_elsewhere_is_not_asked(ask: Asking, proxy: Proxy) -> None:
    realm = 'Bearer realm="http://198.51.100.1/token",service="s"'
    proxy.rules = [Rule("/manifests/", "status", status=401, headers={"WWW-Authenticate": realm})]
    fault = ask.fault()
    assert (fault.kind, fault.message) == (
        "registry-unsafe",
        f"the registry {proxy.host} sends logins to 'http://198.51.100.1/token', which is no HTTPS address",
    )


def test_strangers_are_not_told_what_exists(ask: Asking, proxy: Proxy) -> None:
    ask.login = None
    body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
    challenge = {"WWW-Authenticate": f'Bearer realm="{proxy.url}/token",service="s"'}
    proxy.rules = [
        Rule("^GET /token", "status", status=200, body='{"token": "abc"}'),
        Rule("/manifests/", "status", status=401, headers=challenge, body=body),
    ]
    fault = ask.fault()
    assert isinstance(fault, ImageMissing)
    assert fault.message == (
        f"{proxy.host}/churn:1.9 does not exist, or is private and there is no login for {proxy.host}: "
        "HTTP 401, UNAUTHORIZED: authentication required"
    )


def test_the_login_does_not_follow_a_redirect_to_another_host(ask: Asking, proxy: Proxy, registry: Registry) -> None:
    found = ask("churn:1.9")
    assert found.image is not None
    with Proxy(registry.host) as storage:
        config = json.dumps({"os": "linux", "architecture": "amd64"})
        storage.rules = [Rule("", "status", status=200, body=config)]
        elsewhere = {"Location": f"{storage.url}/bucket/blob?signature=s3cret"}
        proxy.rules = [Rule("/blobs/", "status", status=307, headers=elsewhere)]
        fault = ask.fault()  # its digest is another one
        assert fault.kind == "digest-mismatch"
        (entry,) = storage.log
        assert "authorization" not in entry.headers
        assert any(one.headers.get("authorization") for one in proxy.log)


def test_a_redirect_without_tls_from_this_machine_stays_possible_and_loops_end(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [
        Rule("/blobs/", "status", status=307, headers={"Location": "/v2/churn/blobs/again?signature=s3cret"})
    ]
    fault = ask.fault()
    assert (fault.kind, fault.message) == (
        "registry-unsafe",
        f"the registry {proxy.host} redirects to 'http://{proxy.host}/v2/churn/blobs/again', which is not followed",
    )


def test_tags_page_after_page(ask: Asking, proxy: Proxy) -> None:
    link = {"Link": '</v2/churn/tags/list?n=1000&last=b>; rel="next"'}
    proxy.rules = [
        Rule("tags/list.n=1000$", "status", status=200, body='{"tags": ["a", "b"]}', headers=link),
        Rule("last=b", "status", status=200, body='{"tags": ["c"]}'),
    ]
    with ask.client("churn") as client:
        assert tags(client) == ("a", "b", "c")
        assert tags(client, most=1) == ("a",)


def test_a_link_to_another_host_leads_nowhere_else(ask: Asking, proxy: Proxy) -> None:
    proxy.rules = [
        Rule("last=b", "status", status=200, body='{"tags": ["c"]}'),
        Rule(
            "",
            "status",
            status=200,
            body='{"tags": ["a"]}',
            headers={"Link": '<http://evil.invalid/v2/x?last=b>; rel="next"'},
        ),
    ]
    with ask.client("churn") as client:
        assert tags(client) == ("a", "c")


def test_tags_of_the_real_registry(ask: Asking) -> None:
    with ask.client("churn") as client:
        assert set(tags(client)) == {"1.9", "1.10"}


def test_a_login_that_is_replaced(tmp_path: Path) -> None:
    with Registry(tmp_path / "registry") as registry:
        registry.image("a:1")
        ask = Asking(registry.host, Login(username=registry.user, password=registry.secret))
        assert ask("a:1")
        registry.password("another")
        assert ask.fault("a:1").kind == "registry-login-refused"
        ask.login = Login(username=registry.user, password="another")
        assert ask("a:1")


@pytest.fixture
def account(registry: Registry, tmp_path: Path) -> Iterator[Account]:
    with TokenService() as tokens, Account(tokens, htpasswd=tmp_path / "htpasswd") as account:
        yield account


PLACE = EcrRegistry(
    account=NUMBER, region=REGION, suffix="amazonaws.com", host=f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"
)


def sign_in(account: Account, environ: dict[str, str] | None = None) -> Aws:
    given = account.user() if environ is None else environ
    return Aws(SignIn(), {**account.environ, **given}, hide=lambda _: None, sleep=lambda _: None)


def test_ecr_gives_a_login_that_opens_the_registry(account: Account, tmp_path: Path) -> None:
    hidden: list[str] = []
    login = private_login(PLACE, sign_in(account).client, hide=hidden.extend)
    assert login.username == "AWS"
    assert login.source == f"ECR in {REGION} by GetAuthorizationToken"
    assert login.expires is not None
    assert timedelta(hours=11) < login.expires - datetime.now(UTC) < timedelta(hours=13)
    assert not login.expired(datetime.now(UTC))
    assert login.password in hidden
    assert set(hidden) <= set(account.secrets)
    with Registry(tmp_path / "registry") as registry:
        registry.image("a:1")
        registry.password(login.password, user=login.username)
        assert Asking(registry.host, login)("a:1")


def test_ecr_without_the_permission(account: Account) -> None:
    account.deny("ecr:GetAuthorizationToken")
    with pytest.raises(CredentialsRefused) as caught:
        private_login(PLACE, sign_in(account).client, hide=lambda _: None)
    assert caught.value.message.startswith(
        f"could not get a login for {PLACE.host}: AWS denies it (AccessDeniedException: "
    )
    assert "ecr:GetAuthorizationToken" in caught.value.remedy


def test_ecr_with_a_wrong_secret_key_quotes_nothing_that_was_signed(account: Account) -> None:
    keys = {**account.user(), "AWS_SECRET_ACCESS_KEY": "wrong"}
    with pytest.raises(CredentialsRefused) as caught:
        private_login(PLACE, sign_in(account, keys).client, hide=lambda _: None)
    error: Any = caught.value
    assert "Canonical" not in f"{error} {error!r}"
    assert error.__cause__ is None


def test_ecr_without_credentials(account: Account) -> None:
    with pytest.raises(CredentialsMissing):
        private_login(PLACE, sign_in(account, {}).client, hide=lambda _: None)


def test_ecr_that_says_something_else(account: Account) -> None:
    account.refuse("GetAuthorizationToken", "InvalidParameterException", "Invalid parameter", times=9)
    with pytest.raises(EnvironmentFault) as caught:
        private_login(PLACE, sign_in(account).client, hide=lambda _: None)
    assert (caught.value.kind, str(caught.value)) == (
        "ecr-failed",
        (
            f"could not get a login for {PLACE.host}: InvalidParameterException: Invalid parameter\n"
            "Try it alone: aws ecr get-login-password"
        ),
    )
