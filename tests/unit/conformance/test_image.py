"""The checks on an image as the engine describes it."""

from __future__ import annotations

from typing import Any

import pytest

from sm_ci.conformance.image import CHECKS, LARGE
from sm_ci.conformance.subjects import Image
from sm_ci.conformance.verdict import HELD, Verdict
from sm_ci.contract.suite import Weight
from sm_ci.errors import Finding, Severity
from sm_ci.results import CheckOutcome

CAPABILITY = "com.amazonaws.sagemaker.capabilities."


def image(**fields: Any) -> Image:
    good: dict[str, Any] = {
        "reference": "churn:1",
        "entrypoint": ("python", "serve"),
        "command": (),
        "environment": {"PATH": "/usr/bin"},
        "labels": {},
        "user": "",
        "size": 10**9,
        "architecture": "amd64",
    }
    return Image(**{**good, **fields})


def judged(name: str, **fields: Any) -> Verdict:
    return CHECKS[name](image(**fields))


def broken(name: str, **fields: Any) -> tuple[str, str]:
    verdict = judged(name, **fields)
    assert verdict.outcome is CheckOutcome.BROKEN
    return verdict.message, verdict.remedy


def test_a_good_image_breaks_nothing() -> None:
    outcomes = {name: check(image()).outcome for name, check in CHECKS.items()}
    untried = {name for name, outcome in outcomes.items() if outcome is CheckOutcome.UNCHECKED}
    assert untried == {"manifest-type", "architecture"}
    assert CheckOutcome.BROKEN not in outcomes.values()


@pytest.mark.parametrize(
    "entry",
    [
        (),
        ("serve",),
        ("/bin/sh", "/entrypoint.sh"),
        ("/bin/bash", "-m", "/usr/local/bin/dockerd_entrypoint.sh"),
        ("/bin/sh", "-c", 'exec python app.py "$@"', "--"),
        ("/bin/sh", "-c", "exec serve"),
        ("/bin/bash", "-lc", "cd /app && exec python app.py serve"),
    ],
)
def test_entry_points_that_hand_over_what_they_get(entry: tuple[str, ...]) -> None:
    assert judged("entry-point-form", entrypoint=entry) == HELD


@pytest.mark.parametrize(
    ("text", "lost", "form"),
    [
        (
            "python app.py",
            "the server does not get the argument 'serve', and a shell may keep SIGTERM to itself, so that the server is killed after 30 s",
            '["python", "app.py"]',
        ),
        (
            "python app.py serve",
            "a shell may keep SIGTERM to itself, so that the server is killed after 30 s",
            '["python", "app.py", "serve"]',
        ),
        ("exec python app.py", "the server does not get the argument 'serve'", '["python", "app.py"]'),
        (
            "cd /app && exec python app.py",
            "the server does not get the argument 'serve'",
            '["/path/to/script"], a script that ends with exec',
        ),
    ],
)
def test_entry_points_in_shell_form(text: str, lost: str, form: str) -> None:
    message, remedy = broken("entry-point-form", entrypoint=("/bin/sh", "-c", text))
    assert message == f"ENTRYPOINT has the shell form ({text!r}): {lost}"
    assert remedy == f"write it in exec form: ENTRYPOINT {form}"


@pytest.mark.parametrize("first", ["/usr/bin/tini", "dumb-init", "/sbin/docker-init", "/init"])
def test_init_programs(first: str) -> None:
    name = first.rpartition("/")[2]
    message, _ = broken("no-init", entrypoint=(first, "--", "serve"))
    assert message == f"the entry point is the init program {name!r}, which SageMaker's guide says cannot be used"


@pytest.mark.parametrize(("user", "good"), [("", True), ("root:root", True), ("0:5", True), ("model", False)])
def test_users(user: str, good: bool) -> None:
    assert (judged("root-user", user=user) == HELD) is good


