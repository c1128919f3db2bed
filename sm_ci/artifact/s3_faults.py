"""What it means when S3 does not give an object: from its codes to our faults. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from sm_ci.artifact.address import Address
from sm_ci.aws import refused
from sm_ci.aws.advice import allow
from sm_ci.aws.causes import code_of, status_of, words_of
from sm_ci.errors import CredentialsRefused, EnvironmentFault, ModelMissing
from sm_ci.text import shorten

_PASSING = {"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException"}
_COLD = ("GLACIER", "DEEP_ARCHIVE")
"""Storage classes that must be restored first. GLACIER_IR is read at once."""
_NAME = 200
_QUOTED = 300


def is_passing(error: Any) -> bool:
    """Whether the same request may succeed in a moment, by an answer of S3."""
    return code_of(error) in _PASSING or status_of(error) >= 500 or status_of(error) == 429


def moved_to(error: Any) -> str:
    """The region that S3 sends us to; empty when it does not."""
    if not isinstance(getattr(error, "response", None), dict):  # no answer came
        return ""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    sent = code_of(error) in {
        "301",
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
    }
    region = headers.get("x-amz-bucket-region") or error.response.get("Error", {}).get("Region") or ""
    return str(region) if sent or status_of(error) == 301 else ""


def is_absent(error: Any) -> bool:
    """Whether there is no such object, or no such bucket."""
    return code_of(error) in {"404", "NoSuchKey", "NotFound"}


def of_answer(error: Any, address: Address) -> EnvironmentFault:
    """For an answer of S3, a ClientError."""
    code, words = code_of(error), words_of(error)
    if code == "NoSuchBucket":
        return ModelMissing(
            f"there is no bucket {address.bucket}, where the model {address} should be",
            remedy="Check the bucket's name; names are the same for all accounts of a partition.",
            kind="s3-no-bucket",
        )
    if code == "InvalidObjectState":
        return cold(address, str(error.response.get("Error", {}).get("StorageClass") or "an archive's storage class"))
    if code.upper().startswith("KMS.") or (status_of(error) == 403 and "kms:" in words.lower()):
        return _sealed(address, code, words)
    if code in {"PreconditionFailed", "412"}:
        return changed(address)
    if status_of(error) == 301:
        return EnvironmentFault(
            f"could not read {address}: the bucket is in another region, and S3 does not say in which",
            remedy=f"Set AWS_REGION to what this says: aws s3api head-bucket --bucket {address.bucket}",
            kind="s3-region",
        )
    return _denied(refused(error, f"read {address}")) or EnvironmentFault(
        f"could not read {address}: S3 answers {code}: {words}",
        remedy=f"Try it by hand: aws s3 cp '{address}' .",
        kind="s3-refused",
    )


def of_client(error: Any, address: Address) -> EnvironmentFault:
    """For what botocore itself raised: nothing was sent, or nothing came back."""
    return refused(error, f"read {address}") or EnvironmentFault(
        f"could not read {address}: {shorten(' '.join(str(error).split()), _QUOTED)}",
        remedy="Run it again; is the way to S3 open (firewall, HTTPS_PROXY, AWS_ENDPOINT_URL_S3)?",
        kind="s3-unreachable",
    )


def absent(address: Address, keys: Sequence[str], *, prefix: bool) -> ModelMissing:
    """For a key that no object has. `keys` exist; `prefix`: there are objects below the key."""
    if prefix:
        remedy = f"Did you mean {address}/ ? SageMaker wants the slash at the end of a prefix."
    elif near := difflib.get_close_matches(address.key, keys, 3, 0.6):
        remedy = f"Did you mean {' or '.join(f's3://{address.bucket}/{shorten(key, _NAME)}' for key in near)}?"
    else:
        remedy = f"See what there is: aws s3 ls '{str(address).rpartition('/')[0]}/'"
    return ModelMissing(
        f"the model {address} does not exist; SageMaker would say: Could not find model data at {address}.",
        remedy=remedy,
        kind="s3-no-object",
    )


def empty(address: Address) -> ModelMissing:
    """For a prefix without objects."""
    return ModelMissing(
        f"there is no object below {address}; SageMaker would say: Could not find model data at {address}.",
        remedy=f"See what there is: aws s3 ls '{address}'",
        kind="s3-no-object",
    )


def cold(address: Address, storage: str) -> ModelMissing:
    """For an object that must be restored before it can be read."""
    return ModelMissing(
        f"the model {address} is archived ({storage}) and cannot be read",
        remedy=f"Restore it first: aws s3api restore-object --bucket {address.bucket} --key '{address.key}' "
        "--restore-request Days=7",
        kind="s3-archived",
    )


def is_cold(storage: str) -> bool:
    """Whether objects of this storage class must be restored first."""
    return storage in _COLD


def changed(address: Address) -> ModelMissing:
    """For an object that another has replaced while it was read."""
    return ModelMissing(
        f"the model {address} was replaced while it was read",
        remedy="Run it again once the upload is over.",
        kind="s3-changed",
    )


def without_ranges(address: Address) -> EnvironmentFault:
    """For a server, or a proxy, that gives the whole where a part was asked for."""
    return EnvironmentFault(
        f"could not read {address}: the server does not give parts of it (no Content-Range)",
        remedy="Is there a proxy in between that drops the header Range?",
        kind="s3-refused",
    )


def corrupted(address: Address, algorithm: str) -> EnvironmentFault:
    """For bytes that are not those that S3 has."""
    return EnvironmentFault(
        f"the bytes that came for {address} are not those that S3 has: their {algorithm} is another",
        remedy="Run it again. If it stays so, something between here and S3 changes them: a proxy, a faulty disk or memory.",
        kind="s3-corrupted",
    )


def stalled(address: Address, seconds: float, done: int, size: int) -> EnvironmentFault:
    """For a server that says nothing more. `done` of `size` bytes had come of the part."""
    return EnvironmentFault(
        f"gave up on {address}: no byte came for {seconds:.0f} s (of this part {done:,} of {size:,} bytes had come)",
        remedy="Run it again; is the way to S3 slow or blocked (firewall, HTTPS_PROXY, a VPC endpoint's policy)?",
        kind="s3-stalled",
    )


def _sealed(address: Address, code: str, words: str) -> CredentialsRefused:
    key = next((word.strip("\"'.,") for word in words.split() if ":kms:" in word), "arn:aws:kms:REGION:ACCOUNT:key/ID")
    return CredentialsRefused(
        f"could not read {address}: the key that it is encrypted with (KMS) cannot be used ({code}: {words})",
        remedy=f"Add to a policy of the role, and allow the role in the key's policy:\n{allow(['kms:Decrypt'], [key])}",
        kind="kms-denied",
    )


def _denied(fault: EnvironmentFault | None) -> EnvironmentFault | None:
    """S3 answers 403 for a key that does not exist, too, where listing is not allowed."""
    if fault is None or fault.kind != "access-denied":
        return fault
    more = "Without s3:ListBucket S3 answers the same for an object that does not exist: is the key right?"
    return type(fault)(fault.message, remedy=f"{fault.remedy}\n{more}", kind=fault.kind)
