"""How a streamed answer came, in words. Pure."""

from __future__ import annotations

from sm_ci.report import load
from sm_ci.results import Answer, NoAnswer, Stream
from sm_ci.streams import Format

_READ = {Format.SSE: "server-sent events", Format.JSONLINES: "JSON lines", Format.CHUNKS: "chunks"}


def of(outcome: Answer | NoAnswer) -> Stream | None:
    """What was seen of a stream, of one that broke off too."""
    answer = outcome.partial if isinstance(outcome, NoAnswer) else outcome
    return answer.stream if answer else None


def told(seen: Stream) -> str:
    """`12 events (server-sent events), the first after 120 ms, inter-token latency 34.0 ms on average, at most 300 ms after event 5`."""
    said = f"{seen.events:,} event{'s' * (seen.events != 1)} ({_READ[seen.format]})"
    if seen.first_event is None:
        return said
    said += f", the first after {load.time(seen.first_event)}"
    if seen.mean_gap is None or seen.longest_gap is None:
        return said
    gaps = f"{load.time(seen.mean_gap)} on average, at most {load.time(seen.longest_gap)} after event {seen.longest_after:,}"
    return f"{said}, inter-token latency {gaps}"
