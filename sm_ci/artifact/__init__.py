"""The model data: finds it, fetches it from S3, unpacks and caches it, and says what it holds. Touches files and S3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sm_ci.artifact.archive import unpack
from sm_ci.artifact.cache import LIMIT, Cache, default_folder
from sm_ci.artifact.preparing import MOST_ADDITIONAL, Means, ModelData, Progress, obtain, obtain_additional

__all__ = [
    "LIMIT",
    "MOST_ADDITIONAL",
    "Cache",
    "Means",
    "ModelData",
    "Progress",
    "obtain",
    "obtain_additional",
    "open_cache",
    "prepare",
    "unpack",
]


def open_cache(
    environ: Mapping[str, str], say: Callable[[str], None], folder: Path | None = None, limit: int = LIMIT
) -> Cache | None:
    """The cache in `folder`, by default the user's; None, and a line to say so, when nothing can be written there."""
    where = folder or default_folder(environ)
    try:
        return Cache(where, limit=limit, say=say)
    except OSError as error:
        say(f"models are not cached: {where} cannot be written ({error.strerror or error})")
        return None


def prepare(source: Path, shown: str, scratch: Path, *, on_progress: Callable[[str], None]) -> ModelData:
    """As `obtain`, for a path, without a cache."""
    means = Means(scratch=scratch, on_progress=lambda progress: on_progress(str(progress)))
    return obtain(str(source), Path(), shown, means)
