"""A load test: when requests are sent, and what must hold of the whole. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from sm_ci.spec.model.values import Duration, Model, Rate, Share, Texts

MOST_CONCURRENT = 1000
"""Requests of a load at a time: a process may open 1024 files where nobody raises that."""


class Arrival(Model):
    """When requests are sent: one of rate (open), concurrency (closed) and steps (a sweep)."""

    rate: Rate | None = Field(None, description="Open: so many requests are due, whether or not others were answered")
    pattern: Literal["poisson", "constant"] = Field(
        "poisson", description="Of a rate: poisson: at random, as of many users | constant: evenly"
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        le=MOST_CONCURRENT,
        description="Closed: so many at a time, each sent when one is answered",
    )
    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_CONCURRENT)], ...], Strict(strict=False)] = Field(
        (),
        description="Sweep: one concurrency after the other, each for its share of duration; limits hold at the knee",
    )


class Load(Model):
    """Requests of the tests, many of them, and what must hold of the whole."""

    name: str = Field(min_length=1, max_length=100, description="Unique in the spec; part of the ids of its limits")
    requests: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {}, description="Names of tests and their weights in the mix; default: all tests alike"
    )
    arrival: Arrival = Field(description="When requests are sent")
    duration: Duration = Field(description="How long requests are sent and judged")
    warmup: Duration | None = Field(None, description="How long requests are sent before that, and not judged")
    check: Share | None = Field(
        None, description="Share of answers that are judged by their test's expectations too; at most 100 a second"
    )
    thresholds: Texts = Field((), description="Limits such as p95 < 200ms, all of which must hold")
    abort_on: Texts = Field((), description="Limits such as error_rate > 20%, of which any ends the load as failed")
