from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sm_ci.spec import Spec
from sm_ci.spec.allowances import Allowances, allowances

Told = Callable[..., list[str]]


def spec(upgrade: str) -> str:
    return f"version: 1\nimage: i\ntests: [{{name: a, expect: {{status: 201}}}}]\nupgrade: {upgrade}\n"


SOUND = [
    "{}",
    "{level: patch}",
    '{level: major, tags: "2.*-gpu-*-sagemaker", hold: [python, cuda, os], write: [sm-ci.yml, infra/main.tf]}',
    "{tags: '/^2[.][0-9]+$/'}",
    "{allow: {answers: within tolerance, p95: +10%, image_size: +20%, throughput: -5%, startup: any}}",
    "{allow: {answers: identical, p99.9: +1.5%, p50: 0%, peak_memory: '+10%'}}",
]


@pytest.mark.parametrize("upgrade", SOUND)
def test_sound_ones(told: Told, upgrade: str) -> None:
    assert told(spec(upgrade), files={"infra/main.tf": ""}) == []


def test_what_holds_when_nothing_is_given(loaded: Callable[..., Spec]) -> None:
    upgrade = loaded("version: 1\nimage: i\n").file.upgrade
    assert (upgrade.level, upgrade.tags, upgrade.hold, upgrade.write) == ("minor", None, (), ())
    assert allowances(upgrade.allow) == Allowances(answers="within tolerance", figures=())


def test_values_of_variables_are_judged_too(told: Told) -> None:
    text = "version: 1\nimage: i\nvariables: {W: '10%', N: 10}\nupgrade: {allow: {p95: '${W}', p50: '${N}'}}\n"
    assert told(text)[:2] == [
        "sm-ci.yml:4:24: upgrade.allow.p95: is a change without its sign: '10%'; write +10%",
        (
            "sm-ci.yml:4:37: upgrade.allow.p50: is a change without its sign and unit: 10; "
            "write for example +10%, or -10% for throughput"
        ),
    ]


@pytest.mark.parametrize(
    ("upgrade", "message"),
    [
        (
            "{level: minro}",
            "4:18: upgrade.level: must be patch, minor or major, not the text 'minro'; did you mean 'minor'?",
        ),
        ("{level: 1}", "4:18: upgrade.level: must be patch, minor or major, not the number 1"),
        ("{tags: 1.10}", '4:17: upgrade.tags: must be text, not the number 1.1; write it in quotes: "1.10"'),
        (
            "{tags: ''}",
            "4:17: upgrade.tags: is empty, which no tag is; write a glob such as 2.*-gpu-*, or leave it out",
        ),
        (
            "{tags: '/(/'}",
            "4:17: upgrade.tags: is no regular expression: '/(/': missing ) at position 1; mend it, or write a glob",
        ),
        (
            "{tags: 'churn:2.*'}",
            "4:17: upgrade.tags: matches no tag, as none holds ':': 'churn:2.*'; write what follows the ':'",
        ),
        ("{hold: python}", "4:17: upgrade.hold: must be a list, not the text 'python'; write [python]"),
        (
            "{hold: [pyhton]}",
            "4:18: upgrade.hold[0]: must be python, cuda or os, not the text 'pyhton'; did you mean 'python'?",
        ),
        (
            "{write: [sm-c.yml]}",
            "4:19: upgrade.write[0]: does not exist: 'sm-c.yml'; did you mean 'sm-ci.yml'?",
        ),
        ("{write: [.]}", "4:19: upgrade.write[0]: is a folder and not a file: '.'; name a file in it"),
        ("{write: sm-ci.yml}", "4:18: upgrade.write: must be a list, not the text 'sm-ci.yml'; write [sm-ci.yml]"),
        (
            "{allow: {p95: 10}}",
            (
                "4:24: upgrade.allow.p95: is a change without its sign and unit: 10; "
                "write for example +10%, or -10% for throughput"
            ),
        ),
        (
            "{allow: {p95: +10}}",
            (
                "4:24: upgrade.allow.p95: is a change without its sign and unit: 10; "
                "write for example +10%, or -10% for throughput"
            ),
        ),
        ("{allow: {p95: 10%}}", "4:24: upgrade.allow.p95: is a change without its sign: '10%'; write +10%"),
        (
            "{allow: {throughput: +10%}}",
            (
                "4:31: upgrade.allow.throughput: is no limit: '+10%', and throughput gets worse when it shrinks; "
                "write -10%"
            ),
        ),
        (
            "{allow: {answers: whatever}}",
            (
                "4:28: upgrade.allow.answers: is nothing that answers may be: 'whatever'; "
                "write one of identical, within tolerance, any"
            ),
        ),
        ("{allow: {startpu: any}}", "4:19: upgrade.allow.startpu: is an unknown figure; did you mean 'startup'?"),
        (
            "{allow: {p95: true}}",
            '4:24: upgrade.allow.p95: must be text, not the boolean true; write it in quotes: "true"',
        ),
        ("{allow: within tolerance}", "4:18: upgrade.allow: must be a mapping, not the text 'within tolerance'"),
        ("{levle: minor}", "4:11: upgrade.levle: is not a known key; did you mean 'level'?"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(told: Told, upgrade: str, message: str) -> None:
    assert told(spec(upgrade)) == [f"sm-ci.yml:{message}"]


def test_a_file_outside_is_an_error_on_a_runner_and_a_warning_elsewhere(told: Told, tmp_path: Path) -> None:
    (tmp_path / "main.tf").touch()
    text = spec("{write: [../main.tf]}")
    assert told(text) == [
        (
            "sm-ci.yml:4:19: upgrade.write[0]: leads out of TMP/repository: '../main.tf'; "
            "a runner refuses it; keep it in the repository"
        )
    ]
    assert told(text, workspace=tmp_path / "repository") == [
        (
            "sm-ci.yml:4:19: upgrade.write[0]: leads out of the workspace TMP/repository: '../main.tf'; "
            "keep it in the repository, and links too"
        )
    ]
