"""A company's own registry: a login, and TLS by an authority that no machine knows by itself. Touches the engine and the network.

It has one name for the engine and for containers, an address of this machine that is no loopback. The engine is told of the
authority where it looks for one; the action is told by REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from standins.proxy import Proxy
from standins.registry import Registry

from sm_ci.engine.client import Engine

SETTINGS = "/etc/docker"
"""Of an engine. Authorities are in its `certs.d`, and are read at each pull [docs.docker.com/engine/security/certificates]."""


@dataclass(frozen=True)
class HouseRegistry:
    """`plain` is the same registry by loopback, to push to; `door` is what everybody else comes through."""

    plain: Registry
    door: Proxy
    authority: bytes

    @property
    def secret(self) -> str:
        return self.plain.secret

    @property
    def login(self) -> dict[str, str]:
        """As the action's inputs have it."""
        return {"registry-username": self.plain.user, "registry-password": self.secret}

    def reference(self, name: str) -> str:
        return f"{self.door.host}/{name}"


@contextmanager
def house_registry(engine: Engine, image: str, folder: Path) -> Iterator[HouseRegistry]:
    """`image` is any that has a shell: the engine's settings are changed by a container, so that nobody has to be root."""
    address = gateway(engine)
    certificate = folder / "server.pem"
    authority = _certified(address, certificate)
    with (
        Registry(folder / "registry") as plain,
        Proxy(plain.host, certificate=certificate, address=(address, 0)) as door,
        _trusted(engine, image, door.host, authority),
    ):
        yield HouseRegistry(plain, door, authority)


def gateway(engine: Engine) -> str:
    """This machine's address on the engine's own bridge."""
    return str(engine.raw.inspect_network("bridge")["IPAM"]["Config"][0]["Gateway"])


@contextmanager
def _trusted(engine: Engine, image: str, host: str, authority: bytes) -> Iterator[None]:
    """The container that the authority goes through is started to undo it."""
    api, place = engine.api, f"certs.d/{host}"
    undo = f"rm {place}/ca.crt && rmdir --parents --ignore-fail-on-non-empty {place}"
    host_config = api.create_host_config(binds=[f"{SETTINGS}:/engine"])
    made = api.create_container(
        image, ["-c", undo], entrypoint=["sh"], working_dir="/engine", host_config=host_config, network_disabled=True
    )
    try:
        api.put_archive(made["Id"], "/engine", _packed(f"{place}/ca.crt", authority))
        yield
        api.start(made["Id"])
        assert api.wait(made["Id"])["StatusCode"] == 0, api.logs(made["Id"])
    finally:
        api.remove_container(made["Id"], force=True, v=True)


def _packed(name: str, content: bytes) -> bytes:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        return file.getvalue()


def _certified(address: str, file: Path) -> bytes:
    """Writes a certificate for that address with its key; the authority's own certificate."""
    own, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    house = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "house authority")])
    usage = {"digital_signature": False, "content_commitment": False, "key_encipherment": False}
    usage |= {"data_encipherment": False, "key_agreement": False, "encipher_only": False, "decipher_only": False}
    issuer = x509.SubjectKeyIdentifier.from_public_key(own.public_key())
    authority = (
        _builder(house, house, own.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(issuer, critical=False)
        .sign(own, hashes.SHA256())
    )
    server = (
        _builder(x509.Name([]), house, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .sign(own, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(server.public_bytes(Encoding.PEM) + secret)
    return authority.public_bytes(Encoding.PEM)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
