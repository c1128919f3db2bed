"""Takes in an answer's body: counted, digested, and spooled to a file when it is large. Touches files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sm_ci import contract
from sm_ci.errors import EnvironmentFault
from sm_ci.invoke.line import Broken
from sm_ci.results import Blob, NoAnswerKind

IN_MEMORY = 2**20
"""Bytes of a body that stay in memory; a larger one is spooled to a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds to accept and for the whole exchange; bytes that an answer may have; where large bodies go."""

    total: float = contract.INVOCATION_TIMEOUT
    accept: float = contract.ACCEPT_TIMEOUT
    answer: int = contract.PAYLOAD_LIMIT
    spool: Path | None = None


def read(pieces: Iterator[bytes], media_type: str, limits: Limits) -> tuple[Blob, Exception | None]:
    """The body, or what had arrived of it and why no more did. Not decoded: SageMaker hands it on as it is."""
    digest, size, head = hashlib.sha256(), 0, bytearray()
    trouble: Exception | None = None
    with _Spool(limits.spool) as spool:
        try:
            for piece in pieces:
                size += len(piece)
                digest.update(piece)
                if len(head) < IN_MEMORY:
                    head += piece[: IN_MEMORY - len(head)]
                if size > limits.answer:
                    why = f"the answer is larger than {limits.answer} bytes"
                    raise Broken(NoAnswerKind.TOO_LARGE, why)  # noqa: TRY301 - as every other early end
                spool.write(piece, head)
        except (OSError, Broken) as error:
            trouble = error
            spool.discard()
    file = None if trouble else spool.path
    return Blob(size=size, sha256=digest.hexdigest(), media_type=media_type, head=bytes(head), file=file), trouble


class _Spool:
    """A file that comes into being when the body no longer fits into memory."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self._size = folder, 0
        self.path: Path | None = None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        if kind is not None:
            self.discard()

    def write(self, piece: bytes, head: bytearray) -> None:
        """Takes a piece; `head` is all of the body that memory holds, this piece's share included."""
        try:
            self._take(piece, head)
        except OSError as error:
            raise EnvironmentFault(
                f"an answer could not be written to {self.folder or 'the temporary folder'}: {error.strerror}",
                remedy="Free some space, or set TMPDIR to a larger disk.",
                kind="disk-full",
            ) from error

    def _take(self, piece: bytes, head: bytearray) -> None:
        self._size += len(piece)
        if self._file is not None:
            self._file.write(piece)
        elif self._size > IN_MEMORY:
            self._file = tempfile.NamedTemporaryFile(dir=self.folder, prefix="answer-", delete=False)  # noqa: SIM115 - closed in __exit__
            self.path = Path(self._file.name)
            before = self._size - len(piece)
            self._file.write(bytes(head[:before]) + piece)

    def discard(self) -> None:
        """Removes the file: the body is not wanted after all."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
