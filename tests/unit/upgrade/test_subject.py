"""What is hosted for a trial of a base image, and which files name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sm_ci import session
from sm_ci.differences import CandidateOutcome, CandidateResult, ImageVersion, UpgradeLevel
from sm_ci.errors import UsageError
from sm_ci.spec import load
from sm_ci.spec.model import Build
from sm_ci.upgrade.subject import Subject, subject_of

CURRENT, NEW = "registry.example.com/ml/churn:1.9", "registry.example.com/ml/churn:1.10"
PIN = f"sha256:{'a' * 64}"
BY_TAG = "ARG TAG=1.9\nFROM registry.example.com/ml/churn:${TAG}\n"


def subject(folder: Path, dockerfile: str, args: str = "{}", variables: str = "{}", **given: str) -> Subject:
    (folder / "c").mkdir()
    (folder / "c" / "Dockerfile").write_text(dockerfile)
    path = folder / "sm-ci.yml"
    path.write_text(f"version: 1\nvariables: {variables}\nimage: {{build: c, args: {args}}}\n")
    spec = load(path, variables=given, environ={})
    scratch = folder / "scratch"
    scratch.mkdir()
    return subject_of(spec, session.Options(cases=spec.cases), scratch)


def hosted(subject: Subject, reference: str = NEW) -> tuple[str, dict[str, str]]:
    """The Dockerfile and the arguments that a candidate is built from."""
    tag = reference.partition("@")[0].rpartition(":")[2]
    version = ImageVersion(reference=reference, tag=tag)
    candidate = CandidateResult(version=version, level=UpgradeLevel.MINOR, outcome=CandidateOutcome.UNTRIED)
    spec, _ = subject.prepared(candidate)
    image = spec.file.image
    assert isinstance(image, Build)
    return Path(image.dockerfile).read_text(), image.args


BASE = "ARG BASE=python:3.11\nFROM ${BASE}\n"
NO_DEFAULT = BY_TAG.replace("=1.9", "")
PARTS = "{BASE: '${R}:${T}'}"
BASES: dict[str, tuple[tuple[str, ...], dict[str, str], tuple[str, dict[str, str]]]] = {
    "in FROM": ((f"FROM {CURRENT}\n", "{X: '1.9'}"), {}, (f"FROM {NEW}\n", {"X": "1.9"})),
    "a default": ((BY_TAG,), {}, (BY_TAG.replace("1.9", "1.10"), {})),
    "an argument": ((BASE, f"{{BASE: '{CURRENT}'}}"), {}, (BASE, {"BASE": NEW})),
    "an argument of variables": ((BASE, PARTS, f"{{R: '{CURRENT[:-4]}', T: '1.9'}}"), {}, (BASE, {"BASE": NEW})),
    "an argument by --var": ((BASE, PARTS, f"{{R: '{CURRENT[:-4]}', T: null}}"), {"T": "1.9"}, (BASE, {"BASE": NEW})),
    "an argument with a default": ((BY_TAG, "{TAG: '1.9'}"), {}, (BY_TAG.replace("1.9", "1.10"), {"TAG": "1.10"})),
    "an argument that is the tag": ((NO_DEFAULT, "{TAG: '1.9'}"), {}, (NO_DEFAULT, {"TAG": "1.10"})),
}


@pytest.mark.parametrize("name", BASES)
def test_a_base_is_changed_where_it_is_named(tmp_path: Path, name: str) -> None:
    """The spec is one of the files that name it where it gives the argument."""
    texts, given, wanted = BASES[name]
    found = subject(tmp_path, *texts, **given)
    files = ("c/Dockerfile", "sm-ci.yml") if name.startswith("an argument") else ("c/Dockerfile",)
    assert (hosted(found), found.files) == (wanted, files)


def test_another_image_under_the_bases_tag_is_built_from_by_its_digest(tmp_path: Path) -> None:
    found = subject(tmp_path, BY_TAG, "{TAG: '1.9'}")
    assert hosted(found, f"{CURRENT}@{PIN}")[1] == {"TAG": f"1.9@{PIN}"}


def test_a_base_that_cannot_be_changed_is_told_before_it_is_hosted(tmp_path: Path) -> None:
    found = subject(tmp_path, "ARG A=1\nARG B=9\nFROM registry.example.com/ml/churn:${A}.${B}\n")
    with pytest.raises(UsageError) as raised:
        hosted(found, "registry.example.com/ml/churn:2.0")
    assert raised.value.message.endswith(f"c/Dockerfile: {CURRENT} cannot be changed there")
    assert raised.value.remedy == "Write the tag into FROM, or into one build argument."
