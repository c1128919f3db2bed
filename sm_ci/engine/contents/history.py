"""The layers of an image, from its configuration and the engine's history. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sm_ci.differences import Layer

_MADE_BY = 1000
_NO_LAYER = re.compile(
    r"(?:/bin/sh -c #\(nop\)\s+)?(?:ENV|LABEL|CMD|ENTRYPOINT|EXPOSE|USER|VOLUME|ARG|STOPSIGNAL|HEALTHCHECK|SHELL|ONBUILD|MAINTAINER)\b"
)
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+|^/bin/sh -c (?=\S)|\s+# buildkit$")


def layers(digests: Sequence[str], history: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """The layers, from the base up. `history` is the engine's, the newest first.

    It does not say which of its entries made a layer. Those with bytes did, and so may others that change files; where it
    remains open which, the layers in between are told without size and maker.
    """
    entries = list(reversed(history))
    made = [entry for entry in entries if _size(entry) > 0 or not _NO_LAYER.match(_words(entry))]
    if len(made) != len(digests) and sum(_size(entry) > 0 for entry in made) == len(digests):
        made = [entry for entry in made if _size(entry) > 0]
    if len(made) == len(digests):
        return tuple(_layer(digest, entry) for digest, entry in zip(digests, made, strict=True))
    return _from_both_ends(digests, made)


def _from_both_ends(digests: Sequence[str], made: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """Those before the first entry in doubt, and those after the last; none where the history is not whole."""
    doubtful = [at for at, entry in enumerate(made) if _size(entry) <= 0]
    found: dict[int, Mapping[str, Any]] = {}
    if len(made) > len(digests) and doubtful and len(made) - len(doubtful) < len(digests):
        found = dict(enumerate(made[: doubtful[0]]))
        after = made[doubtful[-1] + 1 :]
        found.update(enumerate(after, len(digests) - len(after)))
    return tuple(_layer(digest, found.get(at, {})) for at, digest in enumerate(digests))


def _layer(digest: str, entry: Mapping[str, Any]) -> Layer:
    return Layer(digest=digest, size=max(_size(entry), 0), made_by=_NOP.sub("", _words(entry))[:_MADE_BY].strip())


def _size(entry: Mapping[str, Any]) -> int:
    size = entry.get("Size")
    return size if isinstance(size, int) else 0


def _words(entry: Mapping[str, Any]) -> str:
    return str(entry.get("CreatedBy") or "").strip()
