"""A stream that a runner reads and finds no command in, whatever is written. Touches the stream.

For stderr, where none of our commands goes: warnings of libraries, and the trace of a fault of ours, which may name
what a container said.
"""

from __future__ import annotations

from typing import TextIO

from sm_ci.text import inert_log_line

_LONGEST = 4000  # characters of a line


class InertStream:
    """Writes whole lines, none of which is a workflow command."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Keeps the start of a line until its end comes."""
        *lines, self._begun = (self._begun + text.replace("\r", "\n")).split("\n")
        self._stream.write("".join(f"{inert_log_line(line, _LONGEST)}\n" for line in lines))
        return len(text)

    def flush(self) -> None:
        """Writes the whole lines that wait in the stream; one that has begun waits for its end."""
        self._stream.flush()

    def isatty(self) -> bool:
        """No one looks who could answer."""
        return False

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()
