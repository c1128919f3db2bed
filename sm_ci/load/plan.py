"""What the generator's process is told to do, and how that travels: one line of JSON. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from sm_ci.streams import Format, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the mix. `wire` is all of it as it is sent; `fine` the statuses that are no error; `timeout` in seconds.

    `stream`: the answer is followed as it comes, and how.
    """

    name: str
    weight: float
    wire: bytes
    fine: frozenset[int]
    timeout: float
    stream: Reading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stretch of the load, in seconds. `rate` (a second) is open, `concurrency` closed. `judged`: not the warm-up."""

    seconds: float
    judged: bool
    rate: float = 0.0
    poisson: bool = True
    concurrency: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One load. `share` of the answers are handed over whole; `slice` is the seconds between two frames."""

    host: str
    port: int
    calls: tuple[Call, ...]
    stages: tuple[Stage, ...]
    share: float
    seed: int
    slice: float
    accept: float

    def line(self) -> bytes:
        """The plan as one line."""
        document = {
            "host": self.host,
            "port": self.port,
            "calls": [_call(call) for call in self.calls],
            "stages": [{name: getattr(stage, name) for name in stage.__dataclass_fields__} for stage in self.stages],
            "share": self.share,
            "seed": self.seed,
            "slice": self.slice,
            "accept": self.accept,
        }
        return json.dumps(document).encode() + b"\n"


def parse(line: bytes) -> Plan:
    """The plan of a line."""
    document: dict[str, Any] = json.loads(line)
    calls = tuple(
        Call(
            **{
                **call,
                "wire": base64.b64decode(call["wire"]),
                "fine": frozenset(call["fine"]),
                "stream": _reading(call["stream"]),
            }
        )
        for call in document["calls"]
    )
    stages = tuple(Stage(**stage) for stage in document["stages"])
    return Plan(**{**document, "calls": calls, "stages": stages})


def _call(call: Call) -> dict[str, Any]:
    return {
        "name": call.name,
        "weight": call.weight,
        "wire": base64.b64encode(call.wire).decode(),
        "fine": sorted(call.fine),
        "timeout": call.timeout,
        "stream": call.stream and {"format": call.stream.format, "text_at": call.stream.text_at},
    }


def _reading(given: dict[str, Any] | None) -> Reading | None:
    if given is None:
        return None
    return Reading(format=Format(given["format"]) if given["format"] else None, text_at=given["text_at"])
