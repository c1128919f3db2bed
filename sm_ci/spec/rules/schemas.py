"""JSON Schemas of answers: a file or a mapping that the JSON Schema standard accepts. Reads the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sm_ci.errors import Finding
from sm_ci.spec.paths import printed
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value
from sm_ci.spec.wording import quoted
from sm_ci.text import shorten

_REASON_LIMIT = 160


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a schema cannot be used, and where in it."""

    reason: str
    path: tuple[str | int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Schemas:
    """Checks schemas, each file once: a thousand tests may name the same."""

    files: Files
    _known: dict[Path, _Fault | None] = field(init=False, default_factory=dict)

    def check(self, value: Value) -> Iterator[Finding]:
        """What keeps this value from being or naming a JSON Schema."""
        if isinstance(value.content, dict):
            fault = _fault(value.content)
            if fault:
                yield value.at(*fault.path).error("schema", f"is not JSON Schema: {fault.reason}")
        elif value.text is not None:
            found = list(self.files.file(value))
            yield from found
            if not any(finding.rule in ("file", "git-lfs") for finding in found):
                yield from self._file(value)

    def _file(self, value: Value) -> Iterator[Finding]:
        path = self.files.path(value)
        if path not in self._known:
            self._known[path] = _read(path)
        fault = self._known[path]
        if fault:
            where = f" at {printed(fault.path)}" if fault.path else ""
            yield value.error("schema", f"{quoted(value.content)} {fault.reason}{where}")


def _read(path: Path) -> _Fault | None:
    try:
        schema = json.loads(path.read_bytes())
    except OSError as error:
        return _Fault(f"cannot be read: {error.strerror}")
    except json.JSONDecodeError as error:
        return _Fault(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        return _Fault("is not JSON in UTF-8")
    if not isinstance(schema, dict):
        return _Fault("is not JSON Schema: it must be an object")
    fault = _fault(schema)
    return fault and _Fault(f"is not JSON Schema: {fault.reason}", fault.path)


def _fault(schema: dict[str, Any]) -> _Fault | None:
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        return _Fault(shorten(error.message, _REASON_LIMIT), tuple(error.path))
    except RecursionError:
        return _Fault("it is nested too deeply")
    return None
