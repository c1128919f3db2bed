"""What actions/runner makes of a step's output and of its files: commands, annotations, masks, records. Pure.

After its source, v2.336.0: ActionCommandManager.cs, ActionCommand.cs, FileCommandManager.cs, ExecutionContext.cs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

REGISTERED = frozenset(
    {"debug", "notice", "warning", "error", "group", "endgroup", "add-mask", "add-matcher", "remove-matcher"}
    | {"set-output", "save-state", "set-env", "add-path", "echo", "stop-commands"}
)
KINDS = ("error", "warning", "notice")
PER_KIND = 10
"""Annotations of a kind that a step can have; the rest is text of its log."""
LONGEST_MESSAGE = 4096
LARGEST_SUMMARY = 1024 * 1024
_INSIDE = "/github/workspace/"
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_LEGACY = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of a line, by its name in small letters."""

    name: str
    properties: Mapping[str, str]
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What stands beside a line of the pull request. `line` is 0 where none is given."""

    kind: str
    message: str
    title: str = ""
    file: str = ""
    line: int = 0


@dataclass(slots=True)
class Reader:
    """Reads a step's output line by line. What is `stopped` is text until the token comes."""

    masks: list[str]
    said: list[Annotation] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    others: list[Command] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    token: str = ""

    def read(self, line: str) -> None:
        command = find(line, REGISTERED | {self.token.lower()} if self.token else REGISTERED)
        if command is None or (self.token and command.name != self.token.lower()):
            self.log.append(hidden(line, self.masks))
        elif self.token:
            self.token = ""
        else:
            self._obey(command)

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """Those that become visible, in their order."""
        kept = [note for kind in KINDS for note in [note for note in self.said if note.kind == kind][:PER_KIND]]
        return tuple(note for note in self.said if any(note is one for one in kept))

    def _obey(self, command: Command) -> None:
        match command.name:
            case "error" | "warning" | "notice":
                self.said.append(_annotation(command, self.masks))
                self.log.append(hidden(f"##[{command.name}]{command.data}", self.masks))
            case "add-mask":
                self.masks += [part for part in (command.data, *_lines(command.data)) if part.strip()]
            case "stop-commands":
                assert command.data.lower() not in REGISTERED | {"pause-logging", ""}, command
                self.token = command.data
                if len(command.data) > 6:
                    self.masks.append(command.data)
            case "set-output":
                self.outputs[command.properties["name"]] = command.data
            case "save-state":
                self.state[command.properties["name"]] = command.data
            case "group" | "endgroup":
                self.log.append(hidden(f"##[{command.name}]{command.data}", self.masks))
            case _:
                self.others.append(command)


def find(line: str, names: Iterable[str]) -> Command | None:
    """`::name k=v::data` after white space, or else `##[name k=v]data` anywhere in the line."""
    names = set(names)
    if match := re.fullmatch(r"\s*::(?P<info>.*?)::(?P<data>.*)", line, re.DOTALL):
        command = _command(match, ",", _PROPERTY, _DATA)
        if command is not None and command.name in names:
            return command
    if match := re.search(r"##\[(?P<info>[^]]*)\](?P<data>.*)", line, re.DOTALL):
        command = _command(match, ";", _LEGACY, _LEGACY)
        return command if command is not None and command.name in names else None
    return None


def hidden(text: str, masks: Iterable[str]) -> str:
    """The text with each masked value replaced, the longest first."""
    for mask in sorted(set(masks), key=len, reverse=True):
        text = text.replace(mask, "***")
    return text


def records(text: str) -> tuple[dict[str, str], str]:
    """What a file of outputs, state or environment holds, and why the runner fails the step for it; empty: it does not.

    Only a line feed ends a line. The last one is not a line of its own.
    """
    found: dict[str, str] = {}
    lines = iter(text.removesuffix("\n").split("\n") if text else [])
    for line in lines:
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if equals >= 0 and (here < 0 or equals < here):
            name, value = line[:equals], line[equals + 1 :]
        elif here >= 0:
            name, delimiter = line[:here], line[here + 2 :]
            if not name or not delimiter:
                return found, f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty"
            kept: list[str] = []
            for part in lines:
                if part == delimiter:
                    break
                kept.append(part)
            else:
                return found, f"Invalid value. Matching delimiter not found '{delimiter}'"
            value = "\n".join(kept)
        else:
            return found, f"Invalid format '{line}'"
        if not name:
            return found, f"Invalid format '{line}'. Name must not be empty"
        found[name] = value
    return found, ""


def _command(
    match: re.Match[str], between: str, of_property: Iterable[tuple[str, str]], of_data: Iterable[tuple[str, str]]
) -> Command | None:
    name, _, rest = match["info"].strip().partition(" ")
    pairs = (part.partition("=") for part in rest.split(between) if "=" in part)
    properties = {key.strip(): _plain(value, of_property) for key, _, value in pairs}
    return Command(name=name.lower(), properties=properties, data=_plain(match["data"], of_data)) if name else None


def _plain(text: str, escapes: Iterable[tuple[str, str]]) -> str:
    for escaped, plain in escapes:
        text = text.replace(escaped, plain)
    return text


def _annotation(command: Command, masks: list[str]) -> Annotation:
    line = command.properties.get("line", "")
    return Annotation(
        kind=command.name,
        message=hidden(command.data, masks)[:LONGEST_MESSAGE],
        title=hidden(command.properties.get("title", ""), masks),
        file=command.properties.get("file", "").removeprefix(_INSIDE),
        line=int(line) if line.isdigit() else 0,
    )


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines())
