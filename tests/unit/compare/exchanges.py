"""Exchanges as a test says what came back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from sm_ci.compare.answers import Question, compare_answers
from sm_ci.differences import AnswerComparison
from sm_ci.errors import Location
from sm_ci.results import Answer, Blob, Exchange, NoAnswer, NoAnswerKind, Sent
from sm_ci.spec.model import Tolerance

AT = Location(path="sm-ci.yml", line=7, column=5)
JSON = "application/json"


def blob(raw: bytes, kind: str = JSON, *, file: Path | None = None, kept: int | None = None) -> Blob:
    head = raw if kept is None else raw[:kept]
    return Blob(size=len(raw), sha256=hashlib.sha256(raw).hexdigest(), media_type=kind, head=head, file=file)


def exchange(
    body: object, kind: str = JSON, *, status: int = 200, file: Path | None = None, kept: int | None = None
) -> Exchange:
    """Bytes as they are, text as UTF-8 when it is not JSON, else the value as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) and kind != JSON else None
    raw = json.dumps(body).encode() if raw is None else raw
    body_kept = blob(raw, kind, file=file, kept=kept)
    headers = (("Content-Type", kind), ("Date", "now"), ("X-Request-Id", "1"))
    answer = Answer(status=status, headers=headers, body=body_kept, connect=0.001, first_byte=0.01, total=0.02)
    return Exchange(sent=sent(), outcome=answer, started=0.0)


def silence(kind: NoAnswerKind = NoAnswerKind.TIMEOUT) -> Exchange:
    return Exchange(sent=sent(), outcome=NoAnswer(kind=kind, after=60.0, detail=""), started=0.0)


def sent() -> Sent:
    return Sent(method="POST", path="/invocations", headers=(), body=blob(b""))


def asked(allowed: str = "within tolerance", **tolerance: float) -> Question:
    return Question(
        id="churn::known customer",
        name="known customer",
        tolerance=Tolerance(**tolerance),
        allowed=allowed,
        at=AT,
    )


def compared(
    baseline: Iterable[Exchange], candidate: Iterable[Exchange], allowed: str = "within tolerance", **tolerance: float
) -> AnswerComparison:
    return compare_answers(asked(allowed, **tolerance), list(baseline), list(candidate))
