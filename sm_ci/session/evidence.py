"""What ends with a run, on the engine and on the disk, kept for its bundle. Touches the engine, to ask, and the log's file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from sm_ci.engine import inspection
from sm_ci.engine.client import Engine
from sm_ci.errors import SmCiError
from sm_ci.hosting.logbook import LogBook


@dataclass(slots=True, kw_only=True)
class Evidence:
    """Documents are JSON in the engine's words, secrets and all; empty where the run did not come so far.

    `log` is the log's file, open: the folder that it lies in is removed when the run ends, and nothing is left then of it
    but this. `log_note` says what is missing of it.
    """

    engine: str = ""
    image: str = ""
    container: str = ""
    log: BinaryIO | None = None
    log_note: str = ""

    def of_image(self, engine: Engine, image: str) -> None:
        """The engine and the image; what the engine does not tell is no reason to end a run."""
        with suppress(SmCiError):
            self.engine = inspection.of_engine(engine)
            self.image = inspection.of_image(engine, image)

    def of_container(self, engine: Engine, container: str) -> None:
        """The container at its end. Of several that a run starts the first is the one that was tested."""
        if not self.container:
            with suppress(SmCiError):
                self.container = inspection.of_container(engine, container)

    def of_log(self, book: LogBook | None) -> None:
        """The log, before its folder is removed; on an early way out nobody has closed it."""
        if book is not None:
            book.close()
            self.log_note = book.incomplete
            with suppress(OSError):
                self.log = book.file.open("rb")

    def close(self) -> None:
        """The bundle is written."""
        if self.log is not None:
            self.log.close()
