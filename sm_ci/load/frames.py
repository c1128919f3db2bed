"""What the generator's process tells: a line of JSON a slice of time, and one for each answer that it hands over. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from sm_ci.results import Headers

CLIENT = "client"
"""The kind of an error that is this machine's: no port or file is left for a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Some times: their sum in seconds, and pairs of a histogram's bucket and a number."""

    total: float
    counts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What came of streams in a slice, of answers with a status as expected: so many events, and how long they took."""

    events: int
    first_byte: Times
    first_event: Times
    inter_token_latency: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What ended in a slice, of one stage and one call. `total` is the sum of all latencies in seconds.

    `counts` are pairs of a histogram's bucket and a number. `flow` is of streams, those that go on too.
    """

    stage: int
    call: int
    answered: int
    total: float
    counts: tuple[tuple[int, int], ...]
    errors: tuple[tuple[str, int], ...]
    flow: Flow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What happened from `begin` to `end` (seconds of the machine's monotonic clock), while `stage` went on.

    `cpu` is the seconds that the process used; `late` are counts of how late requests were begun. `draining`: nothing
    is begun any more. `too_large`: answers that were to be handed over, and could not be kept.
    """

    stage: int
    begin: float
    end: float
    cpu: float
    in_flight: int
    begun: int
    cells: tuple[Cell, ...]
    late: tuple[tuple[int, int], ...] = ()
    draining: bool = False
    too_large: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One answer, whole. `at` is the monotonic clock's when it was complete, `total` the seconds that it took."""

    call: int
    stage: int
    at: float
    total: float
    status: int
    headers: Headers
    body: bytes


Frame = Slice | Taken


def of_slice(values: dict[str, Any]) -> bytes:
    """A slice as a line; `values` are its fields, cells as mappings."""
    return json.dumps({"kind": "slice", **values}, separators=(",", ":")).encode() + b"\n"


def of_taken(taken: Taken) -> bytes:
    """An answer as a line."""
    values = {name: getattr(taken, name) for name in ("call", "stage", "at", "total", "status", "headers")}
    begin = json.dumps({"kind": "taken", **values}, separators=(",", ":")).encode().removesuffix(b"}")
    return b"".join(
        (begin, b',"body":"', base64.b64encode(taken.body), b'"}\n')
    )  # as JSON would have it, without copies


def parse(line: bytes) -> Frame:
    """The frame of a line."""
    values: dict[str, Any] = json.loads(line)
    if values.pop("kind") == "taken":
        headers = tuple((str(name), str(value)) for name, value in values.pop("headers"))
        return Taken(**{**values, "headers": headers, "body": base64.b64decode(values["body"])})
    cells = tuple(map(_cell, values.pop("cells")))
    return Slice(**{**values, "cells": cells, "late": _pairs(values["late"])})


def _cell(cell: dict[str, Any]) -> Cell:
    flow = cell.pop("flow", None)
    errors = tuple((str(kind), int(count)) for kind, count in cell["errors"])
    return Cell(**{**cell, "counts": _pairs(cell["counts"]), "errors": errors, "flow": flow and _flow(flow)})


def _flow(flow: dict[str, Any]) -> Flow:
    times = {
        name: Times(total=of["total"], counts=_pairs(of["counts"])) for name, of in flow.items() if name != "events"
    }
    return Flow(events=flow["events"], **times)


def flat(counts: dict[int, int]) -> list[int]:
    """Buckets and numbers in turn, which is shorter than a mapping."""
    return [number for pair in counts.items() for number in pair]


def _pairs(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
