"""The exceptions in a log: Python's tracebacks with what raised what, Triton's, Java's. Pure.

A server that passes its workers' output on puts a prefix before each line, with the time in it, and lines of other
threads between them. What stands before "Traceback" tells the prefix: lines without one of that form are others'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.diagnosis.lines import Line
from sm_ci.diagnosis.paths import is_users

Frame = tuple[str, int]

_REACH = 400
"""Lines that a traceback may span, those of other threads included."""
_MOST = 500
"""Tracebacks of a log that are read."""
_HEAD = re.compile(r"Traceback \(most recent call last\):$")
_BARE = re.compile(r'  File "[^"]{1,1000}", line \d{1,7}$')  # a SyntaxError of the first file has no head
_FRAME = re.compile(r'\s+File "(?P<file>[^"]{1,1000})", line (?P<line>\d{1,7})(?!\d)')
_EXCEPTION = re.compile(r"(?P<name>(?:[A-Za-z_]\w{0,80}\.){0,12}[A-Za-z_]\w{0,120})(?::(?:\s(?P<said>.*))?)?$")
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")
_NO_EXCEPTION = frozenset({"INFO", "DEBUG", "WARNING", "WARN", "ERROR", "CRITICAL", "Warning", "At"})
_LINK = re.compile(r"(?:The above exception was the direct cause|During handling of the above exception)")
_LINK_REACH = 8
_TIME = re.compile(r"(?<![\w-])(?!\d{1,7}(?:,\d{1,7})?[\])])\d[\d:.,+TZ-]*")  # `[33]` and `[1,0]` are processes
_HANDLED = re.compile(r"(?:.{0,60}\W)?(?:WARNING|WARN|INFO|DEBUG)\W")
_PASSING = frozenset(
    {"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError", "BrokenPipeError", "ConnectionResetError"}
    | {"InterruptedException", "WorkerInitializationException", "ClosedChannelException"}
    | {"CalledProcessError", "HaltServer"}  # the program that was called, the worker that did not boot, said why
)
_SECOND_HAND = re.compile(r"failed to install required packages")  # what pip printed before says more
_TRITON_FRAME = re.compile(r"\s+(?P<file>/[^()\s]{1,1000}\.py)\((?P<line>\d{1,7})\): ")
_TRITON_ERROR = re.compile(r"(?:.{0,200}: )?(?P<what>[A-Z]\w{0,80}(?:Error|Exception): .*)$")
_JAVA = re.compile(
    r"(?P<by>Caused by: )?(?:Exception in thread \"[^\"]{0,200}\" )?"
    r"(?P<what>(?:[a-z_]\w{0,80}\.){1,12}[A-Z][\w$]{0,120}(?:: .*)?)$"
)
_JAVA_FRAME = re.compile(r"\s+(?:at [\w.$<>/]{1,300}\(|\.\.\. \d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception as it was printed. `start` and `end` are positions of its lines; `frames` go from out to in."""

    text: str
    start: int
    end: int
    index: int
    frames: tuple[Frame, ...] = ()
    linked: bool = False
    handled: bool = False

    @property
    def users(self) -> bool:
        """Whether it went through a file of the user's."""
        return any(is_users(file) for file, _ in self.frames)

    @property
    def passing(self) -> bool:
        """Whether it says that somebody hung up or wanted an end, was logged as no error, or follows from another."""
        follows = self.handled or _SECOND_HAND.search(self.text) is not None
        return follows or self.text.split(":")[0].rpartition(".")[2] in _PASSING


def python_exceptions(lines: Sequence[Line]) -> Iterator[Raised]:
    """One for each chain of exceptions: the first in it that went through the user's files, else the first."""
    chain: list[Raised] = []
    for raised in _python(lines):
        if chain and not raised.linked:
            yield _of_chain(chain)
            chain = []
        chain.append(raised)
    if chain:
        yield _of_chain(chain)


