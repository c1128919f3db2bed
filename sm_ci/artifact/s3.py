"""Reads objects of S3 in parallel ranges, straight into what takes them. Speaks to AWS, through botocore.

boto3's transfer manager writes through one thread to a file, which must be read again to be unpacked, and takes a
range's corrupted bytes as they are; `bench.artifact` compares. Requester-pays buckets are not read.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

from sm_ci.artifact import s3_faults
from sm_ci.artifact.address import Address
from sm_ci.artifact.parts import Part
from sm_ci.artifact.prefix import Object
from sm_ci.errors import EnvironmentFault, ModelMissing

_TRIES = 5
_FIRST_PAUSE = 0.5  # seconds; each is twice the last
_AT_ONCE = 2**18  # bytes; urllib3 reads as many before it gives any, and copies them
_CHECKS = ("CRC32", "SHA256", "SHA1")
_MOST_NEAR = 1000


class Clients(Protocol):
    """Gives clients of AWS's services, as `sm_ci.aws.Aws.client` does."""

    def __call__(self, service: str, region: str = "", *, config: Any = None) -> Any:
        """A boto3 client; a blank region is the run's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long S3 is waited for: `stall` is seconds without a byte. Clock, sleep and chance are effects."""

    stall: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def pause(self, attempt: int) -> None:
        """Before the next attempt: 0.5 s, 1 s, 2 s, 4 s, up to half of it less, so that parts do not come back as one."""
        self.sleep(_FIRST_PAUSE * 2 ** (attempt - 1) * (1 - self.chance() / 2))


