"""What the checks of the contract suite look at, a type for each time at which they look. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sm_ci.errors import Finding
from sm_ci.hosting.service import Service
from sm_ci.hosting.timeline import Event
from sm_ci.results import Answer, CaseResult, Headers, Hosting, LogLine

if TYPE_CHECKING:
    from sm_ci.conformance.asking import Caller

NO_SAMPLE = "no test passed whose request could be sent again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as the engine describes it, and what the spec asks of it; looked at before anything is started.

    `size` is bytes on disk; `manifest` is what speaks against its manifest, if `registry_asked`;
    `architecture` is of the image, `wanted_architecture` of the spec's instance type, or empty.
    `given` is the environment that the spec gives, with its secrets.
    """

    reference: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    user: str
    size: int
    architecture: str
    wanted_architecture: str = ""
    registry_asked: bool = False
    manifest: Finding | None = None
    given: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request of the spec's tests that was answered as expected: what the suite's own requests are made of."""

    name: str
    headers: Headers
    body: bytes
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """A container in service, after the tests. `sample` is None where there is none, for the reason `no_sample`.

    `tested` is what was seen up to now, `cases` the tests; `healthy`: /ping answers 200. `steady`: the sample's
    request got the same answer twice. `patience` is seconds for an answer to it; `payload_limit` in bytes.
    """

    service: Service
    caller: Caller
    sample: Sample | None
    no_sample: str = NO_SAMPLE
    steady: bool = False
    healthy: bool = True
    tested: tuple[Event, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    payload_limit: int
    patience: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen of the whole hosting, once the container has ended.

    `tested` are the timeline's events before the suite's own requests; `cases` are the tests. `log` holds the lines
    that the container printed of its own accord, as far as memory holds them. `hung` says which request of the suite
    was never answered, or is empty; `has_model`: the model's folder was mounted.
    """

    hosting: Hosting
    tested: tuple[Event, ...]
    cases: tuple[CaseResult, ...]
    log: tuple[LogLine, ...]
    has_model: bool
    invocation_timeout: float
    hung: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is different at a further start of the container. `port`: of SAGEMAKER_BIND_TO_PORT."""

    port: int | None = None
    empty_model: bool = False
    isolated: bool = False
    shm_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting:
    """How to start the container again, otherwise. `host` raises CannotServe when it does not come into service.

    `shm_size` in bytes and `isolated` are those of the run; `has_model`: there is a model to take away.
    """

    host: Callable[[Change], AbstractContextManager[Service]]
    sample: Sample | None
    invocation_timeout: float
    shm_size: int
    isolated: bool
    has_model: bool
    labels: Mapping[str, str]
