"""Reads the cause out of a container's log: the exception under all the noise, and the user's line that raised it. Pure.

A server that cannot load its model says so in hundreds of lines of its own; the one that matters is the first
Python exception, and of its traceback the last frame that is the user's file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci import contract

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d{1,7})(?!\d)')
_EXCEPTION = re.compile(
    r"(?:^|[\s-])(?P<what>(?:[A-Za-z_][\w]*\.)*[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|NotFound)(?::\s.*)?)$"
)
_TRACEBACK = "Traceback (most recent call last)"
_REACH = 60
"""Lines that a traceback may span, retry noise of other threads included."""
_ALONE = (
    re.compile(r"(?:^|\s)exec (?P<what>/\S+: (?:no such file or directory|exec format error))"),
    re.compile(r"\[emerg\] (?P<what>.*)"),
    re.compile(r"(?P<what>ERROR: .+)"),
    re.compile(r"(?P<what>failed to install required packages.*)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What the log says went wrong. `file` is the path in the container, `line` from 1; `index` is which log line said it."""

    text: str
    index: int
    file: str = ""
    line: int = 0


def find_cause(lines: Sequence[str]) -> Cause | None:
    """The first exception with a traceback; else the first line of a known fatal form; else nothing."""
    return _first_exception(lines) or _first_alone(lines)


def model_file(cause: Cause) -> str | None:
    """The file below the model's folder that the cause names (`code/inference.py`), if it does."""
    prefix = f"{contract.MODEL_DIRECTORY}/"
    return cause.file.removeprefix(prefix) if cause.file.startswith(prefix) else None


def _first_exception(lines: Sequence[str]) -> Cause | None:
    for index, line in enumerate(lines):
        match = _EXCEPTION.search(line.rstrip())
        if not match or match["what"].split(":")[0].endswith("Warning"):
            continue
        frames = _frames_before(lines, index)
        if frames:
            file, number = _nearest_to_user(frames)
            return Cause(text=match["what"], index=index, file=file, line=number)
    return None


def _frames_before(lines: Sequence[str], index: int) -> list[tuple[str, int]]:
    """The frames of the traceback that ends at this line; a SyntaxError brings its frame without a traceback's head."""
    frames: list[tuple[str, int]] = []
    for line in reversed(lines[max(0, index - _REACH) : index]):
        if _TRACEBACK in line:
            break
        if frame := _FRAME.search(line):
            frames.append((frame["file"], int(frame["line"])))
        elif _EXCEPTION.search(line.rstrip()):
            break
    return frames[::-1]


def _nearest_to_user(frames: list[tuple[str, int]]) -> tuple[str, int]:
    own = [frame for frame in frames if frame[0].startswith(f"{contract.MODEL_DIRECTORY}/")]
    return (own or frames)[-1]


def _first_alone(lines: Sequence[str]) -> Cause | None:
    for index, line in enumerate(lines):
        for pattern in _ALONE:
            if match := pattern.search(line):
                return Cause(text=match["what"].strip(), index=index)
    return None
