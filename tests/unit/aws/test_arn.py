"""Names of roles, partitions and sessions."""

import pytest

from sm_ci.aws.arn import Role, home_of, partition_of, session_name
from sm_ci.errors import CredentialsRefused


def test_a_role_is_read() -> None:
    role = Role.parse("arn:aws-us-gov:iam::123456789012:role/team/ci/sm-ci@x")
    assert (role.partition, role.account, role.name) == ("aws-us-gov", "123456789012", "sm-ci@x")
    assert role.provider("ghes.example/_services/token") == (
        "arn:aws-us-gov:iam::123456789012:oidc-provider/ghes.example/_services/token"
    )


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::123456789012:user/ann",
        "arn:aws:iam::12345678901:role/x",
        "arn:aws:sts::123456789012:assumed-role/x/y",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/x\n",
        "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/x",
        "",
    ],
)
def test_what_is_no_role(text: str) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        Role.parse(text)
    assert caught.value.message == f"the role {text!r} is not the ARN of a role"
    assert caught.value.kind == "role-arn"


@pytest.mark.parametrize(
    ("region", "partition", "home"),
    [
        ("eu-central-1", "aws", "us-east-1"),
        ("cn-northwest-1", "aws-cn", "cn-north-1"),
        ("us-gov-east-1", "aws-us-gov", "us-gov-west-1"),
        ("us-isob-east-1", "aws-iso-b", ""),
        ("us-iso-east-1", "aws-iso", ""),
        ("us-isof-south-1", "aws-iso-f", ""),
        ("eu-isoe-west-1", "aws-iso-e", ""),
        ("eusc-de-east-1", "aws-eusc", ""),
    ],
)
def test_partitions(region: str, partition: str, home: str) -> None:
    assert partition_of(region) == partition
    assert home_of(partition) == home


@pytest.mark.parametrize(
    ("wanted", "run", "name"),
    [
        ("", "33", "sm-ci-33"),
        ("", "", "sm-ci"),
        ("x", "33", "x-"),
        ("a/b c:d", "33", "a-b-c-d"),
        ("n" * 80, "", "n" * 64),
    ],
)
def test_session_names(wanted: str, run: str, name: str) -> None:
    assert session_name(wanted, run) == name
