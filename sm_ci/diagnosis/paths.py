"""Whose file a path in the container is: the user's, or a library's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from sm_ci import contract
from sm_ci.diagnosis.cause import Cause

_LIBRARY = re.compile(
    r"/(?:site|dist)-packages/|/lib(?:64)?/python\d|/lib/python3/|^<|^/opt/(?:djl|tritonserver)/|/\.djl\.ai/|^java\b"
    r"|/bin/(?:gunicorn|uvicorn|hypercorn|waitress-serve|flask|torchserve|multi-model-server|text-generation-server|vllm)$"
)


def model_file(cause: Cause) -> str | None:
    """The file below the model's folder that the cause names (`code/inference.py`), if it does."""
    prefix = f"{contract.MODEL_DIRECTORY}/"
    return cause.file.removeprefix(prefix) if cause.file.startswith(prefix) else None


def is_users(file: str) -> bool:
    """Whether a file in the container is neither Python's, nor an installed package's, nor a known server's."""
    return bool(file) and not _LIBRARY.search(file)


def nearest_to_user(frames: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """The last frame in the model's folder; else the last that is no library's; else the last."""
    in_model = [frame for frame in frames if frame[0].startswith(f"{contract.MODEL_DIRECTORY}/")]
    users = [frame for frame in frames if is_users(frame[0])]
    return (in_model or users or frames)[-1]


def best_match(file: str, candidates: Iterable[str]) -> str | None:
    """The one candidate whose path ends most like `file`'s, its name at least; None when two are as like."""
    scored = [(_common_tail(file, candidate), candidate) for candidate in candidates]
    most = max((score for score, _ in scored), default=0)
    best = [candidate for score, candidate in scored if score == most]
    return best[0] if most and len(best) == 1 else None


def _common_tail(one: str, other: str) -> int:
    """How many parts two paths share at their ends."""
    parts = zip(reversed(PurePosixPath(one).parts), reversed(PurePosixPath(other).parts), strict=False)
    count = 0
    for left, right in parts:
        if left != right:
            break
        count += 1
    return count
