"""A stream of blocks, read by size. Pure."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 512


class Stream:
    """Blocks of any size, read as bytes of a given size. `position` counts what was taken."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0
        self._before = 0  # bytes of the blocks before this one

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._before + self._at

    def read(self, size: int) -> bytes:
        """Exactly so many bytes. EOFError when there are fewer."""
        end = self._at + size
        if end <= len(self._block):
            piece = self._block[self._at : end]
            self._at = end
            return piece
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """So many bytes, piece by piece, without a copy."""
        while size:
            if self._at == len(self._block):
                self._next()
            piece = memoryview(self._block)[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        """Passes over so many bytes."""
        if self._at + size <= len(self._block):
            self._at += size
            return
        for _ in self.pieces(size):
            pass

    def rest(self) -> Iterator[bytes]:
        """All that is left."""
        yield self._block[self._at :]
        for block in self._blocks:
            self._before += len(self._block)
            self._block, self._at = block, len(block)
            yield block

    def _next(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            raise EOFError(f"it ends at byte {self.position:,}, before its last file is whole or ended")
        self._before += len(self._block)
        self._block, self._at = block, 0
