"""--var with several specs: each takes what it declares."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sm_ci.commands.validate import load_all, validate_specs
from sm_ci.report.console import Console

Validated = Callable[..., tuple[int, str]]


def text(variables: str = "{}", image: str = "i") -> str:
    return f"version: 1\nvariables: {variables}\nimage: {image}\ntests: [{{name: a}}]\n"


@pytest.fixture
def validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Validated:
    """The exit status and what is said, of specs by name, from their folder."""
    monkeypatch.chdir(tmp_path)

    def validate(specs: Mapping[str, str], variables: Mapping[str, str]) -> tuple[int, str]:
        for name, content in specs.items():
            Path(name).write_text(content, encoding="utf-8")
        stdout = io.StringIO()
        status = validate_specs([Path(name) for name in specs], variables, environ={}, stdout=stdout)
        return status, stdout.getvalue()

    return validate


def test_each_spec_takes_the_variables_that_it_declares(tmp_path: Path) -> None:
    paths = [tmp_path / "a.yml", tmp_path / "b.yml", tmp_path / "c.yml"]
    paths[0].write_text(text("{TAG: null}", "a:${TAG}"))
    paths[1].write_text(text("{TAG: x, NAME: null}", "${NAME}:${TAG}"))
    paths[2].write_text(text())
    stdout = io.StringIO()
    with Console(stdout, environ={}, runner=None) as console:
        specs = load_all(
            paths,
            {"TAG": "1", "NAME": "n"},
            environ={},
            console=console,
            runner=None,
            stdout=stdout,
            need_secrets=True,
        )
    assert [spec.file.image for spec in specs or ()] == ["a:1", "n:1", "i"]
    assert stdout.getvalue() == ""


def test_a_variable_that_no_spec_declares(validated: Validated) -> None:
    assert validated({"a.yml": text()}, {"TAG": "1"}) == (
        2,
        "--var 'TAG': a.yml declares no such variable; declare it under variables\n1 error\n",
    )
    specs = {"a.yml": text("{A: x}"), "b.yml": text("{TAGS: x}"), "c.yml": text()}
    assert validated(specs, {"TAG": "1", "A": "y"}) == (
        2,
        "--var 'TAG': a.yml, b.yml and c.yml declare no such variable; did you mean 'TAGS'?\n1 error\n",
    )


def test_other_errors_are_told_once_and_beside_it(validated: Validated) -> None:
    status, said = validated({"a.yml": text(image="[]"), "b.yml": text("{A: null}")}, {"TAG": "1"})
    assert status == 2
    assert [line for line in said.splitlines() if not line.startswith("  ")] == [
        "--var 'TAG': a.yml and b.yml declare no such variable; declare it under variables",
        "a.yml:3:8: image: must be text or a mapping, not an empty list",
        (
            "b.yml:2:13: variables.A: is required and has no value; "
            "give it with --var A=VALUE or in the environment variable A"
        ),
        "3 errors",
    ]


def test_a_spec_that_cannot_be_understood_may_declare_it(validated: Validated) -> None:
    status, said = validated({"a.yml": text(), "b.yml": "variables: [TAG"}, {"TAG": "1"})
    assert status == 2
    assert [line for line in said.splitlines() if not line.startswith("  ")] == [
        "b.yml:1:12: the '[' that stands here is not closed; close it with ']'",
        "1 error",
    ]
