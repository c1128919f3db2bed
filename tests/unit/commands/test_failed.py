"""What --failed runs again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sm_ci.commands.failed import not_passed
from sm_ci.spec import Spec, load


def a_spec(folder: Path, name: str, *tests: str) -> Spec:
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump({"version": 1, "image": "churn:1", "tests": [{"name": one} for one in tests]}))
    return load(path, variables={}, environ={})


def ran(folder: Path, name: str, conclusion: str = "failure", started: str = "2026-01-01", **outcomes: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cases = [{"id": f"{name}::{case}", "outcome": outcome} for case, outcome in outcomes.items()]
    document = {"name": name, "conclusion": conclusion, "started": started, "cases": cases}
    (folder / "result.json").write_text(json.dumps(document))


def again(out: Path, *specs: Spec) -> tuple[list[list[str] | None], list[str]]:
    said: list[str] = []
    chosen = not_passed(specs, out, said.append)
    return [None if cases is None else [case.name for case in cases] for cases in chosen], said


def test_failed_errored_and_not_run_come_again(tmp_path: Path) -> None:
    spec = a_spec(tmp_path, "churn", "a", "b", "c", "d", "e")
    ran(tmp_path / "out", "churn", a="passed", b="failed", c="errored", d="not_run", e="skipped")
    assert again(tmp_path / "out", spec) == ([["b", "c", "d"]], [])


def test_several_specs_each_by_its_last_run(tmp_path: Path) -> None:
    """One held, one failed, one is new, one was run alone later."""
    specs = [a_spec(tmp_path, name, "a", "b") for name in ("held", "failed", "new", "alone")]
    ran(tmp_path / "out/held", "held", "success", a="passed")
    ran(tmp_path / "out/failed", "failed", a="passed", b="failed")
    ran(tmp_path / "out/alone", "alone", "success", a="passed", b="passed")
    ran(tmp_path / "out", "alone", started="2026-01-02", a="failed", b="passed")
    assert again(tmp_path / "out", *specs) == ([None, ["b"], ["a", "b"], ["a"]], [])


def test_without_an_earlier_run_all_are_run(tmp_path: Path) -> None:
    spec = a_spec(tmp_path, "churn", "a")
    said = [f"--failed: there is no result.json of an earlier run in {tmp_path / 'out'}: all tests are run"]
    assert again(tmp_path / "out", spec) == ([["a"]], said)
    ran(tmp_path / "out", "another", a="failed")
    assert again(tmp_path / "out", spec) == ([["a"]], said)


@pytest.mark.parametrize("conclusion", ["success", "skipped"])
def test_when_nothing_failed_all_are_run(tmp_path: Path, conclusion: str) -> None:
    spec = a_spec(tmp_path, "churn", "a")
    ran(tmp_path / "out", "churn", conclusion, a="passed")
    assert again(tmp_path / "out", spec) == ([["a"]], ["--failed: no test failed in the last run: all are run"])


def test_a_run_that_failed_otherwise_is_run_whole(tmp_path: Path) -> None:
    """The log as a whole, the contract suite, or a test that has another name now."""
    spec = a_spec(tmp_path, "churn", "a", "b")
    ran(tmp_path / "out", "churn", a="passed", **{"container log": "failed"})
    assert again(tmp_path / "out", spec) == ([["a", "b"]], [])
    ran(tmp_path / "out", "churn", a="passed", b="passed")
    assert again(tmp_path / "out", spec) == ([["a", "b"]], [])


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b"\xff", b'{"cases": 1}', b"[" * 100_000, b"null"])
def test_a_file_that_is_no_report_is_left_out(tmp_path: Path, content: bytes) -> None:
    spec = a_spec(tmp_path, "churn", "a")
    (tmp_path / "result.json").write_bytes(content)
    chosen, said = again(tmp_path, spec)
    assert chosen == [["a"]]
    assert said[0].startswith(f"--failed: {tmp_path / 'result.json'} is left out, it is no report of a run: ")
    assert said[1:] == [f"--failed: there is no result.json of an earlier run in {tmp_path}: all tests are run"]


def test_ids_of_any_type_do_no_harm(tmp_path: Path) -> None:
    spec = a_spec(tmp_path, "churn", "a")
    document: dict[str, Any] = {"name": "churn", "conclusion": "failure", "started": 1}
    (tmp_path / "result.json").write_text(json.dumps({**document, "cases": [{"id": [1], "outcome": {}}]}))
    assert again(tmp_path, spec)[0] == [["a"]]
