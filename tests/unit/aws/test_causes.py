"""botocore's errors as ours, each with what to do."""

import json
from datetime import UTC, datetime
from typing import Any

import botocore.exceptions as aws
import pytest
from botocore.parsers import ResponseParserError

from sm_ci.aws.causes import clock_off, clock_words, of_answer, refused
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault

DOING = "read s3://models/churn/model.tar.gz"


def answer(code: str, message: str = "why", operation: str = "GetObject", status: int = 400, **headers: str) -> Any:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return aws.ClientError(response, operation)


def fault_of(error: BaseException, doing: str = DOING) -> EnvironmentFault:
    fault = refused(error, doing)
    assert fault is not None
    return fault


def statement(fault: EnvironmentFault) -> Any:
    return json.JSONDecoder().raw_decode(fault.remedy[fault.remedy.index("{") :])[0]


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ExpiredToken", "why", "credentials-expired"),
        ("ExpiredTokenException", "why", "credentials-expired"),
        ("InvalidAccessKeyId", "why", "credentials-unknown"),
        ("UnrecognizedClientException", "why", "credentials-unknown"),
        ("SignatureDoesNotMatch", "why", "credentials-wrong"),
        ("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2", "clock"),
        ("RequestTimeTooSkewed", "why", "clock"),
        ("AccessDenied", "why", "access-denied"),
        ("403", "Forbidden", "access-denied"),
        ("RegionDisabledException", "why", "region-disabled"),
        ("OptInRequired", "why", "region-disabled"),
        ("SlowDown", "why", "aws-throttled"),
        ("ThrottlingException", "why", "aws-throttled"),
    ],
)
def test_answers(code: str, message: str, kind: str) -> None:
    assert fault_of(answer(code, message)).kind == kind


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket", "404", "RepositoryNotFoundException", "400"])
def test_what_is_about_the_thing_is_left_to_who_asked(code: str) -> None:
    assert refused(answer(code), DOING) is None
    assert refused(ValueError("x"), DOING) is None
    assert refused(aws.ParamValidationError(report="x"), DOING) is None


def test_s3_denies() -> None:
    fault = fault_of(answer("AccessDenied", "Access Denied", "GetObject", 403))
    assert str(fault) == (
        "could not read s3://models/churn/model.tar.gz: AWS denies it (AccessDenied: Access Denied)\n"
        "Add to a policy of the role:\n"
        "{\n"
        '  "Effect": "Allow",\n'
        '  "Action": [\n'
        '    "s3:GetObject",\n'
        '    "s3:ListBucket"\n'
        "  ],\n"
        '  "Resource": [\n'
        '    "arn:aws:s3:::models",\n'
        '    "arn:aws:s3:::models/*"\n'
        "  ]\n"
        "}\n"
        "A policy of the repository, the bucket, its key (KMS) or the organization may deny it too."
    )


@pytest.mark.parametrize(
    ("operation", "doing", "message", "actions", "resources"),
    [
        (
            "HeadObject",
            DOING,
            "Forbidden",
            ["s3:GetObject", "s3:ListBucket"],
            ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
        ),
        (
            "ListObjectsV2",
            "list it",
            "x",
            ["s3:GetObject", "s3:ListBucket"],
            ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"],
        ),
        ("GetAuthorizationToken", "get a login", "x", ["ecr:GetAuthorizationToken"], ["*"]),
        (
            "GetAuthorizationToken",
            "get a login for public.ecr.aws",
            "x",
            ["ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"],
            ["*"],
        ),
        (
            "BatchGetImage",
            "read the manifest",
            "User: arn:a is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:1:repository/r",
            ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
            ["arn:aws:ecr:us-east-1:1:repository/r"],
        ),
        (
            "Decrypt",
            "read it",
            "User: arn:a is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/k because",
            ["kms:Decrypt"],
            ["arn:aws:kms:us-east-1:1:key/k"],
        ),
    ],
)
def test_the_statement_to_add(
    operation: str, doing: str, message: str, actions: list[str], resources: list[str]
) -> None:
    fault = fault_of(answer("AccessDenied", message, operation, 403), doing)
    assert statement(fault) == {"Effect": "Allow", "Action": actions, "Resource": resources}


def test_a_head_gives_no_reason() -> None:
    assert fault_of(answer("403", "Forbidden", "HeadObject", 403)).message == (
        f"could not {DOING}: AWS denies it (403 Forbidden; a HEAD gives no reason)"
    )
    assert fault_of(answer("400", "Bad Request", "HeadObject")).kind == "credentials-expired"


