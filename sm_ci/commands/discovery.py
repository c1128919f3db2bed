"""What a container accepts, found out by asking: requests that servers of each kind take, and what their answers say. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sm_ci.results import Answer, NoAnswer, header

MOST_TESTS = 3
_COLUMNS = (4, 2, 1, 8, 13, 3)
"""Widths of a row to begin with; a server that wants another often says so."""
_WANTED = re.compile(
    r"(?:wants?|expects?|expected|requires?) shape\s*\(\s*\w+\s*,\s*(\d{1,4})\s*\)"
    r"|expect(?:ing|ed|s)?\D{0,40}?(\d{1,4})\s*(?:features|columns|values|inputs)"
    r"|(?:rows?|vectors?|arrays?) of (\d{1,4})"
    r"|feature_names? mismatch.*?expected (\d{1,4})"
    r"|should have (\d{1,4}) columns",
    re.IGNORECASE | re.DOTALL,
)
_WIDEST = 2000
_SHOWN = 2000
"""Characters of an answer that are worth to be compared literally."""

Request = dict[str, Any]
"""A request as the spec writes it."""
Ask = Callable[[Request], Answer | NoAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A request that is answered with 200, and the answer; `steady`: asked again it was the same."""

    name: str
    request: Request
    answer: Answer
    steady: bool


def candidates(width: int | None = None) -> Iterator[tuple[str, Request]]:
    """Requests of the usual kinds, named; all with rows of `width` numbers when it is known."""
    for columns in (width,) if width else _COLUMNS:
        row = [round(0.1 * (at + 1), 3) for at in range(columns)]
        yield f"a row of {columns} as CSV", {"csv": [row]}
        yield f"instances of {columns}", {"json": {"instances": [row]}}
        yield f"a list of rows of {columns}", {"json": [row]}
        yield f"inputs of {columns}", {"json": {"inputs": [row]}}
    yield "a text as inputs", {"json": {"inputs": "The quick brown fox jumps over the lazy dog."}}
    prompt = {"prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}
    yield "a prompt", {"json": prompt}
    chat = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8, "temperature": 0}
    yield "a chat", {"json": chat}
    yield "plain text", {"text": "The quick brown fox jumps over the lazy dog."}
    yield "an empty object", {"json": {}}


def discover(ask: Ask, given: Sequence[tuple[str, Request]] = ()) -> list[Found]:
    """What is answered with 200: of the requests that the user gave, else of the usual ones, three of different kinds."""
    mine = [found for name, request in given if (found := _found(ask, name, request, ask(request)))]
    return mine or _usual(ask)


def _usual(ask: Ask) -> list[Found]:
    found: list[Found] = []
    kinds: set[str] = set()
    waiting, width = list(candidates()), 0
    while waiting and len(found) < MOST_TESTS:
        name, request = waiting.pop(0)
        if (kind := _kind(request)) in kinds:
            continue
        outcome = ask(request)
        if one := _found(ask, name, request, outcome):
            found.append(one)
            kinds.add(kind)
        elif isinstance(outcome, Answer) and not width and (width := wanted_width(outcome)):
            waiting = list(candidates(width))
    return found


def _found(ask: Ask, name: str, request: Request, outcome: Answer | NoAnswer) -> Found | None:
    """The request with its answer, when that is 200; it is asked once more."""
    if isinstance(outcome, NoAnswer) or outcome.status != 200:
        return None
    again = ask(request)
    steady = isinstance(again, Answer) and again.body.sha256 == outcome.body.sha256
    return Found(name=name, request=request, answer=outcome, steady=steady)


def wanted_width(answer: Answer) -> int:
    """How many columns the answer says that it wants; 0 when it does not say."""
    said = _WANTED.search(answer.body.head[:20_000].decode("utf-8", "replace"))
    width = int(next(filter(None, said.groups()))) if said else 0
    return width if 0 < width <= _WIDEST else 0


def expectation(found: Found) -> dict[str, Any]:
    """What the spec should expect: the answer itself when it is steady and short, else its form."""
    media = (header(found.answer.headers, "Content-Type") or "").partition(";")[0].strip().lower()
    expect: dict[str, Any] = {"status": 200}
    if media:
        expect["content_type"] = media
    body = found.answer.body
    text = body.head.decode("utf-8", "replace")
    if body.size != len(body.head) or "\ufffd" in text:
        return expect
    if "json" in media and (value := _parsed(text)) is not None:
        return expect | {"json": value if found.steady and len(text) <= _SHOWN else form(value)}
    if found.steady and 0 < len(text) <= _SHOWN and text.replace("\n", "").isprintable():
        expect["text"] = text
    return expect


def form(value: Any) -> Any:
    """A matcher of the value's form: its keys and types, the items of a list by the first."""
    match value:
        case bool():
            return {"$type": "boolean"}
        case int() | float():
            return {"$type": "number"}
        case str():
            return {"$type": "string"}
        case dict():
            return {str(key): form(inner) for key, inner in value.items() if not str(key).startswith("$")}
        case list() if value:
            return {"$each": form(value[0]), "$length": len(value)}
        case list():
            return []
    return None


def _kind(request: Request) -> str:
    """What tells requests apart that are worth a test each."""
    if "json" in request:
        body = request["json"]
        return f"json {sorted(body)}" if isinstance(body, dict) else "json list"
    return next(iter(request))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return None
