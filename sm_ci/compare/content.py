"""The body of an answer as a tree of values that can be compared, by its content type. Pure.

JSON, JSON lines, events of a stream, CSV, text by lines, NumPy arrays; all else is its hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sm_ci import contract
from sm_ci.checks.values import show, step_into
from sm_ci.compare.npy import MAGIC, ZIP, Array, array_of, arrays_of

csv.field_size_limit(contract.PAYLOAD_LIMIT)  # Python's own 131,072 characters are fewer than an answer may hold

LENGTH: Final = object()
"""The last step of a path that leads to the length of a list."""
Path = tuple["Path | None", object] | None
"""The way to a value: the way to what it is in, and the key or index there. None is the whole."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Bytes that are only equal or not."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body as a tree of dicts, lists and scalars. `untyped`: its texts may be numbers, as cells of CSV are.

    `arrays` are NumPy's by their names (empty where it is one alone), for their shapes.
    """

    kind: str
    value: object
    untyped: bool = False
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def place(self, path: Path) -> str:
        """A path as users read it: `$.a[0]`, `row 2, column 1`, `line 3`, `array[0, 3]`."""
        found = list(steps(path))
        of_length = bool(found) and found[-1] is LENGTH
        written = _PLACES[self.kind](self, found[:-1] if of_length else found)
        return f"length({written})" if of_length else written


def steps(path: Path) -> Iterator[object]:
    """The keys and indices of the way, from the whole on."""
    found = []
    while path is not None:
        path, step = path
        found.append(step)
    yield from reversed(found)


def contents(bodies: Sequence[bytes], media_type: str) -> list[Content]:
    """Each body's tree, all of one kind: the first of what the content type says that can be made of every one."""
    for read in _readers(media_type, bodies[0] if bodies else b""):
        found = [read(body) for body in bodies]
        if all(content is not None for content in found):
            return [content for content in found if content is not None]
    return [Content(kind="bytes", value=Opaque(hashlib.sha256(body).hexdigest(), len(body))) for body in bodies]


def _readers(media_type: str, first: bytes) -> Iterator[Callable[[bytes], Content | None]]:
    kind = media_type.partition(";")[0].strip().lower()
    if first.startswith((MAGIC, ZIP)):
        yield from (_array, _arrays)
    if kind == "text/event-stream":
        yield _events
    elif kind in {"application/jsonlines", "application/jsonl", "application/x-ndjson", "application/x-jsonlines"}:
        yield _lines
    elif kind == "text/csv":
        yield _csv
    elif kind.endswith("json"):
        yield from (_json, _lines)  # DJL streams lines under this type too
    elif kind in {"", "application/octet-stream", "text/plain"} and first.lstrip()[:1] in {b"{", b"["}:
        yield _json
    yield _text


def _json(body: bytes) -> Content | None:
    try:
        return Content(kind="json", value=_parsed(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return None


def _lines(body: bytes) -> Content | None:
    try:
        lines = body.decode("utf-8-sig").split("\n")
        return Content(kind="lines", value=[_parsed(line) for line in lines if line.strip()])
    except (ValueError, RecursionError):
        return None


def _events(body: bytes) -> Content | None:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream."""
    text = _decoded(body)
    if text is None:
        return None
    blocks = text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n")
    return Content(kind="events", value=[event for event in map(_event, blocks) if event])


def _event(block: str) -> dict[str, object]:
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        if name:
            fields.setdefault(name, []).append(value.removeprefix(" "))
    event: dict[str, object] = {name: "\n".join(values) for name, values in fields.items()}
    data = event.get("data")
    if isinstance(data, str):
        try:
            event["data"] = _parsed(data)
        except (ValueError, RecursionError):
            event["data"] = data
    return event


def _csv(body: bytes) -> Content | None:
    text = _decoded(body)
    try:
        rows = None if text is None else list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return None
    while rows and not rows[-1]:
        rows.pop()
    return None if rows is None else Content(kind="csv", value=rows, untyped=True)


def _text(body: bytes) -> Content | None:
    text = _decoded(body)
    return None if text is None or "\0" in text else Content(kind="text", value=text.splitlines(), untyped=True)


def _array(body: bytes) -> Content | None:
    read = array_of(body)
    return None if read is None else Content(kind="array", value=_of_array(read), arrays={"": read})


def _arrays(body: bytes) -> Content | None:
    read = arrays_of(body)
    if read is None:
        return None
    return Content(kind="arrays", value={name: _of_array(one) for name, one in read.items()}, arrays=read)


def _of_array(read: Array) -> dict[str, object]:
    return {"dtype": read.dtype, "shape": str(read.shape), "values": read.values}


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _parsed(text: str) -> object:
    """As json.loads; of a key that is given twice all values are kept: `a`, `a (2)`."""
    return json.loads(text, object_pairs_hook=_members)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members = {}
    seen: dict[str, int] = {}
    for key, value in pairs:
        seen[key] = seen.get(key, 0) + 1
        members[key if seen[key] == 1 else f"{key} ({seen[key]})"] = value
    return members


def _json_place(_: Content, steps: Sequence[object]) -> str:
    written = "$"
    for step in steps:
        written = f"{written}[{step}]" if isinstance(step, int) else step_into(written, str(step))
    return written


def _item_place(noun: str) -> Callable[[Content, Sequence[object]], str]:
    def place(content: Content, steps: Sequence[object]) -> str:
        if not steps:
            return f"{noun}s"
        inner = f" {_json_place(content, steps[1:])}" if len(steps) > 1 else ""
        return f"{noun} {_number(steps[0])}{inner}"

    return place


def _csv_place(_: Content, steps: Sequence[object]) -> str:
    names = ("row", "column")
    return ", ".join(f"{name} {_number(step)}" for name, step in zip(names, steps, strict=False)) or "rows"


def _array_place(content: Content, steps: Sequence[object]) -> str:
    name = str(steps[0]) if content.kind == "arrays" and steps else ""
    inner = steps[1:] if content.kind == "arrays" else steps
    title = f"array {show(name, 60)}" if name else "array" if content.kind == "array" else "arrays"
    if len(inner) == 2 and isinstance(inner[1], int) and name in content.arrays:
        return f"{title}{content.arrays[name].place(inner[1])}"
    return f"{title}.{inner[0]}" if inner and inner[0] != "values" else title


def _number(step: object) -> int:
    return step + 1 if isinstance(step, int) else 0


_PLACES: dict[str, Callable[[Content, Sequence[object]], str]] = {
    "json": _json_place,
    "lines": _item_place("line"),
    "events": _item_place("event"),
    "csv": _csv_place,
    "text": _item_place("line"),
    "array": _array_place,
    "arrays": _array_place,
    "head": lambda _, steps: str(steps[0]) if steps else "answer",
    "bytes": lambda *_: "body",
}
