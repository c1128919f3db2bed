"""Every key of the model, found in the model itself: what is wrong with its value is told at its place."""

from __future__ import annotations

import functools
import itertools
import operator
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

import annotated_types
import jsonschema
import pytest
import yaml
from pydantic.fields import FieldInfo

from sm_ci.errors import Finding, Severity, SpecError
from sm_ci.spec import load
from sm_ci.spec.document import read
from sm_ci.spec.model import Framework, Model, SpecFile
from sm_ci.spec.paths import Path as Keys
from sm_ci.spec.paths import printed
from sm_ci.spec.schema import schema

HERE = "<<HERE>>"  # what a value is put in for, so that its place is known
SCALARS = ["null", "true", "7", "1.5", "'a b'"]
VALUES = [*SCALARS, "[]", "[7]", "[[]]", "{}", "{zz: 7}"]


@dataclass(frozen=True)
class Slot:
    """A place where a value may stand: a key of a model, an item of a list, a value of a mapping."""

    keys: Keys
    field: FieldInfo | None
    annotation: Any

    def __str__(self) -> str:
        return printed(self.keys)


def slots(model: type[Model], above: Keys = ()) -> Iterator[Slot]:
    for name, field in model.model_fields.items():
        keys = (*above, field.alias or name)
        yield Slot(keys, field, field.annotation)
        yield from inside(field.annotation, keys)


