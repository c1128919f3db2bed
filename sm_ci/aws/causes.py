"""What a refusal by AWS means, and what to do: from botocore's errors to ours. Pure.

AWS's own words are quoted by their first line alone: the rest may hold the request as it was signed, the session
token among it. For the same reason callers raise these faults `from None`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sm_ci.aws.advice import allow, bucket_arns
from sm_ci.aws.unsent import of_client
from sm_ci.errors import CredentialsRefused, EnvironmentFault
from sm_ci.text import shorten

CLOCK = 300
"""Seconds by which a clock may be off, in AWS's eyes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_UNKNOWN_KEY = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "MissingAuthenticationToken",
    "UnrecognizedClientException",
}
_CLOCK = {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"}
_SIGNATURE = {"IncompleteSignature", "InvalidSignatureException", "SignatureDoesNotMatch"}
_OF_TIME = re.compile(r"signature expired|signature not yet current|is now earlier than", re.IGNORECASE)
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation"}
_REGION = {"OptInRequired", "RegionDisabledException", "SubscriptionRequiredException"}
_THROTTLED = {
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_ACTIONS = {  # of IAM, by the operation that they allow
    "GetAuthorizationToken": ("ecr:GetAuthorizationToken",),
    "BatchGetImage": ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"),
    "DescribeImages": ("ecr:DescribeImages",),
    "HeadObject": ("s3:GetObject", "s3:ListBucket"),
    "GetObject": ("s3:GetObject", "s3:ListBucket"),
    "ListObjects": ("s3:ListBucket", "s3:GetObject"),
    "ListObjectsV2": ("s3:ListBucket", "s3:GetObject"),
}
_PUBLIC_ECR = ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken")
_BUCKET = re.compile(r"s3://([^/\s]+)")
_QUOTED = 300


def refused(error: BaseException, doing: str) -> EnvironmentFault | None:
    """Why AWS would not, or could not be asked; None when the error has nothing to do with credentials or the way there.

    `doing` completes "could not …": "read s3://bucket/model.tar.gz", "get a login for HOST". A bucket in it is
    named in the statement to add.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return of_answer(error, doing)
    if isinstance(error, ResponseParserError):  # of no family: STS's 500 without XML, a proxy's page
        return unavailable(doing, "the answer is none of AWS's")
    return of_client(error, doing) if isinstance(error, BotoCoreError) else None


def of_answer(
    error: Any, doing: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> EnvironmentFault | None:
    """For an answer of AWS, a ClientError."""
    code, status = code_of(error), status_of(error)
    message = words_of(error)
    if code in _CLOCK or (code in _SIGNATURE and _OF_TIME.search(message)):
        return clock_wrong(doing, error, now())
    if code in _EXPIRED:
        return _expired(doing, f"{code}: {message}")
    if code in _UNKNOWN_KEY:
        return _unknown(doing, code)
    if code in _SIGNATURE:
        return _wrong(doing, code)
    if code in _DENIED:
        return _denied(doing, error.operation_name, code, message)
    if code in _REGION:
        return _region_off(doing, f"{code}: {message}")
    if code in _THROTTLED or status == 429:
        return throttled(doing, code)
    if code == "400" and error.operation_name == "HeadObject":  # a HEAD has no body to say more in
        return _expired(doing, "400 Bad Request, which is S3's answer to a HEAD with expired credentials")
    return unavailable(doing, f"{code}: {message}") if status >= 500 else None


def code_of(error: Any) -> str:
    """AWS's code for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def words_of(error: Any) -> str:
    """AWS's words for the error: their first line."""
    lines = str(error.response.get("Error", {}).get("Message") or "").strip().splitlines()
    return shorten(lines[0], _QUOTED) if lines else "no reason given"


def status_of(error: Any) -> int:
    """The HTTP status; 0 when it is not known."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def clock_off(error: Any, now: datetime) -> float | None:
    """By how many seconds this machine's clock is ahead of AWS's, which stands in the answer; None when it does not."""
    from email.utils import parsedate_to_datetime

    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return (now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))).total_seconds()


def clock_words(off: float | None) -> str:
    """The difference in words; empty when there is none to speak of."""
    if off is None or abs(off) < CLOCK / 5:
        return ""
    size = f"{abs(off) / 60:.0f} min" if abs(off) < 7200 else f"{abs(off) / 3600:,.1f} h"
    return f"this machine's clock is {size} {'ahead of' if off > 0 else 'behind'} AWS's"


def clock_wrong(doing: str, error: Any, now: datetime) -> CredentialsRefused:
    """For a signature that is too old or too young."""
    why = clock_words(clock_off(error, now)) or "the time in the signature is not AWS's time"
    return CredentialsRefused(
        f"could not {doing}: {why} ({code_of(error)})",
        remedy=f"Set the clock: timedatectl set-ntp true, or chronyc makestep. AWS allows {CLOCK // 60} minutes.",
        kind="clock",
    )


def throttled(doing: str, code: str) -> EnvironmentFault:
    """For too many requests of the account."""
    return EnvironmentFault(
        f"could not {doing}: AWS throttles the account's requests ({code})",
        remedy="Run fewer jobs at a time, or again later.",
        kind="aws-throttled",
    )


def unavailable(doing: str, why: str) -> EnvironmentFault:
    """For AWS's own failure."""
    return EnvironmentFault(
        f"could not {doing}: AWS is not available ({why})",
        remedy="Run it again later; see https://health.aws.amazon.com. Does a proxy answer in AWS's place?",
        kind="aws-unavailable",
    )


def _unknown(doing: str, code: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"could not {doing}: AWS does not know the access key ({code})",
        remedy="Was it deleted, or is it of another partition (China, GovCloud)? Temporary keys, which begin with "
        "ASIA, need AWS_SESSION_TOKEN beside AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        kind="credentials-unknown",
    )


def _wrong(doing: str, code: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"could not {doing}: the secret key does not belong to the access key's id ({code})",
        remedy="Copy AWS_SECRET_ACCESS_KEY again, whole and without spaces around it.",
        kind="credentials-wrong",
    )


def _expired(doing: str, why: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"could not {doing}: the AWS credentials have expired ({why})",
        remedy="Sign in again: 'aws sso login', or in a workflow configure-aws-credentials in this same job, right before; "
        "with role-to-assume sm-ci renews them itself.",
        kind="credentials-expired",
    )


def _region_off(doing: str, why: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"could not {doing}: the region is not open to this account ({why})",
        remedy="Check AWS_REGION. Else have the account's administrator enable the region, "
        "and STS in it: IAM, Account settings, Security Token Service.",
        kind="region-disabled",
    )


def _denied(doing: str, operation: str, code: str, message: str) -> CredentialsRefused:
    told = "403 Forbidden; a HEAD gives no reason" if code == "403" else f"{code}: {message}"
    if operation.startswith("AssumeRole"):
        remedy = "Have the role's trust policy allow this caller, or name another role: AWS_ROLE_ARN, or the profile's."
        return CredentialsRefused(f"could not {doing}: AWS denies it ({told})", remedy=remedy, kind="trust-policy")
    statement = _statement(operation, doing, message)
    return CredentialsRefused(
        f"could not {doing}: AWS denies it ({told})",
        remedy=f"Add to a policy of the role:\n{statement}\n"
        "A policy of the repository, the bucket, its key (KMS) or the organization may deny it too.",
        kind="access-denied",
    )


def _statement(operation: str, doing: str, message: str) -> str:
    named = re.search(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (arn:\S+))?", message)
    resource = named[2] if named and named[2] else "*"
    if operation == "GetAuthorizationToken" and "public" in f"{doing} {message}":
        return allow(_PUBLIC_ECR, ["*"])
    actions = _ACTIONS.get(operation, (named[1],) if named else (operation,))
    if actions[0].startswith("s3:"):
        bucket = _BUCKET.search(doing)
        return allow(sorted(actions), bucket_arns(bucket[1] if bucket else "BUCKET"))
    return allow(actions, ["*" if operation == "GetAuthorizationToken" else resource])