def test_a_role_of_the_chain_is_refused() -> None:
    fault = fault_of(answer("AccessDenied", "no", "AssumeRoleWithWebIdentity", 403), "sign in to AWS")
    assert str(fault) == (
        "could not sign in to AWS: AWS denies it (AccessDenied: no)\n"
        "Have the role's trust policy allow this caller, or name another role: AWS_ROLE_ARN, or the profile's."
    )


def test_only_the_first_line_of_awss_words_is_quoted() -> None:
    message = (
        "The request signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:FwoGZX"
    )
    for code in ("SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InternalError"):
        fault = fault_of(answer(code, message, status=500))
        assert "FwoGZX" not in str(fault)
    assert len(fault_of(answer("AccessDenied", "x" * 5000, "Other", 403)).message) < 500


def test_a_clock() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    early = answer("RequestTimeTooSkewed", date="Thu, 01 Jan 2026 11:40:00 GMT")
    fault = of_answer(early, DOING, now=lambda: now)
    assert fault is not None
    assert fault.message == f"could not {DOING}: this machine's clock is 20 min ahead of AWS's (RequestTimeTooSkewed)"
    assert clock_off(answer("x", date="garbage"), now) is None
    assert clock_off(answer("x", date="Thu, 01 Jan 2026 12:00:00 -0000"), now) == 0.0
    assert clock_words(59) == ""
    assert clock_words(-7200) == "this machine's clock is 2.0 h behind AWS's"
    assert fault_of(answer("RequestExpired")).message == (
        f"could not {DOING}: the time in the signature is not AWS's time (RequestExpired)"
    )


@pytest.mark.parametrize(
    ("error", "family", "kind"),
    [
        (aws.NoCredentialsError(), CredentialsMissing, "no-credentials"),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), CredentialsRefused, "credentials-incomplete"),
        (aws.ProfileNotFound(profile="x"), CredentialsRefused, "profile-not-found"),
        (aws.ConfigParseError(path="x"), CredentialsRefused, "aws-config"),
        (aws.InvalidConfigError(error_msg="x"), CredentialsRefused, "aws-config"),
        (aws.CredentialRetrievalError(provider="x", error_msg="x"), CredentialsRefused, "credentials-not-retrieved"),
        (aws.TokenRetrievalError(provider="x", error_msg="x"), CredentialsRefused, "login-expired"),
        (aws.UnauthorizedSSOTokenError(), CredentialsRefused, "login-expired"),
        (aws.SSOTokenLoadError(error_msg="x"), CredentialsRefused, "login-expired"),
        (aws.NoRegionError(), EnvironmentFault, "no-region"),
        (aws.InvalidRegionError(region_name="x y"), EnvironmentFault, "region-wrong"),
        (aws.EndpointConnectionError(endpoint_url="x"), EnvironmentFault, "aws-unreachable"),
        (aws.ConnectTimeoutError(endpoint_url="x"), EnvironmentFault, "aws-unreachable"),
        (aws.ReadTimeoutError(endpoint_url="x"), EnvironmentFault, "aws-unreachable"),
        (aws.ConnectionClosedError(endpoint_url="x"), EnvironmentFault, "aws-unreachable"),
        (aws.ProxyConnectionError(proxy_url="x", error="x"), EnvironmentFault, "proxy"),
        (aws.SSLError(endpoint_url="x", error="x"), EnvironmentFault, "tls"),
        (ResponseParserError("not XML"), EnvironmentFault, "aws-unavailable"),
        (answer("InternalError", status=500), EnvironmentFault, "aws-unavailable"),
        (answer("Whatever", status=429), EnvironmentFault, "aws-throttled"),
    ],
)
def test_kinds(error: Exception, family: type[EnvironmentFault], kind: str) -> None:
    fault = fault_of(error)
    assert type(fault) is family
    assert fault.kind == kind
    assert fault.message.startswith(f"could not {DOING}: ")
    assert fault.remedy


def test_the_words_of_the_network() -> None:
    proxied = aws.ProxyConnectionError(proxy_url="http://proxy.example:3128", error="refused")
    assert str(fault_of(proxied)) == (
        f"could not {DOING}: the proxy cannot be reached "
        '(Failed to connect to proxy URL: "http://proxy.example:3128")\n'
        "Check HTTPS_PROXY and NO_PROXY."
    )
    assert (
        str(fault_of(aws.NoRegionError())) == f"could not {DOING}: no region is set\nSet AWS_REGION, such as us-east-1."
    )
