"""A run as result.json: everything that the other reports show, for programs. Pure.

Keys are the fields of `sm_ci.results`, beside them `conclusion`, `exit_status` and `counts`. Bodies are
`{size, sha256, media_type, truncated, text | base64}`, `size` and `sha256` of what went over the wire. Times
are RFC 3339 in UTC. Secrets are masked.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import cast

from sm_ci.results import Blob, LogLine, Outcome, RunResult
from sm_ci.text import Redactor, encodable

BODY_LIMIT = 64 * 1024
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def render(result: RunResult) -> str:
    """The JSON document, secrets masked and left out."""
    clean = Redactor(result.secrets)
    head: dict[str, Json] = {
        "schema": result.schema,
        "conclusion": result.conclusion,
        "exit_status": result.exit_status,
        "counts": _counts(result),
    }
    texts = {name: _ENCODE(value) for name, value in head.items()}
    for field in dataclasses.fields(result):
        if field.name not in {"schema", "secrets"}:
            texts[field.name] = text_of(getattr(result, field.name), clean)
    return document(texts)


def document(texts: Mapping[str, str]) -> str:
    """A JSON object of fields that are JSON already."""
    return "{\n" + ",\n".join(f' "{name}": {text}' for name, text in texts.items()) + "\n}\n"


def text_of(value: object, clean: Redactor) -> str:
    """As JSON, secrets masked: a tuple has a line for each item, and only one of them is a tree in memory.

    The encoder's own `indent` is slow: not in C.
    """
    if not isinstance(value, tuple) or not value:
        return _ENCODE(_json(value, clean))
    return "[\n  " + ",\n  ".join(_ENCODE(_json(item, clean)) for item in value) + "\n ]"


def _counts(result: RunResult) -> dict[str, Json]:
    counts: dict[str, Json] = {outcome.value: result.count(outcome) for outcome in Outcome}
    return {"total": len(result.cases), **counts}


def _json(value: object, clean: Redactor) -> Json:
    match value:
        case Enum():
            return str(value.value)
        case str() | Path():
            return encodable(clean(str(value)))
        case float():
            return round(value, 6) if math.isfinite(value) else None
        case None | bool() | int():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Blob():
            return _body(value, clean)
        case (LogLine(), *_):
            return _log(cast("Sequence[LogLine]", value), clean)
        case tuple():
            return [_json(item, clean) for item in value]
    return _fields(value, clean)


def _log(lines: Sequence[LogLine], clean: Redactor) -> Json:
    texts = clean.lines(line.text for line in lines)
    return [_fields(replace(line, text=text), clean) for line, text in zip(lines, texts, strict=True)]


def _fields(value: object, clean: Redactor) -> Json:
    names = getattr(value, "__dataclass_fields__", None)  # what `dataclasses.fields` reads, ten times as fast
    if names is None:
        raise TypeError(f"{type(value).__name__} has no form in result.json")
    return {name: _json(getattr(value, name), clean) for name in names}


def _body(blob: Blob, clean: Redactor) -> Json:
    data = clean.data(blob.head)
    document: dict[str, Json] = {
        "size": blob.size,
        "sha256": encodable(clean(blob.sha256)),
        "media_type": encodable(clean(blob.media_type)),
        "truncated": len(data) > BODY_LIMIT or blob.size > len(blob.head),
    }
    shown = data[:BODY_LIMIT]
    text = _text(shown, truncated=bool(document["truncated"]))
    return document | ({"base64": base64.b64encode(shown).decode()} if text is None else {"text": text})


def _text(data: bytes, *, truncated: bool) -> str | None:
    """The bytes as UTF-8, if they are; where they were cut a character may be incomplete."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = truncated and error.reason == "unexpected end of data"
        return data[: error.start].decode("utf-8") if cut else None
