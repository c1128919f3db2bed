"""What --baseline and --candidate name, and how much may differ."""

from __future__ import annotations

import pytest

from sm_ci.commands.sides import AS_IS, sides_named
from sm_ci.commands.trying import read_allow, read_budget
from sm_ci.errors import UsageError
from sm_ci.trial import Budget

FIGURES = "There are answers, p50, p95, p99, startup, peak_memory, image_size, throughput."
ANSWERS = "Write one of identical, within tolerance, any."
DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("given", "kind", "value"),
    [
        (f"image:registry:5000/churn:1.9@{DIGEST}", "image", f"registry:5000/churn:1.9@{DIGEST}"),
        (" model:s3://bucket/key.tar.gz ", "model", "s3://bucket/key.tar.gz"),
        ("ref:origin/main", "ref", "origin/main"),
        ("result: sm-ci-results", "result", "sm-ci-results"),
    ],
)
def test_a_side_is_a_kind_and_a_value(given: str, kind: str, value: str) -> None:
    baseline, candidate = sides_named(given, None)
    assert (baseline.kind, baseline.value, str(baseline)) == (kind, value, f"{kind}:{value}")
    assert (candidate.kind, str(candidate)) == ("", AS_IS)
    assert baseline.given == f"--baseline {kind}:{value}"


@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [
        (None, None, "neither --baseline nor --candidate is given: there is nothing to compare"),
        ("ref:main", "ref: main", "both are ref:main: there is nothing to compare"),
        ("", None, "--baseline '' is no side of a comparison"),
        (None, "churn:1.9", "--candidate 'churn:1.9' is no side of a comparison"),
        (None, "Image:a", "--candidate 'Image:a' is no side of a comparison"),
        ("model:", None, "--baseline 'model:' names nothing after model:"),
    ],
)
def test_what_is_no_side_is_told(baseline: str | None, candidate: str | None, message: str) -> None:
    with pytest.raises(UsageError) as error:
        sides_named(baseline, candidate)
    assert error.value.message == message
    assert "image:REFERENCE, model:SOURCE, ref:COMMIT-BRANCH-OR-TAG or result:FILE" in error.value.remedy


def test_an_image_alone_is_taken_for_what_it_is() -> None:
    with pytest.raises(UsageError) as error:
        sides_named(None, "churn:1.9")
    assert error.value.remedy.endswith("did you mean image:churn:1.9?")


def test_an_image_that_cannot_be_one_is_told_before_anything_is_hosted() -> None:
    with pytest.raises(UsageError) as error:
        sides_named(None, "image:Churn:1.9")
    assert error.value.message == (
        "--candidate 'Churn:1.9' is not an image reference: the repository's name holds capital letters, 'Churn'"
    )
    assert error.value.remedy == "Registries know small letters only: write 'churn'."


def test_how_two_versions_are_tried_is_read() -> None:
    assert read_allow(["p95=+10%", "answers = within  tolerance"]) == {"p95": "+10%", "answers": "within  tolerance"}
    assert read_budget(None, "1m") == Budget(rounds=None, seconds=60.0)


@pytest.mark.parametrize(
    ("allow", "message", "remedy"),
    [
        ("p95", "--allow 'p95' is not FIGURE=CHANGE", "Write for example: --allow p95=+10%"),
        ("=+10%", "--allow '=+10%' is not FIGURE=CHANGE", "Write for example: --allow p95=+10%"),
        ("p95=-10%", "--allow 'p95=-10%' is no limit: '-10%', and p95 gets worse when it grows", "Write +10%."),
        ("latency=+1%", "--allow 'latency=+1%' is an unknown figure", FIGURES),
        ("answers=some", "--allow 'answers=some' is nothing that answers may be: 'some'", ANSWERS),
    ],
)
def test_what_cannot_be_is_told_with_its_option(allow: str, message: str, remedy: str) -> None:
    with pytest.raises(UsageError) as error:
        read_allow([allow])
    assert error.value.message == message
    assert error.value.remedy == remedy


def test_a_time_to_measure_that_is_none_is_told() -> None:
    with pytest.raises(UsageError) as error:
        read_budget(None, "30")
    assert error.value.message == "--measure-for '30' is not a time"
    assert error.value.remedy == "Write a number and a unit (us, ms, s, m, h), for example 30s."
