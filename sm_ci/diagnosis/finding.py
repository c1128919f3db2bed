"""Which of all that a log says is the cause. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sm_ci.diagnosis.cause import Cause
from sm_ci.diagnosis.lines import Line, prepared
from sm_ci.diagnosis.paths import nearest_to_user
from sm_ci.diagnosis.patterns import explained, first_of
from sm_ci.diagnosis.signature import Role
from sm_ci.diagnosis.tracebacks import Raised, java_exceptions, python_exceptions, triton_exceptions


def find_cause(log: Sequence[str], beside: Sequence[str] = ()) -> Cause | None:
    """What went wrong, by the first line that says it; None where nothing does.

    `log` may be an answer's body too, and `beside` the log beside it, which only helps to explain.

    An exception that went through the user's files comes before those of libraries and lines of a known fatal form;
    these before Java's, since a server in Java only tells what its Python worker did; what usually passes comes last.
    """
    lines = prepared(log)
    found = next(_by_weight(lines), None)
    return explained(found, [*(line.text for line in lines), *beside]) if found else None


def _by_weight(lines: Sequence[Line]) -> Iterator[Cause]:
    raised: list[Raised] = []
    for one in python_exceptions(lines):
        raised.append(one)
        if one.users and not one.passing:
            yield _cause(one)
    raised += triton_exceptions(lines)
    yield from (_cause(one) for one in raised if one.users and not one.passing)
    libraries = [_cause(one) for one in raised if not one.passing]
    yield from sorted([*libraries, *first_of(Role.FATAL, lines)], key=lambda cause: cause.index)
    java = list(java_exceptions(lines))
    yield from (_cause(one) for one in java if not one.passing)
    yield from first_of(Role.WEAK, lines)
    yield from (_cause(one) for one in (*raised, *java) if one.passing)


def _cause(raised: Raised) -> Cause:
    cause = Cause(text=raised.text, index=raised.index)
    if not raised.frames:
        return cause
    file, line = nearest_to_user(raised.frames)
    return replace(cause, file=file, line=line)