def inside(annotation: Any, keys: Keys) -> Iterator[Slot]:
    """The slots below a type: of its models, its lists' items and its mappings' values."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield from slots(annotation, keys)
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple or origin is dict:
        below = (*keys, 0 if origin is tuple else "K")
        item = arguments[0] if origin is tuple else arguments[1]
        yield Slot(below, None, item)
        arguments = (item,)
        keys = below
    for argument in arguments:
        if not isinstance(argument, str | int | types.EllipsisType):
            yield from inside(argument, keys)


SLOTS = list({str(slot): slot for slot in slots(SpecFile)}.values())
LEVELS = sorted({slot.keys[:-1] for slot in SLOTS if slot.field is not None}, key=printed)


def around(keys: Keys) -> str:
    """A spec that is sound but for what stands at these keys."""
    document: dict[str, Any] = {"version": 1, "image": "i", "tests": [{"name": "a"}]}
    if keys[:1] == ("image",) and len(keys) > 1:
        framework = keys[1] in Framework.model_fields
        document["image"] = {"framework": "sklearn", "version": "1.2-1"} if framework else {"build": "."}
    if keys[:1] == ("load",) and len(keys) > 2:
        arrival = {} if keys[-1] in {"rate", "concurrency", "steps"} or "steps" in keys else {"rate": "9/s"}
        document["load"] = [{"name": "l", "arrival": arrival, "duration": "30s"}]
    if keys[2:4] == ("expect", "stream"):
        document["tests"][0]["request"] = {"stream": True}
    if keys[:1] == ("tests",) and len(keys) == 1:
        del document["tests"]
    put(document, keys)
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def put(document: Any, keys: Keys) -> None:
    for key, below in itertools.pairwise(keys):
        empty: Any = [] if isinstance(below, int) else {}
        if isinstance(key, int):
            if not document:
                document.append(empty)
            document = document[key]
        else:
            document = document.setdefault(key, empty)
    if isinstance(keys[-1], int):
        document[keys[-1] :] = [HERE]
    else:
        document[keys[-1]] = HERE


def place(text: str) -> tuple[int, int]:
    before = text[: text.index(HERE)].split("\n")
    return len(before), len(before[-1]) + 1


@functools.cache
def editors() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def errors(path: Path, text: str) -> list[Finding]:
    path.unlink(missing_ok=True)  # ext4 writes a file out at once that is cut and written anew
    path.write_text(text, encoding="utf-8")
    try:
        load(path, variables={}, environ={})
    except SpecError as error:
        return [finding for finding in error.findings if finding.severity is Severity.ERROR]
    return []


@pytest.fixture(autouse=True)
def dockerfile(tmp_path: Path) -> None:
    """What `build: .` needs."""
    (tmp_path / "Dockerfile").touch()


def test_there_are_all_the_models() -> None:
    assert len(SLOTS) > 80
    assert {"image.args.K", "tests[0].request.csv[0][0]", "tests[0].expect.logs.contains[0]", "resources.cpus"} <= {
        *map(str, SLOTS)
    }
    models = {printed(level) for level in LEVELS}
    assert {"", "image", "tests[0]", "tests[0].request", "tests[0].expect", "tests[0].expect.logs"} <= models


@pytest.mark.parametrize("slot", SLOTS, ids=str)
def test_a_value_of_the_wrong_type_is_told_at_its_place(tmp_path: Path, slot: Slot) -> None:
    """Wrong is what the JSON schema does not take; whatever else is refused must be told there too."""
    text = around(slot.keys)
    line, column = place(text)
    key_column = len(text.splitlines()[line - 1]) - len(text.splitlines()[line - 1].lstrip(" -")) + 1
    refused = 0
    for value in VALUES:
        source = text.replace(HERE, value)
        found = errors(tmp_path / "s.yml", source)
        here = [finding for finding in found if finding.path.startswith(str(slot))]
        assert found == here, value
        for finding in found:
            assert finding.at is not None
            assert finding.at.line == line
            if value in SCALARS and finding.rule in {"type", "value", "choice"}:
                assert finding.at.column == column
            assert finding.at.column >= column or finding.at.column == key_column
            assert finding.message.strip()
        if not editors().is_valid(read("s.yml", source).root.value):
            assert found, f"{slot}: {value} is taken, and the JSON schema refuses it"
            refused += 1
    assert refused or slot.annotation is Any


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: printed(level) or "top")
def test_an_unknown_key_is_told_at_its_place(tmp_path: Path, level: Keys) -> None:
    text = around((*level, "zzzz"))
    line, _ = place(text)
    (finding,) = errors(tmp_path / "s.yml", text)
    assert (finding.rule, finding.path, finding.message) == (
        "unknown-key",
        printed((*level, "zzzz")),
        "is not a known key",
    )
    assert finding.at is not None
    assert (finding.at.line, text.splitlines()[line - 1][finding.at.column - 1 :]) == (line, f"zzzz: {HERE}")


REQUIRED = [slot for slot in SLOTS if slot.field is not None and slot.field.is_required()]


@pytest.mark.parametrize("slot", REQUIRED, ids=str)
def test_a_key_that_is_required_and_not_there(tmp_path: Path, slot: Slot) -> None:
    document = yaml.safe_load(around(slot.keys))
    mapping = functools.reduce(operator.getitem, slot.keys[:-1], document)
    mapping.pop(slot.keys[-1], None)
    text = yaml.safe_dump(document, sort_keys=False)
    (finding,) = (finding for finding in errors(tmp_path / "s.yml", text) if finding.rule == "missing")
    missed = "image.build" if str(slot) == "image.framework" else str(slot)  # an image without it is one to build
    assert (finding.path, finding.message) == (missed, "is missing")
    assert finding.at == read(str(tmp_path / "s.yml"), text).place(slot.keys[:-1])


LONG = [
    slot for slot in SLOTS if slot.field and any(isinstance(m, annotated_types.MaxLen) for m in slot.field.metadata)
]


@pytest.mark.parametrize("slot", LONG, ids=str)
def test_a_text_that_is_too_long(tmp_path: Path, slot: Slot) -> None:
    assert slot.field is not None
    (most,) = (m.max_length for m in slot.field.metadata if isinstance(m, annotated_types.MaxLen))
    text = around(slot.keys)
    sound = text.replace(HERE, "a" * most)
    assert errors(tmp_path / "s.yml", sound) == []
    (finding,) = errors(tmp_path / "s.yml", text.replace(HERE, "a" * (most + 1)))
    line, column = place(text)
    assert str(finding) == (
        f"{tmp_path}/s.yml:{line}:{column}: {slot}: has {most + 1} characters, at most {most} are allowed; shorten it"
    )
