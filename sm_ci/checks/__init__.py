"""Expectation × answer → failures; one file a kind. Reads two files: a spooled body, and a schema.

A failed expectation is a value, never an exception, and every one of an answer is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sm_ci.checks import body_json, csv_rows, headers, latency, log, query, schema, status, stream, text
from sm_ci.checks.body import Body, Unreadable
from sm_ci.checks.mismatch import Place
from sm_ci.results import Answer, Failure
from sm_ci.spec.model import Contains, Expect, Tolerance


def judge(
    answer: Answer, expect: Expect, *, tolerance: Tolerance, directory: Path, place: Place
) -> tuple[Failure, ...]:
    """All that is wrong with an answer, in the order of the checks.

    When the status is wrong the body is that of an error: it is not judged, the status' failure shows it.
    `directory` is the spec's. `place` gives the Location of ("expect", "json", "score"), or of the nearest
    key above it that the spec has. `logs` and `stays_healthy` are not judged here.
    """
    wrong_status = status.check(answer, expect.status, place)
    found = [*wrong_status]
    if expect.gives("content_type"):
        found += headers.check_content_type(answer.headers, expect.content_type, tolerance, place)
    found += headers.check(answer.headers, expect.headers, tolerance, place)
    if not wrong_status:
        body = Body(answer)
        found += _judge_json(body, expect, tolerance, directory, place)
        found += _judge_text(body, expect, tolerance, place)
        if expect.gives("stream"):
            found += stream.check(answer, expect.stream, tolerance, place)
    if expect.latency is not None:
        found += latency.check(answer, expect.latency, place)
    return tuple(found)


def judge_log(lines: Iterable[str], contains: Contains, place: Place, keys: tuple[str, ...]) -> tuple[Failure, ...]:
    """What the log's lines lack and what they must not hold. `keys` lead to `contains` in the spec."""
    return log.check(lines, contains, place, keys)


def _judge_json(body: Body, expect: Expect, tolerance: Tolerance, directory: Path, place: Place) -> Iterator[Failure]:
    """A body that is not JSON is one failure, however many of json, query and schema ask for it."""
    kinds = [kind for kind in ("json", "query", "schema") if expect.gives(kind)]
    if not kinds:
        return
    document = body.json
    if isinstance(document, Unreadable):
        yield _unreadable(kinds[0], "JSON", document, place)
        return
    if "json" in kinds:
        yield from body_json.check(document, expect.json_, tolerance, place)
    yield from query.check(document, expect.query, tolerance, place)
    if expect.schema_ is not None:
        yield from schema.check(document, expect.schema_, directory, place)


def _judge_text(body: Body, expect: Expect, tolerance: Tolerance, place: Place) -> Iterator[Failure]:
    """A body that is not UTF-8 is one failure."""
    kinds = [kind for kind in ("text", "csv") if expect.gives(kind)]
    if not kinds:
        return
    content = body.text
    if isinstance(content, Unreadable):
        yield _unreadable(kinds[0], "UTF-8 text", content, place)
        return
    if "text" in kinds:
        yield from text.check(content, expect.text, tolerance, place)
    if "csv" in kinds:
        yield from csv_rows.check(content, expect.csv, tolerance, place)


def _unreadable(check: str, expected: str, found: Unreadable, place: Place) -> Failure:
    message = f"body: {found.reason}"
    return Failure(
        check=check, path="body", expected=expected, got=found.got, message=message, at=place("expect", check)
    )
