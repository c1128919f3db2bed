"""Recorded pairs of request and answer, one JSON file a case. Touches the file system.

`{id, request: {method, path, headers, text | base64}, answer: {status, headers, text | base64}}`. What differs from one run to
the next though nothing changed (dates, random ids, the connection's headers) is left out, so that a file stays the same.
In a bundle a body of which only the start was kept has `size` and `sha256` too, and what got no answer has `no_answer`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sm_ci.commands.folders import safe_name
from sm_ci.report import make_folder, write_file
from sm_ci.results import Answer, Blob, Exchange, Headers, NoAnswer
from sm_ci.spec import Case
from sm_ci.text import Redactor

OPTION = "--record"
_OF_THE_CONNECTION = {"connection", "content-length", "date", "host", "keep-alive", "transfer-encoding", "user-agent"}
_RANDOM = "x-amzn-sagemaker-inference-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes below `folder`, which is made at once, so that it is known early when that cannot be."""

    folder: Path

    def __post_init__(self) -> None:
        make_folder(self.folder, OPTION)

    def __call__(self, case: Case, exchange: Exchange, clean: Redactor) -> None:
        """Writes the pair; nothing when there was no answer. EnvironmentFault when it cannot be written."""
        if isinstance(exchange.outcome, Answer):
            write_file(self.folder / file_name(case), pair(case, exchange, clean), OPTION)


def pair(case: Case, exchange: Exchange, clean: Redactor) -> str:
    """The file's text."""
    return json.dumps(_pair(case, exchange, clean), indent=2, ensure_ascii=False) + "\n"


def file_name(case: Case) -> str:
    """The case's name; with a part of its id's digest where the name holds what no file's name may."""
    name = safe_name(case.name)
    if name == case.name and len(name.encode()) < 200:
        return f"{name}.json"
    return f"{name[:50]}-{hashlib.sha256(case.id.encode()).hexdigest()[:8]}.json"


def _pair(case: Case, exchange: Exchange, clean: Redactor) -> dict[str, Any]:
    sent, given = exchange.sent, case.test.request.inference_id is not None
    asked = tuple(pair for pair in sent.headers if given or pair[0].lower() != _RANDOM)
    return {
        "id": clean(case.id),
        "request": {
            "method": sent.method,
            "path": sent.path,
            "headers": _headers(asked, clean),
            **_body(sent.body, clean),
        },
        **_outcome(exchange.outcome, clean),
    }


def _outcome(outcome: Answer | NoAnswer, clean: Redactor) -> dict[str, Any]:
    if isinstance(outcome, Answer):
        headers = _headers(outcome.headers, clean)
        return {"answer": {"status": outcome.status, "headers": headers, **_body(outcome.body, clean)}}
    why = {"kind": str(outcome.kind), "after": round(outcome.after, 3), "detail": clean(outcome.detail)}
    return {"no_answer": {**why, **(_outcome(outcome.partial, clean) if outcome.partial else {})}}


def _headers(headers: Headers, clean: Redactor) -> dict[str, Any]:
    """By name; a list of values where a name comes several times."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in _OF_THE_CONNECTION:
            found.setdefault(clean(name), []).append(clean(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _body(blob: Blob, clean: Redactor) -> dict[str, Any]:
    if blob.file is None and len(blob.head) < blob.size:
        return {"size": blob.size, "sha256": blob.sha256, **_start(clean.data(blob.head), clean)}
    data = clean.data(blob.read())
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _start(data: bytes, clean: Redactor) -> dict[str, str]:
    """A text ends with `…`, the mark at which what is left of a secret is found; the last character may be incomplete."""
    try:
        return {"text": clean(f"{data.decode()}…")}
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return {"text": clean(f"{data[: error.start].decode()}…")}
        return {"base64": base64.b64encode(data).decode()}
