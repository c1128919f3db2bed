"""A registry with a login, as ECR is one: Debian's docker-registry, its htpasswd, its files in a folder of its own.

`with Registry(folder) as registry:` serves at `registry.host`. The engine pushes with `push`; `put` and `blob` write by HTTP what
no builder makes: indexes, attestations, foreign platforms, wrong types, the first schema.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bcrypt
import requests

from standins.proxy import free_port

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

_PROGRAM = "docker-registry"
_READY = 30.0
_HASHED = 72  # bytes that bcrypt looks at


class Registry:
    """`user` and `secret` are the login that is good now; `log` is what it wrote."""

    def __init__(self, folder: Path, *, user: str = "AWS", locked: bool = True) -> None:
        self.folder, self.user, self.locked = folder, user, locked
        self.secret = secrets.token_urlsafe(24)
        self.htpasswd = folder / "htpasswd"
        self.host = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Registry:
        program = shutil.which(_PROGRAM)
        assert program, "docker-registry is missing: apt-get install docker-registry"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.password(self.secret)
        for _ in range(5):  # another process may take the port between the choice and the start
            self.host = f"127.0.0.1:{free_port()}"
            self._start(program)
            if self._ready():
                return self
            self._stop()
        raise AssertionError(f"docker-registry did not start:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        self._stop()

    def password(self, new: str, *, user: str = "") -> None:
        """Replaces the login; the registry reads the file again when it has changed."""
        self.user, self.secret = user or self.user, new
        hashed = bcrypt.hashpw(new.encode()[:_HASHED], bcrypt.gensalt(4)).decode()
        self.htpasswd.write_text(f"{self.user}:{hashed}\n")

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def auth_config(self) -> dict[str, str]:
        """As the Docker SDK wants it."""
        return {"username": self.user, "password": self.secret}

    def reference(self, name: str) -> str:
        return f"{self.host}/{name}"

    def push(self, api: Any, image: str, name: str) -> str:
        """An image that the engine has, as NAME:TAG; its digest. `api` is the SDK's low-level client."""
        repository, _, tag = name.rpartition(":")
        api.tag(image, self.reference(repository), tag)
        try:
            digest = ""
            pushed = api.push(self.reference(repository), tag, stream=True, decode=True, auth_config=self.auth_config)
            for line in pushed:
                assert "error" not in line, line["error"]
                digest = (line.get("aux") or {}).get("Digest", digest)
        finally:
            api.remove_image(self.reference(name))
        return str(digest)

    def blob(self, repository: str, data: bytes) -> dict[str, Any]:
        """Stores the bytes; digest and size as a descriptor has them."""
        begun = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        location = begun.headers["Location"]
        whole = location if location.startswith("http") else f"http://{self.host}{location}"
        query = "&" if "?" in whole else "?"
        self._ask("PUT", f"{whole}{query}digest={digest}", data, {"Content-Type": "application/octet-stream"})
        return {"digest": digest, "size": len(data)}

    def put(self, name: str, manifest: Mapping[str, Any] | bytes, media_type: str = "") -> str:
        """Stores a manifest under NAME:TAG, or NAME@DIGEST; its digest. Its media type is its own unless given."""
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        kind = media_type or (manifest["mediaType"] if isinstance(manifest, Mapping) else "")
        repository, tag = name.split("@") if "@" in name else name.rsplit(":", 1)
        answer = self._ask("PUT", f"/v2/{repository}/manifests/{tag}", data, {"Content-Type": kind})
        return str(answer.headers["Docker-Content-Digest"])

    def image(
        self,
        name: str,
        *,
        os: str = "linux",
        architecture: str = "amd64",
        oci: bool = False,
        layers: Sequence[bytes] = (b"a layer that nobody unpacks",),
        layer_type: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """A made-up image; its descriptor for an index."""
        repository = name.replace("@", ":").split(":")[0]
        config = {
            "os": os,
            "architecture": architecture,
            "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": dict(labels or {})},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in layers]},
        }
        kind = layer_type or (OCI_LAYER if oci else DOCKER_LAYER)
        stored = self.blob(repository, json.dumps(config).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST if oci else DOCKER_MANIFEST,
            "config": {"mediaType": OCI_CONFIG if oci else DOCKER_CONFIG, **stored},
            "layers": [{"mediaType": kind, **self.blob(repository, data)} for data in layers],
        }
        data = json.dumps(manifest).encode()
        digest = self.put(
            name if ":" in name else f"{name}@sha256:{hashlib.sha256(data).hexdigest()}",
            data,
            str(manifest["mediaType"]),
        )
        return {
            "mediaType": manifest["mediaType"],
            "digest": digest,
            "size": len(data),
            "platform": {"os": os, "architecture": architecture},
        }

    def attestation(self, repository: str, subject: str) -> dict[str, Any]:
        """A manifest as buildx adds one for provenance; its descriptor for an index."""
        found = self.image(repository, os="unknown", architecture="unknown", oci=True, layers=(subject.encode(),))
        notes = {"vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest"}
        return {**found, "annotations": notes}

    def index(self, name: str, entries: Sequence[Mapping[str, Any]], media_type: str = OCI_INDEX) -> str:
        """An index of those entries; its digest."""
        return self.put(name, {"schemaVersion": 2, "mediaType": media_type, "manifests": list(entries)})

    def _ask(
        self, method: str, address: str, data: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        whole = address if address.startswith("http") else f"http://{self.host}{address}"
        auth = (self.user, self.secret) if self.locked else None
        answer = requests.request(method, whole, data=data, headers=dict(headers or {}), auth=auth, timeout=30)
        assert answer.ok, f"{method} {whole}: {answer.status_code} {answer.text}"
        return answer

    def _start(self, program: str) -> None:
        settings: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.host, "secret": base64.b64encode(secrets.token_bytes(12)).decode()},
            "compatibility": {"schema1": {"enabled": True}},
        }
        if self.locked:
            settings["auth"] = {"htpasswd": {"realm": "ecr-standin", "path": str(self.htpasswd)}}
        path = self.folder / "config.yml"
        path.write_text(json.dumps(settings))  # JSON is YAML
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([program, "serve", str(path)], stdout=log, stderr=log)

    def _ready(self) -> bool:
        end = time.monotonic() + _READY
        while time.monotonic() < end and self._process and self._process.poll() is None:
            try:
                status = requests.get(f"http://{self.host}/v2/", timeout=5).status_code
            except requests.RequestException:
                time.sleep(0.05)
                continue
            return status == (401 if self.locked else 200)
        return False

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def schema1(repository: str, tag: str, layer: str) -> bytes:
    """A signed manifest of the first schema, which names one stored layer."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    def coded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    body = json.dumps(
        {
            "schemaVersion": 1,
            "name": repository,
            "tag": tag,
            "architecture": "amd64",
            "fsLayers": [{"blobSum": layer}],
            "history": [{"v1Compatibility": json.dumps({"id": "a" * 64, "os": "linux", "architecture": "amd64"})}],
        },
        indent=3,
    )
    head, tail = body[: body.rindex("\n")], body[body.rindex("\n") :]
    protected = coded(json.dumps({"formatLength": len(head), "formatTail": coded(tail.encode())}).encode())
    key = ec.generate_private_key(ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(f"{protected}.{coded(body.encode())}".encode(), ec.ECDSA(hashes.SHA256())))
    point = key.public_key().public_numbers()
    jwk = {
        "crv": "P-256",
        "kty": "EC",
        "x": coded(point.x.to_bytes(32, "big")),
        "y": coded(point.y.to_bytes(32, "big")),
    }
    signature = {
        "header": {"jwk": jwk, "alg": "ES256"},
        "signature": coded(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
        "protected": protected,
    }
    return f'{head},\n   "signatures": {json.dumps([signature])}{tail}'.encode()
