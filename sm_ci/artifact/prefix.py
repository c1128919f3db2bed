"""What SageMaker makes of the objects below a prefix: which file each becomes, and which names it refuses. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html, S3Uri
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci.errors import CannotServe
from sm_ci.text import shorten

_LONGEST = 255  # bytes of a name
_NAME = 200
_MOST_SHOWN = 3
_RULES = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object as a listing or a HEAD tells it. `etag` is without quotes; `checks` are (algorithm, checksum in base64)."""

    key: str
    size: int
    etag: str
    storage: str = "STANDARD"
    checks: tuple[tuple[str, str], ...] = ()


def files(shown: str, prefix: str, objects: Sequence[Object]) -> list[tuple[str, Object]]:
    """The path of each object below /opt/ml/model. CannotServe when SageMaker would not take one of the names."""
    found = [(thing.key.removeprefix(prefix), thing) for thing in objects]
    marks = [thing.key for path, thing in found if path.endswith("/") or not path]
    if marks:
        raise _refused(
            shown,
            f"holds {_some(marks)}, an object that stands for a folder, as the S3 console makes them",
            f"Remove it: aws s3 rm 's3://{shown.removeprefix('s3://').partition('/')[0]}/{marks[0]}'",
        )
    for path, _ in found:
        _check(shown, path)
    _check_clashes(shown, [path for path, _ in found])
    return found


def _check(shown: str, path: str) -> None:
    for part in path.split("/"):
        why = ""
        if not part:
            why = "a name with nothing between two slashes"
        elif part in {".", ".."}:
            why = f"a name with {part!r} in it"
        elif "\0" in part:
            why = "a name with a NUL in it"
        elif len(part.encode()) > _LONGEST:
            why = f"a name that is longer than {_LONGEST} bytes"
        if why:
            raise _refused(shown, f"holds {why}, {shorten(path, _NAME)}", "Name the object otherwise.")


def _check_clashes(shown: str, paths: Sequence[str]) -> None:
    names = frozenset(paths)
    for path in paths:
        at = path.rfind("/")
        while at >= 0:
            if path[:at] in names:
                why = f"holds a name that is both a file and a folder, {shorten(path[:at], _NAME)}"
                raise _refused(shown, why, f"Move or remove {shown}{path[:at]}, or what is below it.")
            at = path.rfind("/", 0, at)


def _refused(shown: str, why: str, remedy: str) -> CannotServe:
    return CannotServe(
        f"the model {shown} {why}; SageMaker would not bring the endpoint into service ({_RULES})",
        remedy=remedy,
        kind="model-prefix",
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(shorten(name, _NAME) for name in names[:_MOST_SHOWN]) + more
