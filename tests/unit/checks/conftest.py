"""Answers to judge, and a `place` that shows the keys it was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from sm_ci.checks import judge
from sm_ci.errors import Location
from sm_ci.results import Answer, Blob, Failure
from sm_ci.spec.model import Expect, Tolerance


def place(*keys: str | int) -> Location:
    return Location(path="/".join(map(str, keys)), line=1, column=1)


def answer(
    body: bytes | str = b"{}",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),),
    total: float = 0.1,
    file: Path | None = None,
) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    blob = Blob(
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        media_type="application/json",
        head=raw[:1000] if file else raw,
        file=file,
    )
    return Answer(status=status, headers=headers, body=blob, connect=0.001, first_byte=0.05, total=total)


@pytest.fixture
def make() -> Callable[..., Answer]:
    return answer


@pytest.fixture
def failures(tmp_path: Path) -> Callable[..., tuple[Failure, ...]]:
    def of(given: Answer, **expect: object) -> tuple[Failure, ...]:
        return judge(
            given,
            Expect.model_validate(expect),
            tolerance=Tolerance(),
            directory=tmp_path,
            place=place,
        )

    return of


@pytest.fixture
def messages(failures: Callable[..., tuple[Failure, ...]]) -> Callable[..., list[str]]:
    def of(given: Answer, **expect: object) -> list[str]:
        return [failure.message for failure in failures(given, **expect)]

    return of
