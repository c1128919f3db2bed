"""What to add to a workflow or to IAM, ready to be pasted. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sm_ci.aws.arn import Role, partition_of
from sm_ci.aws.claims import Claims

PERMISSIONS = """\
permissions:
  id-token: write   # to ask for an identity token
  contents: read    # naming one permission drops all others, and actions/checkout needs this one"""

SKIP = "write 'without-credentials: skip' to have its tests skipped instead"


def trust_policy(role: Role, claims: Claims) -> str:
    """The statement by which a role trusts this job, with both forms of its subject."""
    subjects = list(claims.subjects()) or ["repo:OWNER/REPOSITORY:ref:refs/heads/main"]
    return _json(
        {
            "Effect": "Allow",
            "Principal": {"Federated": role.provider(claims.issuer)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{claims.issuer}:aud": claims.audience or "sts.amazonaws.com",
                    f"{claims.issuer}:sub": subjects,
                }
            },
        }
    )


def trust_of_caller(caller: str) -> str:
    """The statement by which a role trusts another role or user."""
    return _json({"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sts:AssumeRole"})


def allow(actions: Sequence[str], resources: Sequence[str]) -> str:
    """A statement that allows actions."""
    return _json({"Effect": "Allow", "Action": list(actions), "Resource": list(resources)})


def bucket_arns(bucket: str, region: str = "") -> tuple[str, str]:
    """The ARNs of a bucket, and of all that is in it."""
    arn = f"arn:{partition_of(region)}:s3:::{bucket}"
    return arn, f"{arn}/*"


def _json(statement: dict[str, Any]) -> str:
    return json.dumps(statement, indent=2)
