"""Rules about the model data and who may read it: files, S3 addresses, execution role. Reads the files that are named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sm_ci import contract
from sm_ci.errors import Finding
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value
from sm_ci.spec.wording import shown

S3 = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_CHANNEL = re.compile(contract.CHANNEL_NAME)


def check(root: Value, files: Files) -> Iterator[Finding]:
    """What is wrong or odd with `model` and `execution_role`."""
    model = root.at("model")
    additional = model.at("additional")
    sources = [model if model.text is not None else model.at("source"), *(value for _, value in additional.entries())]
    for source in sources:
        yield from _source(source, files)
    yield from _channels(additional)
    yield from _role(root.at("execution_role"), isolated=root.at("network_isolation").content is True)


def _source(value: Value, files: Files) -> Iterator[Finding]:
    text = value.text
    if text is None:
        return
    if text.startswith(S3):
        yield from _address(value, text)
    elif "://" in text:
        message = f"is neither a path nor an S3 address: {shown(text)}"
        yield value.error("model", message, "write a path, s3://bucket/key.tar.gz or s3://bucket/prefix/")
    else:
        yield from files.model(value)


def _address(value: Value, text: str) -> Iterator[Finding]:
    bucket = text.removeprefix(S3).partition("/")[0]
    if not _BUCKET.fullmatch(bucket):
        yield value.error("s3", f"has no bucket's name after s3://: {shown(text)}", "write s3://bucket/key.tar.gz")
    elif not text.endswith((".tar.gz", ".tgz", "/")):
        message = f"is neither an archive nor a prefix: {shown(text)}"
        yield value.error("s3", message, "end it with .tar.gz for an archive, with / for the files below it")


def _channels(additional: Value) -> Iterator[Finding]:
    entries = list(additional.entries())
    if len(entries) > contract.ADDITIONAL_SOURCES:
        message = f"has {len(entries)} sources, and SageMaker refuses more than {contract.ADDITIONAL_SOURCES}"
        yield additional.error("model", message, "leave some out")
    for name, value in entries:
        if not _CHANNEL.fullmatch(name):
            message = "is not a name that SageMaker takes for a channel"
            yield value.error("model", message, "use letters, digits, '.', '-' and '_', at most 64", key=True)


def _role(value: Value, *, isolated: bool) -> Iterator[Finding]:
    if value.text is None:
        return
    if not _ROLE.fullmatch(value.text):
        message = f"is not the ARN of a role: {shown(value.text)}"
        yield value.error("execution-role", message, "write arn:aws:iam::123456789012:role/NAME")
    elif isolated:
        message = "has no effect with network_isolation: an isolated container gets no credentials"
        yield value.warning("execution-role", message, "leave one of the two out")
