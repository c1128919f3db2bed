"""The README's table of rules is the code's."""

from __future__ import annotations

from pathlib import Path

from sm_ci.artifact.lint import RULES

README = Path(__file__).parents[4] / "README.md"
HEADING = "### What validate finds in a model"


def test_every_rule_has_its_row_in_the_readme() -> None:
    _, _, text = README.read_text(encoding="utf-8").partition(f"{HEADING}\n")
    lines = text.partition("\n#")[0].splitlines()
    table = [line for line in lines if line.startswith("|")][2:]
    wanted = [
        f"| `{rule.name}` | {', '.join(rule.severities)} | {rule.what[0].upper()}{rule.what[1:]} | {rule.where} |"
        if not rule.what.startswith("`")
        else f"| `{rule.name}` | {', '.join(rule.severities)} | {rule.what} | {rule.where} |"
        for rule in RULES
    ]
    assert table == wanted


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