class Bucket:
    """The objects of one bucket, in whichever region it is. Threads may share it."""

    def __init__(
        self,
        clients: Clients,
        name: str,
        *,
        patience: Patience | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._clients, self._name, self._say = clients, name, say
        self._patience = patience or Patience()
        self._region = ""
        self._client: Any = None
        self.sealed: set[str] = set()
        """Keys of objects that were read and are encrypted by KMS, or with a customer's key."""

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        return str(self._s3().meta.endpoint_url)

    def head(self, key: str) -> Object:
        """An object. ModelMissing when there is none, and what else keeps us from it as s3_faults says."""
        address = Address(bucket=self._name, key=key)
        try:
            told = self._ask("head_object", address, Key=key, ChecksumMode="ENABLED")
        except _Refused as refusal:
            told = self._in_words(address, refusal.error)
        storage = told.get("StorageClass") or "STANDARD"
        if s3_faults.is_cold(storage) and 'ongoing-request="false"' not in told.get("Restore", ""):
            raise s3_faults.cold(address, storage)
        return Object(key=key, size=int(told["ContentLength"]), etag=_etag(told), checks=_checks(told))

    def list(self, prefix: str) -> list[Object]:
        """All objects below a prefix, page by page."""
        address = Address(bucket=self._name, key=prefix)
        found: list[Object] = []
        more: dict[str, str] = {}
        while True:
            try:
                page = self._ask("list_objects_v2", address, Prefix=prefix, **more)
            except _Refused as refusal:
                raise s3_faults.of_answer(refusal.error, address) from None
            for entry in page.get("Contents", ()):
                if s3_faults.is_cold(entry.get("StorageClass") or ""):
                    raise s3_faults.cold(Address(bucket=self._name, key=entry["Key"]), entry["StorageClass"])
                found.append(Object(key=entry["Key"], size=entry["Size"], etag=_etag(entry)))
            if not page.get("NextContinuationToken"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def read(self, part: Part, into: memoryview, over: Callable[[], bool] = lambda: False) -> None:
        """Fills the buffer with a part of an object, going on where a connection was cut; `over` says that nobody waits.

        EnvironmentFault when no byte comes for the patience's time, or each of five attempts in a row fails.
        """
        address = Address(bucket=self._name, key=part.thing.key)
        attempts = _Attempts(self._patience, address)
        try:
            while attempts.done < len(into) and not over():
                try:
                    for size in self._bytes(part, into, attempts.done, address):
                        attempts.heard(size)
                        if over():
                            return
                except _failures() as error:
                    attempts.failed(error, len(into))
        except _Refused as refusal:
            raise s3_faults.of_answer(refusal.error, address) from None

    def _bytes(self, part: Part, into: memoryview, done: int, address: Address) -> Iterator[int]:
        """One request's bytes, as they come, into the buffer from `done` on: how many each time."""
        first, last = part.offset + done, part.offset + len(into) - 1
        told = self._s3().get_object(
            Bucket=self._name, Key=part.thing.key, Range=f"bytes={first}-{last}", IfMatch=f'"{part.thing.etag}"'
        )
        if told.get("SSECustomerAlgorithm") or str(told.get("ServerSideEncryption", "")).startswith("aws:kms"):
            self.sealed.add(part.thing.key)
        with closing(told["Body"]) as body:
            if _etag(told) != part.thing.etag:
                raise s3_faults.changed(address)
            if first and not told.get("ContentRange", "").startswith(f"bytes {first}-"):
                raise s3_faults.without_ranges(address)
            while done < len(into) and (size := body.readinto(into[done : done + _AT_ONCE])):
                done += size
                yield size

    def _ask(self, operation: str, address: Address, **arguments: Any) -> Any:
        """A request, again while it fails in passing. _Refused with S3's answer when it grants it not."""
        attempts = _Attempts(self._patience, address)
        while True:
            try:
                return getattr(self._s3(), operation)(Bucket=self._name, **arguments)
            except _failures() as error:
                if not self._follow(error):
                    attempts.failed(error)

    def _in_words(self, address: Address, error: Any) -> Any:
        """The answer to a HEAD has no words; that to the GET of one byte has. What it tells, should it be granted."""
        try:
            told = self._ask("get_object", address, Key=address.key, Range="bytes=0-0")
        except _Refused as refusal:
            error = refusal.error
        else:
            told["Body"].close()
            return {**told, "ContentLength": str(told.get("ContentRange", "/1")).rpartition("/")[2]}
        if s3_faults.is_absent(error):
            raise self._absent(address) from None
        raise s3_faults.of_answer(error, address) from None

    def _absent(self, address: Address) -> ModelMissing:
        """With what exists nearby, where we may look."""
        folder, slash, _ = address.key.rpartition("/")
        try:
            below = self._ask("list_objects_v2", address, Prefix=f"{address.key}/", MaxKeys=1)
            around = self._ask("list_objects_v2", address, Prefix=folder + slash, MaxKeys=_MOST_NEAR)
        except (_Refused, EnvironmentFault):
            return s3_faults.absent(address, (), prefix=False)
        keys = [entry["Key"] for entry in around.get("Contents", ())]
        return s3_faults.absent(address, keys, prefix=bool(below.get("Contents")))

    def _follow(self, error: Any) -> bool:
        """Turns to the region that S3 names, once. Where it can, botocore does so by itself."""
        region = s3_faults.moved_to(error)
        if not region or self._region:
            return False
        self._say(f"the bucket {self._name} is in {region}")
        self._region, self._client = region, None
        return True

    def _s3(self) -> Any:
        if self._client is None:
            self._client = self._clients("s3", self._region, config=_config(self._patience.stall))
        return self._client


class _Refused(Exception):
    """S3 answered, and will answer so again."""

    def __init__(self, error: Any) -> None:
        super().__init__()
        self.error = error


class _Attempts:
    """Those at one thing: when the last byte came, and how often it failed since."""

    def __init__(self, patience: Patience, address: Address) -> None:
        self._patience, self._address = patience, address
        self._last = patience.clock()
        self._tries = 0
        self.done = 0

    def heard(self, size: int) -> None:
        """Bytes came."""
        self.done += size
        self._last, self._tries = self._patience.clock(), 0

    def failed(self, error: Exception, size: int = 0) -> None:
        """Waits before the next attempt, or raises what it means that this was the last."""
        from botocore.exceptions import ClientError, ReadTimeoutError

        self._tries += 1
        silent = self._patience.clock() - self._last
        if isinstance(error, ClientError):
            if self._tries >= _TRIES or not s3_faults.is_passing(error):
                raise _Refused(error)
        elif silent >= self._patience.stall and isinstance(error, _passing()):
            raise s3_faults.stalled(self._address, silent, self.done, size) from None
        elif not isinstance(error, _passing()) or (self._tries >= _TRIES and not isinstance(error, ReadTimeoutError)):
            raise s3_faults.of_client(error, self._address) from None
        self._patience.pause(self._tries)


def _config(stall: float) -> Any:
    """One attempt a request, since ours go on where the last was cut; no check that takes a range for the whole."""
    from botocore.config import Config

    options: dict[str, Any] = {}
    if "response_checksum_validation" in Config.OPTION_DEFAULTS:  # botocore 1.36
        options["response_checksum_validation"] = "when_required"
    retries = {"mode": "standard", "total_max_attempts": 1}
    return Config(read_timeout=stall / 3, retries=retries, max_pool_connections=32, **options)


def _failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return BotoCoreError, ClientError, ResponseParserError, OSError


def _passing() -> tuple[type[Exception], ...]:
    """What a network does to a connection."""
    from botocore import exceptions as aws
    from botocore.parsers import ResponseParserError

    return (
        aws.ConnectionClosedError,
        aws.ConnectTimeoutError,
        aws.EndpointConnectionError,
        aws.IncompleteReadError,
        aws.ReadTimeoutError,
        aws.ResponseStreamingError,
        ResponseParserError,
        OSError,
    )


def _etag(told: Any) -> str:
    return str(told.get("ETag", "")).strip('"')


def _checks(told: Any) -> tuple[tuple[str, str], ...]:
    """The checksums of the whole object; those of objects in parts (COMPOSITE) end in the parts' number."""
    found = ((name, str(told.get(f"Checksum{name}") or "")) for name in _CHECKS)
    return tuple((name, value) for name, value in found if value and "-" not in value)
