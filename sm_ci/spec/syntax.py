"""What a YAML parser's complaint means and what to write instead. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sm_ci.errors import Finding, Location, Severity
from sm_ci.spec.encoding import LINE_END
from sm_ci.spec.wording import shortened

_HALVES = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?")  # of a character, in UTF-16
_REST_IN_FLOW = re.compile(r"(?:\$\{[^{}]{0,100}\}|[^,\]}])*")  # to the end of a plain text that should be in quotes


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as the parser counts it, from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What the parser says: while doing `context`, begun there, it met `problem` here."""

    context: str
    begun: Spot | None
    problem: str
    at: Spot


@dataclass(frozen=True, slots=True)
class _Said:
    message: str
    remedy: str
    at: Spot


def explain(path: str, text: str, trouble: Trouble) -> Finding:
    """The finding for a syntax error, in words that say what to write."""
    lines = LINE_END.split(text)
    said = next(said for said in (explanation(lines, trouble) for explanation in _EXPLANATIONS) if said)
    return Finding(
        rule="yaml",
        severity=Severity.ERROR,
        message=said.message,
        remedy=said.remedy,
        at=Location(path=path, line=said.at.line + 1, column=said.at.column + 1),
    )


def _line(lines: list[str], spot: Spot) -> str:
    return lines[spot.line] if spot.line < len(lines) else ""


def _tab(lines: list[str], trouble: Trouble) -> _Said | None:
    line = _line(lines, trouble.at)
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" not in indentation:
        return None
    return _Said("a tab indents this line", "indent with spaces", Spot(trouble.at.line, indentation.index("\t")))


def _variable(lines: list[str], trouble: Trouble) -> _Said | None:
    """`{a: ${n}}`: in a flow mapping or list the brace ends the plain text before it."""
    line, column = _line(lines, trouble.at), trouble.at.column
    if column == 0 or line[column - 1 : column + 1] != "${":
        return None
    before = line[: column - 1]
    start = max(before.rfind(mark) + len(mark) for mark in (",", "[", "{", ": "))
    start += len(before[start:]) - len(before[start:].lstrip())
    end = _REST_IN_FLOW.match(line, column - 1)
    whole = line[start : end.end() if end else None]
    return _Said(
        "a ${…} inside {…} or […] must stand in quotes",
        f"write {_in_quotes(whole.strip())}",
        Spot(trouble.at.line, start),
    )


def _first_character(lines: list[str], trouble: Trouble) -> _Said | None:
    """A plain value that begins with a character that YAML keeps for itself."""
    spot = trouble.begun if trouble.begun and "block scalar" in trouble.context else trouble.at
    if trouble.begun and ("alias" in trouble.context or "anchor" in trouble.context or "directive" in trouble.context):
        spot = trouble.begun
    line = _line(lines, spot)
    character = line[spot.column : spot.column + 1]
    if not character or character not in ">|@%`*&" or "incompatible" in trouble.problem:
        return None
    ends = r"[^\s,\]}]+" if character in "*&" or "block scalar" not in trouble.context else r".+"
    value = re.match(ends, line[spot.column :])
    whole = value[0].strip() if value else character
    return _Said(f"a value that begins with '{character}' must stand in quotes", f"write {_in_quotes(whole)}", spot)


def _quote(lines: list[str], trouble: Trouble) -> _Said | None:
    if "quoted scalar" not in trouble.context or not trouble.begun:
        return None
    if "escape" in trouble.problem or "hexdecimal" in trouble.problem:  # as libyaml spells it
        return _escape(lines, trouble)
    return _Said("the quote that begins here is never closed", "close it", trouble.begun)


def _escape(lines: list[str], trouble: Trouble) -> _Said:
    """The parsers point at the backslash or some characters after it, if they know where it is."""
    line = _line(lines, trouble.at)
    column = line.rfind("\\", 0, trouble.at.column + 1)
    at = trouble.at if column < 0 else Spot(trouble.at.line, column)
    halves = _HALVES.match(line, at.column)
    if halves is None:
        message = "a backslash in double quotes begins an escape that YAML does not know"
        return _Said(message, "write the text in single quotes, or each backslash twice", at)
    message = f"{halves[0][:6]} is half of a character, which YAML does not know"
    whole = json.loads(f'"{halves[0]}"')
    remedy = f"write \\U{ord(whole):08X}, or the character itself" if len(whole) == 1 and len(halves[0]) > 6 else ""
    return _Said(message, remedy or "write the whole character", at)


def _bracket(lines: list[str], trouble: Trouble) -> _Said | None:
    if "flow" not in trouble.context or not trouble.begun:
        return None
    character = _line(lines, trouble.begun)[trouble.begun.column : trouble.begun.column + 1]
    if character not in ("{", "["):
        return _Said("a value is missing here", 'write it, or "" for an empty text', trouble.at)
    closing = "}" if character == "{" else "]"
    if trouble.at.line == trouble.begun.line:
        return _Said(f"a ',' or '{closing}' is missing here", "add it, or put the text in quotes", trouble.at)
    return _Said(f"the '{character}' that stands here is not closed", f"close it with '{closing}'", trouble.begun)


def _colon(_: list[str], trouble: Trouble) -> _Said | None:
    if "mapping values" in trouble.problem:
        return _Said(
            "a ':' is not allowed here", "put a text that holds ': ' in quotes, or mend the indentation", trouble.at
        )
    if "expected ':'" in trouble.problem and trouble.begun:
        return _Said("a ':' is missing after this key", "write 'key: value'", trouble.begun)
    return None


def _block(_: list[str], trouble: Trouble) -> _Said | None:
    if trouble.begun and "block mapping" in trouble.context:
        message = f"is neither a key of the mapping that begins in line {trouble.begun.line + 1} nor part of the value before it"
        return _Said(message, "mend the indentation, or put the whole text in quotes", trouble.at)
    if trouble.begun and "block collection" in trouble.context:
        message = f"is not an item of the list that begins in line {trouble.begun.line + 1}"
        return _Said(message, "write '- ' before it, or mend the indentation", trouble.at)
    if "sequence entries" in trouble.problem:
        return _Said("a list cannot begin here", "begin it on a line of its own, or write it as [a, b]", trouble.at)
    return None


def _other(_: list[str], trouble: Trouble) -> _Said:
    return _Said(f"is not YAML: {trouble.problem}", "put the text in quotes, or mend the indentation", trouble.at)


def _in_quotes(text: str) -> str:
    text = shortened(text)
    return f"'{text}'" if '"' in text or "\\" in text else f'"{text}"'


_EXPLANATIONS = (_tab, _variable, _first_character, _quote, _bracket, _colon, _block, _other)
