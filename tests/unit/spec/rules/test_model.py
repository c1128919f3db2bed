"""Rules about the model's sources and the execution role."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]
SOUND = "version: 1\nimage: i\ntests: [{name: a}]\n"
SIX = ", ".join(f"c{number}: ./m" for number in range(6))
ROLE = "arn:aws:iam::123456789012:role/service-role/hosting"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("model: s3://bucket/model.tar.gz", []),
        ("model: s3://bucket/models/", []),
        ("model: s3://bucket/", []),
        ("model: {source: ./m, additional: {draft: s3://bucket/draft/}}", []),
        ("model: {additional: {draft: ./m}}", []),
        (
            "model: s3://b/k.tar.gz",
            ["sm-ci.yml:4:8: model: has no bucket's name after s3://: 's3://b/k.tar.gz'; write s3://bucket/key.tar.gz"],
        ),
        (
            "model: s3://bucket/models",
            [
                (
                    "sm-ci.yml:4:8: model: is neither an archive nor a prefix: 's3://bucket/models'; "
                    "end it with .tar.gz for an archive, with / for the files below it"
                )
            ],
        ),
        (
            "model: https://host/model.tar.gz",
            [
                (
                    "sm-ci.yml:4:8: model: is neither a path nor an S3 address: 'https://host/model.tar.gz'; "
                    "write a path, s3://bucket/key.tar.gz or s3://bucket/prefix/"
                )
            ],
        ),
        (
            "model: {source: s3://Bucket/x/}",
            [
                (
                    "sm-ci.yml:4:17: model.source: has no bucket's name after s3://: 's3://Bucket/x/'; "
                    "write s3://bucket/key.tar.gz"
                )
            ],
        ),
        (
            "model: {additional: {a b: ./m}}",
            [
                (
                    'sm-ci.yml:4:22: model.additional["a b"]: is not a name that SageMaker takes for a channel; '
                    "use letters, digits, '.', '-' and '_', at most 64"
                )
            ],
        ),
        (
            f"model: {{additional: {{{SIX}}}}}",
            [
                "sm-ci.yml:4:21: model.additional: has 6 sources, and SageMaker refuses more than 5; leave some out",
            ],
        ),
        (f"execution_role: {ROLE}", []),
        (
            "execution_role: hosting",
            [
                (
                    "sm-ci.yml:4:17: execution_role: is not the ARN of a role: 'hosting'; "
                    "write arn:aws:iam::123456789012:role/NAME"
                )
            ],
        ),
        (
            f"execution_role: {ROLE}\nnetwork_isolation: true",
            [
                (
                    "sm-ci.yml:4:17: execution_role: has no effect with network_isolation: "
                    "an isolated container gets no credentials; leave one of the two out"
                )
            ],
        ),
    ],
)
def test_the_model_and_the_role(told: Told, text: str, messages: list[str]) -> None:
    assert told(f"{SOUND}{text}\n", files={"m/weights": ""}) == messages
