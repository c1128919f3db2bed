"""What of an exchange stays in memory once it was looked at. Removes spooled bodies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sm_ci.results import Answer, Blob, Exchange


def kept(exchange: Exchange, answered: Callable[[Blob], Blob] = Blob.kept) -> Exchange:
    """The exchange with the starts of its bodies. `answered` says otherwise what is kept of a whole answer's body."""
    sent, outcome = replace(exchange.sent, body=exchange.sent.body.kept()), exchange.outcome
    if isinstance(outcome, Answer):
        outcome = replace(outcome, body=answered(outcome.body))
    elif outcome.partial:
        outcome = replace(outcome, partial=replace(outcome.partial, body=outcome.partial.body.kept()))
    return replace(exchange, sent=sent, outcome=outcome)
