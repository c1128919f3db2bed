"""Which newer tags are candidates, how far they are, and what is told of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sm_ci.differences import CandidateOutcome, ImageVersion, UpgradeLevel
from sm_ci.errors import SpecError
from sm_ci.image.tags import parse
from sm_ci.spec.tags import tag_pattern
from sm_ci.upgrade.candidates import Newer, Wanted, candidates, distance, support

DIGEST, PATCH, MINOR, MAJOR = UpgradeLevel
NAME = "registry.example/churn"


def version(tag: str, digest: str = "") -> ImageVersion:
    return ImageVersion(reference=f"{NAME}:{tag}", tag=tag, digest=digest and f"sha256:{digest * 64}")


def newer(
    current: str, *tags: str, level: UpgradeLevel = MINOR, pattern: str = "", hold: tuple[str, ...] = ()
) -> Newer:
    matches = tag_pattern(pattern).matches if pattern else lambda _: True
    wanted = Wanted(level=level, matches=matches, pattern=pattern, hold=hold)
    return candidates(version(current), [version(tag) for tag in (*tags, current)], wanted)


def tags(found: Newer) -> list[str]:
    return [one.version.tag for one in found.candidates]


DISTANCES = [
    ("1.2.3", "1.2.4", PATCH),
    ("1.2.3", "1.3.0", MINOR),
    ("1.2.3", "2.0.0", MAJOR),
    ("0.36.0", "0.37.0", MINOR),
    ("15", "16", MAJOR),
    ("1.2.3.4", "1.2.3.5", PATCH),
    ("1.2.3-rc.1", "1.2.3", PATCH),
    ("1.7-1", "1.7-2", PATCH),
    ("1.7-1", "3.0-5", MAJOR),
    ("1.2-1-cpu-py3", "1.9-0-cpu-py3", MINOR),
    ("2.6.0-gpu-v1.40", "2.6.0-gpu-v2.0", PATCH),
    ("2.6.0-gpu-v1-2026-08-01-12-00-00", "2.6.0-gpu-v1-2026-09-01-12-00-00", PATCH),
    ("20260131", "20270131", PATCH),
    ("2026.1", "2026.2", MINOR),
    ("2026.4", "2027.1", MINOR),
    ("2026.1.3", "2026.1.4", PATCH),
    ("24.09-py3", "25.04-py3", MINOR),
    ("24.9.1", "25.4.0", MAJOR),
    ("b9522-cpu", "b9600-cpu", PATCH),
    ("b9522-cpu-ubuntu22.04", "b9600-cpu-ubuntu24.04", MINOR),
    ("server-sagemaker-cuda-v1", "server-sagemaker-cuda-v2", MAJOR),
    ("server-sagemaker-cuda-v2.5", "server-sagemaker-cuda-v2.6", MINOR),
    ("0.36.0-lmi27.0.0-cu130", "0.36.0-lmi28.0.0-cu130", MINOR),
    ("0.36.0-lmi28.0.0-cu130", "0.36.0-lmi28.0.1-cu130", PATCH),
    ("2.0.1-tei1.8.2-cpu", "2.0.1-tei1.9.3-cpu", MINOR),
    ("2.4.0-tgi2.4.0-gpu", "2.4.0-tgi3.0.1-gpu", MAJOR),
    ("0.17.0-transformers4.57.5-gpu", "0.21.0-transformers5.8.1-gpu", MAJOR),
    ("2.9.0-neuronx-py312-sdk2.31.0", "2.9.0-neuronx-py312-sdk2.31.1", PATCH),
    ("2.6.0-gpu-py311", "2.6.0-gpu-py312", MINOR),
    ("2.6.0-gpu-cu124-v1.1", "2.6.0-gpu-cu126-v1.2", MINOR),
    ("2.6.0-ubuntu20.04", "2.6.1-ubuntu22.04", MINOR),
    ("devel-cu129-amzn2023", "devel-cu130-amzn2023", MINOR),
]


@pytest.mark.parametrize(("one", "other", "level"), DISTANCES, ids=[f"{one} {other}" for one, other, _ in DISTANCES])
def test_how_far_a_newer_tag_is(one: str, other: str, level: UpgradeLevel) -> None:
    assert parse(one).family == parse(other).family
    assert distance(parse(one), parse(other)) is level
    found = newer(one, other, level=level)
    assert [(c.version.tag, c.level, c.outcome) for c in found.candidates] == [(other, level, CandidateOutcome.UNTRIED)]
    below = {MAJOR: MINOR, MINOR: PATCH}.get(level)
    if below:
        assert newer(one, other, level=below).passed_over == (f"1 newer tag is farther than {below}: {other}",)


def test_the_newest_comes_first_by_number_and_older_ones_do_not_come() -> None:
    found = newer("1.9.0", "1.10.0", "1.8.5", "2.0.0", "1.9.1", "1.10.1", "1.9.0", level=MAJOR)
    assert tags(found) == ["2.0.0", "1.10.1", "1.10.0", "1.9.1"]
    assert [one.level for one in found.candidates] == [MAJOR, MINOR, MINOR, PATCH]
    assert found.passed_over == ()


DLC = "2.6.0-gpu-py311-cu124-ubuntu22.04-sagemaker"
NEWER = (
    "2.7.0-gpu-py311-cu124-ubuntu22.04-sagemaker",
    "2.7.1-gpu-py312-cu126-ubuntu22.04-sagemaker",
    "2.8.0-gpu-py312-cu128-ubuntu24.04-sagemaker",
    "2.8.0-gpu-py312-cu118-ubuntu24.04-sagemaker",
    "3.0.0-gpu-py312-cu130-ubuntu24.04-sagemaker",
    "2.8.0-cpu-py312-ubuntu22.04-sagemaker",
    "2.8.0-gpu-py312-cu128-ubuntu22.04-ec2",
    "2.8-gpu-py312-cu128-ubuntu22.04-sagemaker",
    "2.8.0-gpu-py312-cu128-ubuntu22.04-sagemaker-v1.3",
    "2.9.0-rc1-gpu-py312-cu130-ubuntu24.04-sagemaker",
    "2.5.0-gpu-py311-cu124-ubuntu22.04-sagemaker",
    "latest",
)


def test_why_newer_tags_are_passed_over() -> None:
    found = newer(DLC, *NEWER, hold=("os",))
    assert tags(found) == [NEWER[1], NEWER[0]]
    assert found.passed_over == (
        f"2 newer tags move os, which is held: {NEWER[4]} and {NEWER[2]}",
        "1 newer tag moves cuda back: 2.8.0-gpu-py312-cu118-ubuntu24.04-sagemaker",
        "1 newer tag is a prerelease: 2.9.0-rc1-gpu-py312-cu130-ubuntu24.04-sagemaker",
        f"2 newer tags are written more or less precisely: {NEWER[8]} and {NEWER[7]}",
        f"2 newer tags are of another kind: {NEWER[5]} and {NEWER[6]}",
    )


def test_nothing_held_and_any_level() -> None:
    found = newer(DLC, *NEWER, level=MAJOR)
    assert tags(found) == [NEWER[4], NEWER[2], NEWER[1], NEWER[0]]
    assert [one.level for one in found.candidates] == [MAJOR, MINOR, MINOR, MINOR]


@pytest.mark.parametrize("held", ["python", "cuda"])
def test_a_held_part_stays(held: str) -> None:
    found = newer(DLC, *NEWER[:2], hold=(held,))
    assert tags(found) == [NEWER[0]]
    assert found.passed_over == (f"1 newer tag moves {held}, which is held: {NEWER[1]}",)


def test_a_part_that_is_held_and_not_told_is_warned_of() -> None:
    found = newer("2.5.1-gpu-py312", "2.6.0-gpu-py312", hold=("python", "cuda", "os"))
    assert tags(found) == ["2.6.0-gpu-py312"]
    assert [str(finding) for finding in found.findings] == [
        (
            "whether a newer version keeps cuda and os is not known beforehand: the tag 2.5.1-gpu-py312 does not tell; "
            "Use a tag that tells it, such as 2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker."
        )
    ]
    assert newer("2.6.0-gpu-py312", "2.6.0-gpu-py312", hold=("cuda",)) == Newer()


@pytest.mark.parametrize("pattern", ["2.7.*-gpu-*-sagemaker", r"/^2\.7\.\d+-gpu-.*-sagemaker$/"])
def test_a_pattern_chooses_among_them(pattern: str) -> None:
    found = newer(DLC, *NEWER[:3], pattern=pattern)
    assert tags(found) == [NEWER[1], NEWER[0]]
    assert found.passed_over == (f"1 newer tag does not match {pattern}: {NEWER[2]}",)


def test_a_pattern_that_searches_without_end_is_the_specs_fault() -> None:
    with pytest.raises(SpecError) as caught:
        newer("1-a", f"{'1' * 41}-a", pattern=r"/^(1|11)+$/")
    assert str(caught.value) == (
        f"upgrade.tags: was given up after 1 s on the tag '{'1' * 41}-a': '/^(1|11)+$/'; "
        "the pattern backtracks without end, write it simpler"
    )


def test_a_tag_that_moves_is_a_candidate_only_for_one_that_moves_as_much() -> None:
    found = newer("2.6", "2.7", "2.7.1", "3", "2.7.1-v1.0", "2.6.1")
    assert tags(found) == ["2.7"]
    assert found.passed_over == ("3 newer tags are written more or less precisely, such as 3 and 2.7.1-v1.0",)
    assert tags(newer("2.6.0", "2.7", "2.7.1")) == ["2.7.1"]
    assert tags(newer("server-v1", "server-v1.4", "server-v2", level=MAJOR)) == ["server-v2"]


def test_a_prerelease_comes_to_who_has_one() -> None:
    assert tags(newer("1.2.0-rc.1", "1.2.0-rc.2", "1.2.0", "1.3.0-beta")) == ["1.3.0-beta", "1.2.0", "1.2.0-rc.2"]
    found = newer("1.2.0", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0-rc.10")
    assert tags(found) == []
    assert found.passed_over == ("3 newer tags are prereleases, such as 1.3.0-rc.10 and 1.3.0-rc.2",)


@pytest.mark.parametrize("tag", ["latest", "stable", "3f2a9bc", "sha-3f2a9bc", "main-gpu"])
def test_a_tag_without_a_version_has_no_newer_ones(tag: str) -> None:
    found = newer(tag, "1.0", "2.0", "4e2b9bc", "sha-4f2a9bc")
    assert found.candidates == ()
    assert found.passed_over == (f"the tag {tag} tells no version, so that none of 4 other tags is known to be newer",)
    assert newer(tag).passed_over == ()


def test_commits_of_one_version_are_not_newer_than_each_other() -> None:
    assert newer("1.2.3-3f2a9bc", "1.2.3-4f2a9bc", "1.2.3-0f2a9bc") == Newer()
    assert tags(newer("1.2.3-3f2a9bc", "1.2.4-0f2a9bc")) == ["1.2.4-0f2a9bc"]


@pytest.mark.parametrize("level", [PATCH, MAJOR])
def test_another_digest_under_the_same_tag_is_a_candidate_at_every_level(level: UpgradeLevel) -> None:
    versions = [version("1.0", "b"), version("1.0.0", "b"), version("1.1", "a"), version("1.2", "c")]
    found = candidates(version("1.0", "a"), versions, Wanted(level=level, hold=("version",)))
    assert [(one.version.digest[7], one.level) for one in found.candidates] == [("b", DIGEST)]
    assert found.passed_over == (
        "1 newer tag moves version, which is held: 1.2",
        "1 newer tag is the image in use: 1.1",
    )
    assert candidates(version("latest", "a"), [version("latest", "b")], Wanted()).candidates[0].level is DIGEST
    assert candidates(version("1.0", "a"), [version("1.0", "a")], Wanted()) == Newer()
    assert candidates(version("1.0"), [version("1.0", "b")], Wanted()) == Newer()


def test_images_that_are_named_by_their_version_may_change_the_form_of_their_tags() -> None:
    counted = {"1.2-1-cpu-py3": "1.2-1", "1.4-2-py312-cpu-py3": "1.4-2-py312", "1.9-0": "1.9-0", "1.0-1": "1.0-1"}
    by_reference = {f"{NAME}:{tag}": word for tag, word in counted.items()}
    versions = [version(tag) for tag in counted]
    found = candidates(version("1.2-1-cpu-py3"), versions, Wanted(), counted=by_reference)
    assert [(one.version.tag, one.level) for one in found.candidates] == [
        ("1.9-0", MINOR),
        ("1.4-2-py312-cpu-py3", MINOR),
    ]
    assert found.passed_over == ()
    held = candidates(version("1.2-1-cpu-py3"), versions, Wanted(hold=("python",)), counted=by_reference)
    assert [one.version.tag for one in held.candidates] == ["1.9-0"]
    assert held.passed_over == ("1 newer tag tells another python, which is held: 1.4-2-py312-cpu-py3",)
    newest = candidates(version("1.4-2-py312-cpu-py3"), versions, Wanted(level=PATCH), counted=by_reference)
    assert newest.passed_over == ("1 newer tag is farther than patch: 1.9-0",)


def test_ten_thousand_tags_take_no_time() -> None:
    begun = datetime.now(UTC)
    many = [f"2.{minor}.{patch}-gpu-py312-cu124-ubuntu22.04-sagemaker" for minor in range(100) for patch in range(100)]
    found = newer(DLC.replace("311", "312"), *many)
    assert len(found.candidates) == 10_000 - 601
    assert tags(found)[0] == many[-1]
    assert (datetime.now(UTC) - begun).total_seconds() < 10


@pytest.mark.parametrize(
    ("today", "severity", "message"),
    [
        ("2026-03-31", None, None),
        ("2026-04-01", "notice", "AWS patches {} until 2026-06-30 only, which is in 90 days"),
        ("2026-06-29", "notice", "AWS patches {} until 2026-06-30 only, which is in 1 day"),
        ("2026-06-30", "notice", "AWS patches {} until 2026-06-30 only, which is today"),
        ("2026-07-01", "warning", "AWS has not patched {} since 2026-06-30"),
    ],
)
def test_the_end_of_patches_is_told_in_time(today: str, severity: str | None, message: str | None) -> None:
    current = ImageVersion(reference=f"{NAME}:1.0", tag="1.0", support_ends=date(2026, 6, 30))
    finding = support(current, date.fromisoformat(today))
    assert (finding and finding.severity) == severity
    assert (finding and finding.message) == (message and message.format(current.reference))
    assert finding is None or finding.rule == "end-of-patch"
    assert support(version("1.0"), date.fromisoformat(today)) is None
