"""Where a model is: a path, or an object or a prefix in S3. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sm_ci.errors import ModelMissing

_BUCKET = re.compile(
    r"[a-zA-Z0-9.\-_]{1,255}"
)  # as botocore: old buckets of us-east-1 have more than today's rules allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An object of S3, or with a slash at its end all objects below it."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def is_prefix(self) -> bool:
        """Whether it names all objects below it."""
        return self.key.endswith("/") or not self.key

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """None for a path. ModelMissing when it begins as an address and is none."""
        if text.startswith(("http://", "https://")):
            raise ModelMissing(
                f"the model {text} is a web address",
                remedy="Name it as s3://BUCKET/KEY, or download it first.",
                kind="model-address",
            )
        if not text.startswith("s3://"):
            return None
        bucket, _, key = text.removeprefix("s3://").partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise ModelMissing(
                f"the model {text} names no bucket",
                remedy="Write s3://BUCKET/KEY.tar.gz, or s3://BUCKET/PREFIX/ for a model that is not packed.",
                kind="model-address",
            )
        return cls(bucket=bucket, key=key)
