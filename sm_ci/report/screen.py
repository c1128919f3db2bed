"""Where progress is shown: plain lines, or a terminal with a status line that lives. Touches a stream and the clock.

Only the terminal needs rich, which is imported there: a plain run starts without it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol, TextIO, cast

from sm_ci.text import shorten

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

Style = Literal["", "good", "bad", "warn", "strong", "dim"]
Clock = Callable[[], float]

FIRST_DETAIL, NEXT_DETAIL = 2.0, 10.0  # seconds into a step, seconds between lines
_SGR: dict[Style, str] = {"good": "32", "bad": "31", "warn": "33", "strong": "1", "dim": "2"}
_RICH: dict[Style, str] = {"good": "green", "bad": "red", "warn": "yellow", "strong": "bold", "dim": "dim"}
_ASCII = str.maketrans({"✓": "ok", "✗": "FAILED", "…": "...", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"'})
_FRAMES, _ASCII_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_BAR, _ASCII_BAR = "█░", "#-"  # what is over, what is to come
_BAR_WIDTH, _STATUS_WIDTH = 20, 20  # columns; the status has at least so many beside a bar


class Screen(Protocol):
    """Shows lines that stay, and what goes on now. Texts are escaped before; calls may come from any thread."""

    def line(self, text: str, style: Style = "") -> None:
        """A line that stays."""

    def status(self, text: str) -> None:
        """What goes on from now on; empty: nothing."""

    def detail(self, text: str, part: float | None = None) -> None:
        """How far it is; `part` from 0 to 1, where that is known."""


class GuardedStream:
    """A stream that neither a closed pipe, a full disk nor a poor encoding can break: silence, and ASCII in place of signs.

    `trouble` is why nothing more is written, unless that is what a closed pipe asks for.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.closed = False
        self.trouble: OSError | None = None

    def write(self, text: str) -> int:
        """Writes what the encoding can hold."""
        self._unless_closed(lambda: self._stream.write(self.encodable(text)))
        return len(text)

    def flush(self) -> None:
        """Writes what waits."""
        self._unless_closed(self._stream.flush)

    def isatty(self) -> bool:
        """Whether somebody looks."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()

    def takes(self, text: str) -> bool:
        """Whether the encoding can hold a text."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def encodable(self, text: str) -> str:
        """The text as it will be written."""
        if self.takes(text):
            return text
        return text.translate(_ASCII).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def _unless_closed(self, action: Callable[[], object]) -> None:
        if self.closed:
            return
        try:
            action()
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Writes no more, and lets the interpreter's last flush succeed: docs.python.org/3/library/signal.html#note-on-sigpipe."""
        self.closed = True
        self.trouble = None if isinstance(error, BrokenPipeError) else error
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class PlainScreen:
    """Lines for a file or a runner's log: a step's details at most every 10 s, the first after 2 s."""

    def __init__(self, stream: GuardedStream, *, colour: bool, clock: Clock) -> None:
        self._stream, self._colour, self._clock = stream, colour, clock
        self._lock = threading.Lock()
        self._began = self._next = clock()

    def line(self, text: str, style: Style = "") -> None:
        """A line that stays."""
        with self._lock:
            self._write(text, style)

    def status(self, text: str) -> None:
        """A line, if there is something to say."""
        with self._lock:
            self._began = self._clock()
            self._next = self._began + FIRST_DETAIL
            if text:
                self._write(text, "")

    def detail(self, text: str, part: float | None = None) -> None:  # noqa: ARG002 - a log has no bar
        """A line, if it is time for one."""
        with self._lock:
            now = self._clock()
            if now >= self._next:
                self._next = now + NEXT_DETAIL
                self._write(f"  {text} ({now - self._began:.0f} s)", "dim")

    def _write(self, text: str, style: Style) -> None:
        coded = f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self._colour and style else text
        self._stream.write(f"{coded}\n")
        self._stream.flush()


class LiveScreen:
    """A terminal: the step that runs stands in the last line, with its seconds."""

    def __init__(
        self, stream: GuardedStream, *, colour: bool, width: int | None, environ: Mapping[str, str], clock: Clock
    ) -> None:
        from rich.console import Console

        self._console = Console(
            file=cast("TextIO", stream),
            force_terminal=True,
            color_system="standard" if colour else None,
            width=width,
            highlight=False,
            _environ=environ,
        )
        self._frames = _FRAMES if stream.takes(_FRAMES) else _ASCII_FRAMES
        self._bar = _BAR if stream.takes(_BAR) else _ASCII_BAR
        self._clock, self._began = clock, clock()
        self._lock = threading.Lock()  # not for `_render`, which Live calls under its own
        self._live: Live | None = None
        self._status = self._detail = ""
        self._part: float | None = None

    @property
    def width(self) -> int:
        """The terminal's columns."""
        return self._console.width

    def line(self, text: str, style: Style = "") -> None:
        """A line above the status."""
        from rich.text import Text

        with self._lock:
            self._console.print(Text(text, style=_RICH[style] if style else ""), soft_wrap=True)

    def status(self, text: str) -> None:
        """Starts the status line anew, or takes it away."""
        from rich.live import Live

        with self._lock:
            if self._live:
                self._live.stop()
            self._status, self._detail, self._part, self._began = text, "", None, self._clock()
            self._live = None
            if text:
                self._live = Live(
                    get_renderable=self._render,
                    console=self._console,
                    refresh_per_second=8,
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._live.start(refresh=True)

    def detail(self, text: str, part: float | None = None) -> None:
        """What the status line says behind the seconds, and behind a bar where a part is known."""
        self._detail, self._part = text, part

    def _render(self) -> Text:
        from rich.text import Text

        seconds = self._clock() - self._began
        frame = self._frames[int(seconds * 8) % len(self._frames)]
        part = self._part
        behind = f" {seconds:.0f} s  {'' if part is None else bar(part, self._bar)}{self._detail}".rstrip()
        room = max(self._console.width - len(frame) - len(behind) - 1, _STATUS_WIDTH)
        status = self._status
        if part is not None and len(status) > room:
            status = shorten(status, room if self._bar is _BAR else room - 2)  # there `…` becomes `...`
        return Text(f"{frame} {status}{behind}", no_wrap=True, overflow="ellipsis")


def bar(part: float, signs: str) -> str:
    """A bar of 20 columns: `########------------`."""
    over = int(min(max(part, 0.0), 1.0) * _BAR_WIDTH)
    return signs[0] * over + signs[1] * (_BAR_WIDTH - over) + " "
