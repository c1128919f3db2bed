import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sm_ci.commands.schema import print_schema
from sm_ci.errors import UsageError
from sm_ci.report import result_json
from sm_ci.report.result_schema import ID, schema
from sm_ci.results import RunResult

REPOSITORY = Path(__file__).resolve().parents[3]
VALIDATOR = jsonschema.Draft202012Validator


def closed(node: Any) -> Any:
    """The same schema, in which nothing may stand that it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: closed(value) for key, value in node.items()}
    return {**inner, "additionalProperties": False} if node.get("type") == "object" else inner


def wrong(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR(closed(schema())).iter_errors(document)]


def test_the_copy_in_the_repository_is_current() -> None:
    """To renew it: sm-ci schema --result > sm-ci.result.schema.json"""
    stdout = io.StringIO()
    assert print_schema(stdout, "result") == 0
    assert (REPOSITORY / "sm-ci.result.schema.json").read_text(encoding="utf-8") == stdout.getvalue()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("upgrade", "result"), "--result and --upgrade"),
        (("result", "comparison", "upgrade"), "--comparison, --result and --upgrade"),
    ],
)
def test_one_schema_is_printed_at_a_time(given: tuple[str, ...], named: str) -> None:
    stdout = io.StringIO()
    with pytest.raises(UsageError) as raised:
        print_schema(stdout, *given)
    assert raised.value.message == f"{named} are given together, and one schema is printed at a time"
    assert raised.value.remedy == "Give one of them, and call sm-ci schema once for each."
    assert stdout.getvalue() == ""


def test_it_is_a_schema_and_says_which() -> None:
    VALIDATOR.check_schema(schema())
    assert schema()["$id"] == ID == f"urn:sm-ci:result:{schema()['properties']['schema']['const']}"


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "held"])
@pytest.mark.parametrize("silent", [True, False], ids=["silent", "answered"])
def test_a_result_that_has_everything_is_what_the_schema_says(
    filled: Callable[..., RunResult], broken: bool, silent: bool
) -> None:
    document = json.loads(result_json.render(filled("x", broken=broken, silent=silent)))
    assert wrong(document | {"schema": 1, "exit_status": 1}) == []


def test_real_results_are_too(passed: RunResult, mixed: RunResult, dead: RunResult) -> None:
    for result in (passed, mixed, dead):
        assert wrong(json.loads(result_json.render(result))) == []


def test_what_it_refuses(mixed: RunResult) -> None:
    document = json.loads(result_json.render(mixed))
    case = document["cases"][2]
    document["conclusion"] = "fine"
    case["outcome"] = "lost"
    case["exchanges"][0]["sent"]["body"]["text"] = "both"
    del case["seconds"]
    assert sorted(message.partition(": ")[0] for message in wrong(document)) == [
        "$.cases[2]",
        "$.cases[2].exchanges[0].sent.body",
        "$.cases[2].outcome",
        "$.conclusion",
    ]


def test_a_field_that_a_later_version_adds_breaks_no_reader(passed: RunResult) -> None:
    document = json.loads(result_json.render(passed))
    VALIDATOR(schema()).validate(document | {"evaluations": []})
    assert wrong(document | {"evaluations": []}) == [
        "$: Additional properties are not allowed ('evaluations' was unexpected)"
    ]
