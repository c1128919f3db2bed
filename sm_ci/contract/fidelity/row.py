"""One behaviour of SageMaker, how near sm-ci comes, and where it is known from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_AWS = "https://docs.aws.amazon.com/sagemaker/latest/"
SOURCES = {
    "guide": f"{_AWS}dg/your-algorithms-inference-code.html",
    "troubleshooting": f"{_AWS}dg/deploy-model-troubleshoot.html",
    "multi-container": f"{_AWS}dg/multi-container-troubleshooting.html",
    "multi-model": f"{_AWS}dg/build-multi-model-build-container.html",
    "isolation": f"{_AWS}dg/mkt-algo-model-internet-free.html",
    "drivers": f"{_AWS}dg/inference-gpu-drivers.html",
    "logs": f"{_AWS}dg/logging-cloudwatch.html",
    "faq": f"{_AWS}dg/hosting-faqs.html",
    "async": f"{_AWS}dg/async-inference.html",
    "serverless": f"{_AWS}dg/serverless-endpoints.html",
    "batch": f"{_AWS}dg/your-algorithms-batch-code.html",
    "api": f"{_AWS}APIReference/Welcome.html",
    "runtime": f"{_AWS}APIReference/API_runtime_InvokeEndpoint.html",
    "streaming": f"{_AWS}APIReference/API_runtime_InvokeEndpointWithResponseStream.html",
    "djl": "https://github.com/deepjavalibrary/djl-serving",
    "feedback, 180": "https://github.com/aws/amazon-sagemaker-feedback/issues/180",
    "seen, 605": "https://github.com/aws/sagemaker-python-sdk/issues/605",
    "seen, 2801": "https://github.com/aws/sagemaker-python-sdk/issues/2801",
}
"""Where it is known from: the keys stand in the table, their pages below it."""
UNKNOWN = "none"
"""In the place of a source: nobody documents it."""


class Verdict(StrEnum):
    """How near sm-ci comes."""

    EMULATED = "emulated"
    APPROXIMATED = "approximated"
    NOT_EMULATED = "not emulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One behaviour. `tests` are `FILE.py::test_name` below `tests/`; only what is not emulated may have none."""

    behaviour: str
    verdict: Verdict
    how: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]


def _row(verdict: Verdict, behaviour: str, how: str, sources: str, *tests: str) -> Row:
    return Row(verdict=verdict, behaviour=behaviour, how=how, sources=tuple(sources.split("; ")), tests=tests)


def same(behaviour: str, how: str, sources: str, *tests: str) -> Row:
    """As SageMaker does, as far as the sources tell. They are split by `; `."""
    return _row(Verdict.EMULATED, behaviour, how, sources, *tests)


def near(behaviour: str, how: str, sources: str, *tests: str) -> Row:
    """With a difference, which is named."""
    return _row(Verdict.APPROXIMATED, behaviour, how, sources, *tests)


def never(behaviour: str, how: str, sources: str, *tests: str) -> Row:
    """Nothing to rely on; how it is instead."""
    return _row(Verdict.NOT_EMULATED, behaviour, how, sources, *tests)
