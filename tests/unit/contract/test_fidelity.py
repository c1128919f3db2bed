"""The README's table of what SageMaker does is that of the code, and its tests are there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from sm_ci.contract import suite
from sm_ci.contract.fidelity import ROWS, SOURCES, UNKNOWN, Row, Verdict, markdown

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in named if node.name.startswith("test_"))


def test_the_readme_has_the_table_of_the_code() -> None:
    """If this fails: `python -m sm_ci.contract.fidelity` prints what belongs below the heading's sentences."""
    section = README.partition("\n## Fidelity\n")[2].partition("\n## ")[0]
    at = section.index("| SageMaker |")
    assert section[at:].splitlines() == markdown().splitlines()


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "sm_ci.contract.fidelity"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (printed.stdout, printed.stderr) == (markdown(), "")


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}" for number in range(1, len(ROWS) + 1)])
def test_a_row_names_its_source_and_a_test_that_exists(row: Row) -> None:
    assert row.sources
    assert set(row.sources) <= {*SOURCES, UNKNOWN}
    assert row.tests or row.verdict is Verdict.NOT_EMULATED
    assert len(set(row.tests)) == len(row.tests)
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in names_in(file), test
    checks = re.findall(r"(?<=`)[a-z]+(?:-[a-z]+)+(?=`)", row.how)
    assert [name for name in checks if name not in suite.NAMES] == []
    assert "|" not in row.behaviour + row.how


def test_every_behaviour_and_every_source_is_told_once() -> None:
    behaviours = [row.behaviour for row in ROWS]
    assert len(set(behaviours)) == len(behaviours)
    assert {name for row in ROWS for name in row.sources} == {*SOURCES, UNKNOWN}
    assert {row.verdict for row in ROWS} == set(Verdict)
