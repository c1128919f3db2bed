"""The names of AWS's things: roles, partitions, sessions. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sm_ci.errors import CredentialsRefused

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/((?:[\x21-\x7e]{1,510}/)?)([\w+=,.@-]{1,64})", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_NOT_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_SESSION_NAME = range(2, 65)  # characters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

_PARTITIONS = (  # by the start of a region's name: botocore's data/partitions.json
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)
_HOME = {  # where STS is asked when nobody names a region; of the other partitions none is everybody's
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role by its ARN. `name` is without its path."""

    partition: str
    account: str
    name: str
    arn: str

    @classmethod
    def parse(cls, text: str) -> Role:
        """CredentialsRefused when the text is no ARN of a role: a bare name says not in which account."""
        match = _ROLE.fullmatch(text)
        if match is None:
            raise _no_role(text)
        return cls(partition=match[1], account=match[2], name=match[4], arn=text)

    def provider(self, issuer: str) -> str:
        """The ARN of the account's OpenID Connect provider for an issuer, a host name with its path."""
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{issuer}"


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")


def home_of(partition: str) -> str:
    """The region in which STS is asked when no other is known; empty for a partition that has none for all."""
    return _HOME.get(partition, "")


def session_name(wanted: str, run: str) -> str:
    """What CloudTrail shows: `wanted`, else `sm-ci-RUN`; letters that STS refuses become `-`, and it is cut at 64."""
    name = wanted or (f"sm-ci-{run}" if run else "sm-ci")
    return _NOT_IN_SESSION_NAME.sub("-", name)[: _SESSION_NAME.stop - 1].ljust(_SESSION_NAME.start, "-")


def _no_role(text: str) -> CredentialsRefused:
    if _NAME.fullmatch(text):
        why = f"the role {text!r} is a bare name, which does not say in which account it is"
        remedy = f"Write its ARN: arn:aws:iam::ACCOUNT:role/{text}"
    else:
        why = f"the role {text!r} is not the ARN of a role"
        remedy = "Write role-to-assume, or AWS_ROLE_ARN, as arn:aws:iam::123456789012:role/NAME, as 'aws iam get-role' shows it."
    return CredentialsRefused(why, remedy=remedy, kind="role-arn")
