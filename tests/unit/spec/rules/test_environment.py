from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]
HEAD = "version: 1\nimage: i\ntests: [{name: a}]\n"
NAMES = "use letters, digits and _, no digit first"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (f"environment: {{A: {'x' * 1024}}}", []),
        (
            f"environment: {{A: {'é' * 513}}}",
            [
                (
                    "sm-ci.yml:4:18: environment.A: has 1026 bytes, and SageMaker refuses more than 1024; "
                    "put it into a file of the model"
                )
            ],
        ),
        ("environment: {" + ", ".join(f"A{n}: x" for n in range(100)) + "}", []),
        (
            "environment: {" + ", ".join(f"A{n}: x" for n in range(101)) + "}",
            ["sm-ci.yml:4:14: environment: has 101 entries, and SageMaker refuses more than 100; leave some out"],
        ),
        (
            "environment: {" + ", ".join(f"A{n}: {'x' * 1000}" for n in range(33)) + "}",
            [
                (
                    "sm-ci.yml:4:14: environment: has 33089 bytes, and SageMaker refuses more than 32768 in all; "
                    "put long values into files of the model"
                )
            ],
        ),
        (
            "environment: {1A: x}",
            [
                'sm-ci.yml:4:15: environment["1A"]: is not a name that SageMaker takes for an environment variable; '
                + NAMES
            ],
        ),
        (
            'environment: {A: "x\\0"}',
            ["sm-ci.yml:4:18: environment.A: holds a NUL character, which no environment variable can hold"],
        ),
        (
            "environment: {SAGEMAKER_BIND_TO_PORT: '80'}",
            [
                (
                    "sm-ci.yml:4:15: environment.SAGEMAKER_BIND_TO_PORT: SageMaker sets this variable itself; "
                    "leave it out; sm-ci sets it to '8080'"
                )
            ],
        ),
        (
            "environment: {AWS_REGION: eu-west-1}",
            [
                (
                    "sm-ci.yml:4:15: environment.AWS_REGION: SageMaker sets this variable itself; "
                    "leave it out; sm-ci sets it to 'us-east-1'"
                )
            ],
        ),
        (
            "secrets: [ABSENT]",
            [
                (
                    "sm-ci.yml:4:11: secrets[0]: 'ABSENT' is not set in the environment, or is empty; "
                    "set it, in a workflow with env: {ABSENT: ${{ secrets.ABSENT }}}"
                )
            ],
        ),
        (
            "secrets: [EMPTY]",
            [
                (
                    "sm-ci.yml:4:11: secrets[0]: 'EMPTY' is not set in the environment, or is empty; "
                    "set it, in a workflow with env: {EMPTY: ${{ secrets.EMPTY }}}"
                )
            ],
        ),
        (
            "secrets: [TOKEN]\nenvironment: {TOKEN: x}",
            [
                (
                    "sm-ci.yml:4:11: secrets[0]: 'TOKEN' stands in environment too; "
                    "keep it in secrets only, so that its value is not in the file"
                )
            ],
        ),
        (
            "secrets: [TOKEN, TOKEN]",
            ["sm-ci.yml:4:18: secrets[1]: 'TOKEN' is listed twice; secrets[0] has it already"],
        ),
        (
            "secrets: [a-b]",
            [f"sm-ci.yml:4:11: secrets[0]: is not the name of an environment variable: 'a-b'; {NAMES}"],
        ),
        (
            "secrets: [GITHUB_TOKEN]",
            ["sm-ci.yml:4:11: secrets[0]: 'GITHUB_TOKEN' is the name of a credential, which no spec can read"],
        ),
    ],
)
def test_environment_and_secrets(told: Told, text: str, messages: list[str]) -> None:
    assert told(f"{HEAD}{text}\n", environ={"TOKEN": "t", "EMPTY": "", "GITHUB_TOKEN": "g"}) == messages