def java_exceptions(lines: Sequence[Line]) -> Iterator[Raised]:
    """The innermost `Caused by` of each Java stack trace."""
    found: Raised | None = None
    for position, line in enumerate(lines):
        match = _JAVA.match(line.text) if "." in line.text else None
        if match and position + 1 < len(lines) and _JAVA_FRAME.match(lines[position + 1].text):
            if found and not match["by"]:
                yield found
            found = Raised(text=match["what"], start=position, end=position, index=line.index)
    if found:
        yield found


def triton_exceptions(lines: Sequence[Line]) -> Iterator[Raised]:
    """Triton's Python backend: the exception, `At:`, then the frames from out to in."""
    for position, line in enumerate(lines):
        if line.text != "At:":
            continue
        before = (_TRITON_ERROR.match(lines[at].text) for at in range(position - 1, max(position - 4, -1), -1))
        error = next((match for match in before if match), None)
        matches = [_TRITON_FRAME.match(after.text) for after in lines[position + 1 : position + 40]]
        frames = tuple((match["file"], int(match["line"])) for match in matches if match)
        if error and frames:
            yield Raised(text=error["what"], start=position, end=position, index=line.index, frames=frames)


def _of_chain(chain: Sequence[Raised]) -> Raised:
    return next((raised for raised in chain if raised.users), chain[0])


def _python(lines: Sequence[Line]) -> Iterator[Raised]:
    before: Raised | None = None
    tried = 0
    for position, line in enumerate(lines):
        head = _HEAD.search(line.text)
        bare = None if head else _BARE.search(line.text)
        if bare and before and position <= before.end:
            continue  # within a traceback that was read already
        if match := head or bare:
            raised = _read(lines, position, match.start(), before, bare=bare is not None)
            if raised:
                yield raised
                before = raised
            tried += 1
        if tried == _MOST:
            return


def _read(lines: Sequence[Line], start: int, column: int, before: Raised | None, *, bare: bool) -> Raised | None:
    """The traceback that begins there; None when it has no end, or another one breaks in."""
    shape = _shape(lines[start].text[:column])
    frames: list[Frame] = []
    for position in range(start if bare else start + 1, min(start + _REACH, len(lines))):
        line = lines[position]
        if line.source != lines[start].source or _shape(line.text[:column]) != shape:
            continue
        text = line.text[column:]
        if frame := _FRAME.match(text):
            frames.append((frame["file"], int(frame["line"])))
        elif _HEAD.match(text):
            return None
        elif frames and (match := _exception(text)) and (not bare or match["name"] in _SYNTAX):
            said = text if match["said"] else _continued(lines, position, column, shape, text)
            return Raised(
                text=said,
                start=start,
                end=position,
                index=line.index,
                frames=tuple(frames),
                linked=before is not None and _is_linked(lines[before.end + 1 : start]),
                handled=not shape and start > 0 and bool(_HANDLED.match(lines[start - 1].text)),
            )
    return None


def _exception(text: str) -> re.Match[str] | None:
    match = _EXCEPTION.match(text)
    return match if match and match["name"] not in _NO_EXCEPTION else None


def _continued(lines: Sequence[Line], position: int, column: int, shape: str, text: str) -> str:
    """`NotImplementedError:` and a message that begins in a line below."""
    if not text.endswith(":"):
        return text
    for line in lines[position + 1 : position + 4]:
        if _shape(line.text[:column]) == shape and line.text[column:].strip():
            return f"{text} {line.text[column:].strip()}"
    return text.rstrip(":")


def _is_linked(between: Sequence[Line]) -> bool:
    """Whether Python says that the exception after these lines came of the one before them."""
    return len(between) <= _REACH and any(_LINK.search(line.text) for line in between[-_LINK_REACH:])


def _shape(prefix: str) -> str:
    """A prefix without its times, so that those of two lines are the same; a thread's number stays."""
    return _TIME.sub("0", prefix)
