"""Objects below a prefix as files, and their checksums."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from sm_ci.artifact.address import Address
from sm_ci.artifact.checksums import digest_of
from sm_ci.artifact.prefix import Object, files
from sm_ci.errors import CannotServe, ModelMissing

SHOWN = "s3://b/m/"
RULES = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html"


def thing(key: str, size: int = 1) -> Object:
    return Object(key=key, size=size, etag="e")


def refusal(*keys: str) -> str:
    with pytest.raises(CannotServe) as caught:
        files(SHOWN, "m/", [thing(f"m/{key}") for key in keys])
    assert caught.value.kind == "model-prefix"
    return str(caught.value)


def said(why: str, remedy: str) -> str:
    return f"the model s3://b/m/ {why}; SageMaker would not bring the endpoint into service ({RULES})\n{remedy}"


def test_what_is_behind_the_prefix_is_the_path() -> None:
    found = files(SHOWN, "m/", [thing("m/a"), thing("m/code/m/b")])
    assert [path for path, _ in found] == ["a", "code/m/b"]


def test_a_whole_bucket_is_a_prefix() -> None:
    assert [path for path, _ in files("s3://b/", "", [thing("a/b")])] == ["a/b"]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("a//b", "holds a name with nothing between two slashes, a//b"),
        ("a/../b", "holds a name with '..' in it, a/../b"),
        ("./b", "holds a name with '.' in it, ./b"),
        ("a\0b", "holds a name with a NUL in it, a\0b"),
        ("ü" * 128, f"holds a name that is longer than 255 bytes, {'ü' * 128}"),
    ],
)
def test_names_that_sagemaker_refuses(key: str, why: str) -> None:
    assert refusal(key) == said(why, "Name the object otherwise.")


@pytest.mark.parametrize("key", ["", "code/"])
def test_objects_that_stand_for_folders(key: str) -> None:
    why = f"holds m/{key}, an object that stands for a folder, as the S3 console makes them"
    assert refusal("a", key) == said(why, f"Remove it: aws s3 rm 's3://b/m/{key}'")


def test_many_objects_that_stand_for_folders() -> None:
    assert "holds m/0/, m/1/, m/2/ and 2 more, an object" in refusal(*(f"{number}/" for number in range(5)))


def test_a_name_that_is_file_and_folder() -> None:
    assert refusal("w/part/1", "v", "w") == said(
        "holds a name that is both a file and a folder, w", "Move or remove s3://b/m/w, or what is below it."
    )


@pytest.mark.parametrize(
    ("text", "bucket", "key", "prefix"),
    [("s3://b/k.tar.gz", "b", "k.tar.gz", False), ("s3://b/p/", "b", "p/", True), ("s3://b", "b", "", True)],
)
def test_addresses(text: str, bucket: str, key: str, prefix: bool) -> None:
    address = Address.parse(text)
    assert address is not None
    assert (address.bucket, address.key, address.is_prefix) == (bucket, key, prefix)


def test_a_path_is_no_address() -> None:
    assert Address.parse("./s3/model") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "s3:///k",
            (
                "the model s3:///k names no bucket\n"
                "Write s3://BUCKET/KEY.tar.gz, or s3://BUCKET/PREFIX/ for a model that is not packed."
            ),
        ),
        (
            "https://b.s3.amazonaws.com/k",
            "the model https://b.s3.amazonaws.com/k is a web address\nName it as s3://BUCKET/KEY, or download it first.",
        ),
    ],
)
def test_what_is_no_address(text: str, message: str) -> None:
    with pytest.raises(ModelMissing) as caught:
        Address.parse(text)
    assert str(caught.value) == message


DATA = b"some bytes"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRC32", zlib.crc32(DATA).to_bytes(4, "big")),
        ("SHA256", hashlib.sha256(DATA).digest()),
        ("SHA1", hashlib.sha1(DATA).digest()),
    ],
)
def test_the_servers_checksum_is_taken(name: str, value: bytes) -> None:
    digest = digest_of(Object(key="k", size=10, etag="0" * 32, checks=((name, base64.b64encode(value).decode()),)))
    assert digest is not None
    digest.update(DATA[:4])
    assert not digest.holds
    digest.update(DATA[4:])
    assert (digest.holds, digest.name) == (True, name)


def test_an_etag_that_is_an_md5_is_taken() -> None:
    digest = digest_of(Object(key="k", size=10, etag=hashlib.md5(DATA).hexdigest()))
    assert digest is not None
    digest.update(DATA)
    assert (digest.holds, digest.name) == (True, "MD5")


def test_an_etag_of_parts_is_none() -> None:
    assert digest_of(Object(key="k", size=10, etag=f"{'0' * 32}-2")) is None
