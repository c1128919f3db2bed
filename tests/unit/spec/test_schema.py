from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sm_ci.spec import load
from sm_ci.spec.document import read
from sm_ci.spec.model import SpecFile
from sm_ci.spec.schema import schema

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLES = sorted(REPOSITORY.glob("examples/*/sm-ci.yml"))


def valid(text: str) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(read("s.yml", f"version: 1\nimage: i\n{text}").root.value)


def test_the_copy_in_the_repository_is_current() -> None:
    """To renew it: sm-ci schema > sm-ci.schema.json"""
    kept = json.loads((REPOSITORY / "sm-ci.schema.json").read_text(encoding="utf-8"))
    assert kept == schema()


def test_it_is_json_schema() -> None:
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["$id"] == "urn:sm-ci:spec:1"
    assert made["title"] == "sm-ci"


def test_every_key_is_described() -> None:
    made = schema()
    places = {"": made, **made["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, place in places.items()
        for key, value in place.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


def test_it_has_the_keys_of_the_model() -> None:
    assert set(schema()["properties"]) == set(SpecFile.model_fields)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_valid_and_load(example: Path) -> None:
    document = read(str(example), example.read_bytes())
    jsonschema.Draft202012Validator(schema()).validate(document.root.value)
    assert load(example, variables={}, environ={}).findings == ()


def test_there_is_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize(
    "text",
    [
        "startup_timeout: 60s",
        "startup_timeout: ${T}",
        "resources: {memory: 4GiB, cpus: 1.5, shm_size: '${S}'}",
        "resources: {cpus: '${N}'}",
        "network_isolation: ${B}",
        "pull: ${P}",
        "defaults: {warmup: '${W}'}",
        "tests: [{name: a, expect: {status: ['${S}', 200, 4xx], latency: '<${L}'}}]",
        "tests: [{name: a, expect: {latency: '<= 2s', schema: {type: object}, stays_healthy: '${H}'}}]",
        "tests: [{name: a, request: {json: null}}]",
        "tests: [{name: a, request: {csv: [[1, a, true, null]]}}]",
    ],
)
def test_what_editors_take(text: str) -> None:
    assert valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "startup_timeout: 60",
        "startup_timeout: soon",
        "resources: {memory: 4}",
        "resources: {cpus: '2'}",
        "network_isolation: yes",
        "pull: newr",
        "environment: {A: 1.10}",
        "unknown: 1",
        "tests: [{name: a, expect: {staus: 200}}]",
        "tests: [{}]",
        "tests: [{name: a, expect: {latency: 250ms}}]",
    ],
)
def test_what_editors_mark(text: str) -> None:
    assert not valid(text)


def test_no_default_is_one_that_nobody_could_write() -> None:
    def defaults(node: Any) -> list[Any]:
        if isinstance(node, list):
            return [found for item in node for found in defaults(item)]
        if not isinstance(node, dict):
            return []
        here = [node["default"]] if "default" in node else []
        return here + [found for value in node.values() for found in defaults(value)]

    assert {type(default) for default in defaults(schema())} <= {str, bool, int, float}
    assert 480.0 not in defaults(schema())