@pytest.mark.parametrize(
    ("name", "value", "message", "weight"),
    [
        ("multi-models", "True", f"the label {CAPABILITY}multi-models is 'True', and SageMaker reads true", None),
        ("multi-model", "true", f"the label {CAPABILITY}multi-model is none that SageMaker is known to read", "advice"),
    ],
)
def test_labels_that_say_nothing(name: str, value: str, message: str, weight: str | None) -> None:
    verdict = judged("labels", labels={f"{CAPABILITY}{name}": value})
    assert (verdict.message, verdict.weight) == (message, weight and Weight(weight))


def test_labels_that_sagemaker_reads_or_that_are_others() -> None:
    ours = {f"{CAPABILITY}{name}": "true" for name in ("accept-bind-to-port", "multi-models")}
    others = {f"{CAPABILITY}bidirectional-streaming": "false", "com.amazonaws.sagemaker.inference.cuda": "12.2"}
    assert judged("labels", labels={**ours, **others}) == HELD


def test_sizes() -> None:
    assert judged("image-size", size=LARGE) == HELD
    assert broken("image-size", size=LARGE + 5 * 2**30) == (
        "the image takes 25.0 GiB on disk: a new instance of the endpoint pulls all of it before it serves",
        "leave out build tools, caches and weights (which belong to the model data)",
    )


def test_manifests() -> None:
    asked = {"registry_asked": True}
    assert judged("manifest-type", **asked) == HELD
    found = Finding(rule="manifest-type", severity=Severity.WARNING, message="is an index", remedy="build without")
    verdict = judged("manifest-type", **asked, manifest=found)
    assert (verdict.message, verdict.remedy, verdict.weight) == ("is an index", "build without", Weight.MISBEHAVES)


def test_architectures() -> None:
    assert judged("architecture", wanted_architecture="amd64") == HELD
    assert broken("architecture", wanted_architecture="arm64") == (
        "the image is for amd64, and the instance type has arm64",
        "build it with --platform linux/arm64, or choose another instance_type",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({f"V{number}": "" for number in range(101)}, "the environment has 101 entries, and CreateModel takes 100"),
        ({"2X": ""}, "the variable '2X' has a name that CreateModel refuses"),
        ({"X": "é" * 513}, "the variable X has 1,026 bytes, and CreateModel takes 1,024"),
        (
            {f"V{number:02}": "x" * 1021 for number in range(33)},
            "the environment has 33,792 bytes, and CreateModel takes 32,768 in all",
        ),
    ],
)
def test_environments_that_create_model_refuses(given: dict[str, str], message: str) -> None:
    assert broken("environment-limits", given=given)[0] == message


def test_an_environment_at_all_limits() -> None:
    given = {f"V{number:02}": "x" * (1021 if number < 31 else 324) for number in range(32)}
    assert sum(len(name) + len(value) for name, value in given.items()) <= 32 * 1024
    assert judged("environment-limits", given={**given, **{f"W{number}": "" for number in range(68)}}) == HELD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "correct-horse"),
        ("OPENAI_API_KEY", "abcdefgh12345678"),
        ("HF_TOKEN", "abcdefgh1234"),
        ("DATABASE", "postgres://me:s3cret@db/x"),
        ("WHATEVER", "AKIAIOSFODNN7EXAMPLE"),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_variables_that_look_like_secrets(name: str, value: str) -> None:
    message, remedy = broken("image-secrets", environment={name: value})
    assert message == f"the image's variable {name} looks like a secret: whoever can pull the image can read it"
    assert value not in message + remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("MAX_TOTAL_TOKENS", "4096"),
        ("MAX_TOKEN", "1000000"),
        ("EOS_TOKEN", "<|endoftext|>"),
        ("PAD_TOKEN", "[PAD_TOKEN]"),
        ("DB_PASSWORD_FILE", "/run/secrets/password"),
        ("DB_PASSWORD", ""),
        ("DB_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"),
        ("TOKEN", "https://auth.example.com/token"),
        ("API_KEY", "changeme"),
        ("AWS_CREDENTIALS", "${CREDENTIALS}"),
        ("URL", "https://example.com:8080/a@b"),
        ("PYTHON_SHA256", "e0ad9d0a6a1a0dd3b4d7a5c4c1b6a2e5"),
    ],
)
def test_variables_that_do_not(name: str, value: str) -> None:
    assert judged("image-secrets", environment={name: value}) == HELD
