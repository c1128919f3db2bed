"""CONTRIBUTING.md: each way to go wrong names the tests that hold it, and they exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
GROUPS = [
    "Specs",
    "Images",
    "Servers",
    "Answers",
    "Logs",
    "Engine",
    "People",
    "Load",
    "Two versions",
    "AWS's toolkit",
    "Properties and fuzz",
]
TEST = re.compile(r"`((?:unit|integration|e2e)/[\w/]+\.py)::(test_\w+)`")
STATUS = re.compile(r"(?:0|1|2|3|130)(?:, [0-3])*|any")


def tables() -> dict[str, list[list[str]]]:
    """By group: the rows of its table, as cells."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## What goes wrong")[2].partition("\n## ")[0]
    groups = re.split(r"^### (.+)$", section, flags=re.MULTILINE)
    return {
        name: [
            [cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")
        ]
        for name, body in zip(groups[1::2], groups[2::2], strict=True)
    }


@cache
def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_there_is_a_table_for_each_group() -> None:
    found = tables()
    assert list(found) == GROUPS
    for rows in found.values():
        assert rows[0] == ["What is wrong", "What the user is told", "Status", "Test"]
        assert len(rows) > 5


def test_no_row_is_empty_and_no_case_stands_twice() -> None:
    for group, (_, _, *rows) in tables().items():
        for row in rows:
            assert len(row) == 4, f"{group}: {row}"
            assert all(row), f"{group}: {row}"
            assert STATUS.fullmatch(row[2]), f"{group}: {row[0]}: which exit status?"
        cases = [row[0] for row in rows]
        assert len(set(cases)) == len(cases), group


def test_every_row_names_tests_that_exist() -> None:
    for group, (_, _, *rows) in tables().items():
        for case, _, _, proof in rows:
            named = TEST.findall(proof)
            assert TEST.sub("", proof).strip(", ") == "", f"{group}: {case}: {proof}"
            assert named, f"{group}: {case}: which test?"
            for file, name in named:
                assert name in names_in(ROOT / "tests" / file), f"{group}: {case}: {file}::{name}"
