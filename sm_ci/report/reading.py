"""A result.json read back: the inverse of `result_json`, by the types of `sm_ci.results`. Touches the file system, to read.

What is not there gets its field's default, so that results of older versions can be read; what nobody knows is passed over. Bodies are as
they were kept, secrets stay masked. The file is anybody's: nothing of it is believed that its type does not say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sm_ci.errors import UsageError
from sm_ci.report.decoding import MOST_DIGITS, Unreadable, decoded
from sm_ci.results import Blob, RunResult

SCHEMA = 1
LARGEST = 256 * 2**20
"""Bytes of a file that is read; a run of 10,000 small tests leaves 11 MiB."""
_TOOL = "sm-ci "
_AGAIN = "Name a result.json that sm-ci run has written."


def read_result(path: Path) -> RunResult:
    """The result of a run, as far as its file has it. UsageError, with the place in the file, when it is none."""
    document = _document(path)
    _check_kind(path, document)
    try:
        result: RunResult = decoded({**document, "secrets": []}, RunResult, special={Blob: _blob})
    except Unreadable as error:
        raise UsageError(
            f"{path}: {error}",
            remedy="The file was changed or cut off since it was written. " + _AGAIN,
            kind="result-unreadable",
        ) from None
    return result


def _document(path: Path) -> dict[str, Any]:
    data = _data(path)
    try:
        document = json.loads(data, parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        why = f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise _wrong(path, why, "It may be cut off. " + _AGAIN) from None
    except UnicodeDecodeError as error:
        raise _wrong(path, f"is no UTF-8 at byte {error.start:,}") from None
    except RecursionError:
        raise _wrong(path, "is nested deeper than any result.json") from None
    except ValueError as error:
        raise _wrong(path, f"is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise _wrong(path, "holds no JSON object")
    return document


def _data(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _wrong(path, "is a folder" if path.is_dir() else "is no file")
        if path.stat().st_size > LARGEST:
            raise _wrong(path, f"is larger than {LARGEST // 2**20} MiB")
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror or error}") from None


def _check_kind(path: Path, document: Mapping[str, Any]) -> None:
    """UsageError for another tool's file, another one of ours, and one with another schema."""
    for name, key in (("comparison.json", "baseline"), ("upgrade.json", "current")):
        if key in document:
            raise _wrong(
                path, f"is a {name}", "Each side's result.json is in the folders beside it; name one of those."
            )
    tool, schema = document.get("tool"), document.get("schema")
    if not isinstance(tool, str) or not tool.startswith(_TOOL) or "cases" not in document:
        raise _wrong(path, "is no result of sm-ci")
    if schema != SCHEMA or isinstance(schema, bool):
        shown = json.dumps(schema)[:40]
        remedy = f"Use the version that wrote it ({tool[:40]}), or run the tests again with this one."
        raise _wrong(path, f"has the schema number {shown}, and this version of sm-ci reads {SCHEMA}", remedy)


def _blob(node: Any, place: str) -> Blob:
    """A body is not written as its dataclass."""
    if not isinstance(node, dict):
        raise Unreadable(place, node, "an object")
    size = decoded(node.get("size"), int, place=f"{place}.size")
    texts = {name: decoded(node.get(name, ""), str, place=f"{place}.{name}") for name in ("sha256", "media_type")}
    if "text" in node:
        head = decoded(node["text"], str, place=f"{place}.text").encode("utf-8", "surrogatepass")
    else:
        head = _bytes(node.get("base64"), f"{place}.base64")
    if size < 0:
        raise Unreadable(f"{place}.size", size, "a size")
    return Blob(size=size, head=head, **texts)


def _bytes(node: Any, place: str) -> bytes:
    try:
        return base64.b64decode(decoded(node, str, place=place), validate=True)
    except ValueError:  # of base64, and of characters that are not ASCII
        raise Unreadable(place, node, "base64") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


def _wrong(path: Path, why: str, remedy: str = _AGAIN) -> UsageError:
    return UsageError(f"{path}: {why}", remedy=remedy, kind="result-unreadable")
