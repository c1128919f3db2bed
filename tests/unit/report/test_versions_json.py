import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sm_ci.commands.schema import print_schema
from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.report.versions import result_schema
from sm_ci.report.versions.documents import EXCHANGES
from sm_ci.report.versions.result_json import render
from tests.unit.report import versions_made as made
from tests.unit.report.test_result_schema import closed

REPOSITORY = Path(__file__).resolve().parents[3]
VALIDATOR = jsonschema.Draft202012Validator
SCHEMAS = {"comparison": result_schema.comparison, "upgrade": result_schema.upgrade}


def document(subject: Comparison | UpgradeResult) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(subject))
    return found


def wrong(name: str, found: Any) -> list[str]:
    schema = closed(SCHEMAS[name]())
    return sorted(f"{error.json_path}: {error.message}" for error in VALIDATOR(schema).iter_errors(found))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_copy_in_the_repository_is_current(name: str) -> None:
    """To renew it: sm-ci schema --comparison > sm-ci.comparison.schema.json, and so with --upgrade."""
    stdout = io.StringIO()
    assert print_schema(stdout, name) == 0
    assert (REPOSITORY / f"sm-ci.{name}.schema.json").read_text(encoding="utf-8") == stdout.getvalue()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_it_is_a_schema_and_says_which(name: str) -> None:
    schema = SCHEMAS[name]()
    VALIDATOR.check_schema(schema)
    assert schema["$id"] == f"urn:sm-ci:{name}:{schema['properties']['schema']['const']}" == f"urn:sm-ci:{name}:1"
    assert schema["title"] == f"{name}.json of sm-ci"


def test_what_is_written_is_what_the_schemas_say() -> None:
    for subject in (made.comparison(), made.allowed()):
        assert wrong("comparison", document(subject)) == []
    for upgrade in (made.upgrade(), replace(made.upgrade(), chosen=None, first_bad=None, candidates=())):
        assert wrong("upgrade", document(upgrade)) == []
    full = document(made.filled(Comparison, "x")) | {"schema": 1, "exit_status": 1}
    assert (
        wrong("comparison", full | {side: full[side] | {"exit_status": 1} for side in ("baseline", "candidate")}) == []
    )
    assert wrong("comparison", document(made.allowed()) | {"verdict": "fine", "later": 1}) == [
        "$.verdict: 'fine' is not one of ['allowed', 'refused', 'undecided']",
        "$: Additional properties are not allowed ('later' was unexpected)",
    ]


def test_a_comparison_has_the_essentials_of_both_runs() -> None:
    found = document(made.comparison())
    assert list(found)[:6] == ["schema", "conclusion", "exit_status", "changed_answers", "tool", "id"]
    assert (found["conclusion"], found["exit_status"], found["changed_answers"]) == ("failure", 1, 1)
    assert (found["verdict"], found["together"], found["rounds"]) == ("refused", True, 6)
    side = {name: value for name, value in found["candidate"].items() if name != "contents"}
    assert side == {
        "label": "image:churn:2.0",
        "directory": "candidate",
        "id": "20260102T030405Z-1f2e",
        "name": "churn",
        "spec": "models/churn/sm-ci.yml",
        "started": "2026-01-02T03:04:05.000Z",
        "seconds": 40.95,
        "conclusion": "failure",
        "exit_status": 1,
        "counts": {"total": 5, "passed": 4, "failed": 1, "errored": 0, "skipped": 0, "not_run": 0},
        "image": side["image"],
        "model": {"source": "./model", "size": 2048000, "files": 3},
        "limits": side["limits"],
        "ready_after": 2.6,
        "fault": None,
    }
    assert side["image"]["reference"] == "churn:2.0"
    assert found["candidate"]["contents"]["packages"][0] == {
        "manager": "pip", "name": "numpy", "version": "2.1.0", "place": "",
    }  # fmt: skip
    changed = found["answers"][3]
    assert changed["values"][0] == {
        "path": "$.predictions[0].score", "baseline": "0.8301", "candidate": "0.8402", "absolute": 0.0101,
        "relative": 0.012167,
    }  # fmt: skip
    assert changed["candidate"]["outcome"]["body"]["text"].startswith('{"predictions": ')
    assert found["answers"][0]["baseline"] is None


def test_what_looks_like_a_credential_is_masked_by_its_name_too() -> None:
    found = document(made.comparison())
    assert dict(found["candidate"]["contents"]["environment"]) == {"PATH": "/usr/bin", "HF_TOKEN": "***"}
    (token,) = (change for change in found["changes"] if change["name"] == "HF_TOKEN")
    assert (token["baseline"], token["candidate"]) == ("***", "***")
    for subject in (made.comparison(), made.upgrade()):
        text = render(subject)
        assert made.SECRET not in text
        assert made.TOKEN not in text
        assert '"secrets"' not in text


def test_an_upgrade_holds_the_verdicts_of_all_candidates_and_no_bodies() -> None:
    found = document(made.upgrade())
    version = found["current"]
    assert version == {
        "reference": "churn:1.9", "tag": "1.9", "digest": "", "pushed": "2026-01-01T12:00:00.000Z", "size": 0,
        "support_ends": "2025-12-31",
    }  # fmt: skip
    assert (found["verdict"], found["chosen"]["tag"], found["first_bad"]["tag"]) == ("upgraded", "1.11", "2.0")
    told = [(one["version"]["tag"], one["level"], one["outcome"]) for one in found["candidates"]]
    assert told == [
        ("2.0", "major", "refused"),
        ("1.11", "minor", "passed"),
        ("1.10", "minor", "errored"),
        ("1.9", "digest", "untried"),
    ]
    compared = found["candidates"][0]["comparison"]
    assert compared["reasons"][1] == "p95 grew by 99%, and +10% is allowed"
    assert {answer["candidate"] for answer in compared["answers"]} == {None}
    assert (compared["candidate"]["contents"], compared["candidate"]["directory"]) == (None, "")
    assert found["written"][0]["after"] == "image: churn:1.11  # kept\n"


def test_of_many_changed_answers_a_hundred_have_their_bodies() -> None:
    given = made.comparison()
    (answer,) = (one for one in given.answers if one.values)
    many = tuple(replace(answer, case=f"churn::{n}") for n in range(EXCHANGES + 50))
    answers = document(replace(given, answers=many))["answers"]
    assert len(answers) == EXCHANGES + 50
    assert [one["candidate"] is not None for one in answers] == [True] * EXCHANGES + [False] * 50
    assert all(len(one["values"]) == 2 for one in answers)


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=settings().max_examples // 4)
def test_whatever_is_said_can_be_written_and_read(said: str) -> None:
    for kind in (Comparison, UpgradeResult):
        assert json.loads(render(made.filled(kind, said)).encode())["schema"] == 3
