"""Workflows, ours and those that users copy: what the linters of script/test do not look at. Reads the repository's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sm_ci.spec import load

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(ROOT.glob("examples/workflows/*.yml"))
WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *EXAMPLES])
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
OURS = ("./", "OWNER/sm-ci@v")


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_each_action_is_pinned_by_one_commit_with_its_version() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        for action, reference, comment in re.findall(r"uses: ([\w./-]+)@(\S+)(?: +# (\S+))?", text):
            if action != "OWNER/sm-ci":  # a placeholder has no commits
                pins.setdefault(action, set()).add((reference, comment))
    assert len(pins) > 3
    for action, found in pins.items():
        assert len(found) == 1, f"{action} is pinned in several ways: {found}"
        [(reference, comment)] = found
        assert re.fullmatch(r"[0-9a-f]{40}", reference), f"{action}@{reference} is no commit"
        assert re.fullmatch(r"v\d+\.\d+\.\d+", comment), f"{action}: which version is {reference}?"


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_a_job_has_a_time_limit_and_a_checkout_keeps_no_token(path: Path) -> None:
    assert [job for job, given in jobs(path).items() if "timeout-minutes" not in given] == []
    checkouts = [step for step in steps(path) if str(step.get("uses", "")).startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_our_action_is_given_inputs_and_asked_for_outputs_that_it_has(path: Path) -> None:
    ours = [step for step in steps(path) if str(step.get("uses", "")).startswith(OURS)]
    for step in ours:
        assert set(step["with"]) <= set(ACTION["inputs"]), step
    known = {step["id"] for step in ours if "id" in step}
    for step, output in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", path.read_text(encoding="utf-8")):
        assert step not in known or output in ACTION["outputs"], f"{step}: {output}"


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_an_example_runs_our_action_and_keeps_its_reports(path: Path) -> None:
    used = [str(step.get("uses", "")) for step in steps(path)]
    assert any(action.startswith("OWNER/sm-ci@v") for action in used)
    uploads = [step for step in steps(path) if str(step.get("uses", "")).startswith("actions/upload-artifact@")]
    assert uploads
    assert all(step["if"] == "${{ !cancelled() }}" for step in uploads)


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/self-test/*.yml")), ids=name)
def test_the_specs_that_ci_runs_are_sound(path: Path) -> None:
    assert load(path, variables={}, environ={}).findings == ()
