"""The contract suite as data: what each check holds a container to, how much it counts, and who says so. Pure.

`refused`: SageMaker would not bring the endpoint into service, or would fail its calls. `misbehaves`: it serves, and
then drops requests, is replaced or gives other answers than expected. `advice`: it works, and one day it will not.

All rules are of real-time endpoints. Another mode of hosting (serverless, batch transform, multi-model) brings rules of
its own: a field `mode` here, the condition in `Wanted.includes`, and a function in that module of `sm_ci.conformance`
which looks at the right time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_DG = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_INFERENCE = f"{_DG}your-algorithms-inference-code.html"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
_RUNTIME = f"{_API}API_runtime_InvokeEndpoint.html"
_MULTI_CONTAINER = f"{_DG}multi-container-create.html"
_MULTI_MODEL = f"{_DG}build-multi-model-build-container.html"
_ISOLATION = f"{_DG}mkt-algo-model-internet-free.html"
_FAQ = f"{_DG}hosting-faqs.html"
_SHM = "https://github.com/aws/sagemaker-python-sdk/issues/2801"


class Weight(StrEnum):
    """How much a broken check counts; the first is the worst."""

    REFUSED = "refused"
    MISBEHAVES = "misbehaves"
    ADVICE = "advice"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Weight).index(self)


class Level(StrEnum):
    """What a check costs: quick ones start no further container."""

    QUICK = "quick"
    FULL = "full"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check of the suite. `title` says what holds of a good container; `source` is the page that asks for it."""

    name: str
    title: str
    weight: Weight
    source: str
    level: Level = Level.QUICK


def _refused(name: str, title: str, source: str = _INFERENCE, level: Level = Level.QUICK) -> Rule:
    return Rule(name=name, title=title, weight=Weight.REFUSED, source=source, level=level)


def _misbehaves(name: str, title: str, source: str = _INFERENCE, level: Level = Level.QUICK) -> Rule:
    return Rule(name=name, title=title, weight=Weight.MISBEHAVES, source=source, level=level)


def _advice(name: str, title: str, source: str = _INFERENCE, level: Level = Level.QUICK) -> Rule:
    return Rule(name=name, title=title, weight=Weight.ADVICE, source=source, level=level)


RULES = (
    # The image, before anything is started.
    _misbehaves("entry-point-form", "the entry point has the exec form, and hands `serve` and SIGTERM to the server"),
    _misbehaves("no-init", "no init such as tini is the entry point"),
    _advice("root-user", "the image runs as root"),
    _misbehaves("labels", "the capability labels have values that SageMaker knows", _MULTI_CONTAINER),
    _advice("image-size", "the image is small enough to be pulled while an endpoint scales", _FAQ),
    _refused(
        "manifest-type", "the image's manifest is of a type that SageMaker takes", f"{_API}API_ContainerDefinition.html"
    ),
    _refused(
        "architecture", "the image is for the processor of the instance type", f"{_API}API_ContainerDefinition.html"
    ),
    _refused(
        "environment-limits", "the environment is within CreateModel's limits", f"{_API}API_ContainerDefinition.html"
    ),
    _advice(
        "image-secrets", "no variable of the image holds a secret", "https://docs.docker.com/build/building/secrets/"
    ),
    # What was seen while the container was started, tested and stopped.
    _refused("all-interfaces", "the server listens on all interfaces, not on 127.0.0.1 alone"),
    _refused("accepts-quickly", "a connection is taken within 250 ms"),
    _refused("ping-idle", "/ping answers 200 within 2 s while nothing else is asked"),
    _refused("invocation-time", "an answer comes within 60 s, and not only just"),
    _misbehaves("ping-honest", "the body of a /ping with 200 does not say Unhealthy"),
    _misbehaves("read-only-model", "nothing tries to write to /opt/ml/model"),
    _misbehaves("sigterm", "SIGTERM ends the container within 30 s"),
    _advice("log-to-stdout", "the server's log goes to stdout or stderr", f"{_DG}logging-cloudwatch.html"),
    # Requests of the suite's own, after the tests.
    _misbehaves("unknown-headers", "headers that the platform may add do no harm"),
    _misbehaves(
        "content-type-charset", "a Content-Type with charset is taken like the bare one, or refused with 415", _RUNTIME
    ),
    _advice("missing-content-type", "a request without Content-Type is answered", _RUNTIME),
    _misbehaves("accept-any", "Accept: */* is answered", _RUNTIME),
    _misbehaves("empty-body", "an empty body gets a quick answer"),
    _misbehaves("truncated-json", "half a JSON document gets a quick answer"),
    _misbehaves("wrong-content-type", "a Content-Type that nobody knows gets a quick answer"),
    _misbehaves("oversized-body", "a body at the limit of the payload gets a quick answer", _FAQ),
    _misbehaves("survives-garbage", "after all these the server is healthy, and answers as before"),
    _misbehaves("concurrent-requests", "requests at the same time get the answers that they get alone"),
    _misbehaves("ping-busy", "/ping answers 200 within 2 s while requests run"),
    # With a start of their own.
    _advice("bind-port", "the server listens where SAGEMAKER_BIND_TO_PORT says", _MULTI_CONTAINER, Level.FULL),
    _advice("empty-model", "/ping does not answer 200 when there is no model", level=Level.FULL),
    _misbehaves("same-after-restart", "another start gives the same answers", level=Level.FULL),
    _advice("network-isolation", "the server starts and answers without a route out", _ISOLATION, Level.FULL),
    _misbehaves("small-shm", "the server starts and answers with 64 MiB of /dev/shm", _SHM, Level.FULL),
)
"""Every check, in the order of the reports."""
NAMES = tuple(rule.name for rule in RULES)


def rule(name: str) -> Rule:
    """The check of a name. KeyError when there is none."""
    return {one.name: one for one in RULES}[name]
