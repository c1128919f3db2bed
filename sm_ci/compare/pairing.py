"""The exchanges of two versions as what can be compared: their first lines, and those bodies that were kept. Reads spooled bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci.results import Answer, Exchange, header

READ = 128 * 2**20
"""Bytes of different bodies that are read for one case, two of each version at least."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is compared of an answer beside its body: `200` or `no answer: timeout`, and the media type."""

    status: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """One version's bodies: the different ones, and of each answer which it has.

    `left_out` answers were not kept whole, or are too many; `why` says which.
    """

    different: tuple[bytes, ...]
    order: tuple[int, ...]
    left_out: int = 0
    why: str = ""


def head(exchange: Exchange) -> Head:
    """The head of what came back."""
    outcome = exchange.outcome
    if not isinstance(outcome, Answer):
        return Head(f"no answer: {outcome.kind}", "")
    return Head(str(outcome.status), _media_type(header(outcome.headers, "content-type") or ""))


def failed(of: Head) -> bool:
    """Whether there is no answer, or one that says that the server failed."""
    return not of.status.isdigit() or int(of.status) >= 500


def common(baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> Head | None:
    """The head that most answers of both versions have; None when they have none in common."""
    ours, theirs = Counter(map(head, baseline)), Counter(map(head, candidate))
    both = {of: min(ours[of], theirs[of]) for of in ours.keys() & theirs.keys() if of.status.isdigit()}
    return max(both, key=lambda of: (both[of], of.status, of.media_type), default=None)


def hashes(exchanges: Sequence[Exchange]) -> list[str]:
    """The hash of each answer's body."""
    return [one.outcome.body.sha256 for one in exchanges if isinstance(one.outcome, Answer)]


def bodies(exchanges: Sequence[Exchange], room: int = READ // 2) -> Bodies:
    """The bodies of answers, as many different ones as there is room for; two at least."""
    read: dict[str, bytes] = {}
    places: dict[str, int] = {}
    order, left_out, why, used = [], 0, "", 0
    for blob in (one.outcome.body for one in exchanges if isinstance(one.outcome, Answer)):
        if blob.sha256 not in read:
            if len(read) >= 2 and used + blob.size > room:
                left_out, why = left_out + 1, "their bodies are large"
                continue
            try:
                read[blob.sha256] = blob.read()
            except (ValueError, OSError) as error:
                left_out, why = left_out + 1, str(error)
                continue
            used += blob.size
            places[blob.sha256] = len(places)
        order.append(places[blob.sha256])
    return Bodies(different=tuple(read.values()), order=tuple(order), left_out=left_out, why=why)


def _media_type(text: str) -> str:
    """`text/csv`, with its parameters in order; UTF-8 is what there is without a charset."""
    kind, *parameters = (part.strip().lower().replace('"', "") for part in text.split(";"))
    said = sorted(part for part in parameters if part and part not in {"charset=utf-8", "charset=utf8"})
    return "; ".join([kind, *said])
