"""Checks of the contract suite that start the container again, otherwise. Touches the engine and the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci import contract
from sm_ci.conformance.asking import Caller, taken
from sm_ci.conformance.subjects import NO_SAMPLE, Change, Restarting, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.contract.suite import Weight
from sm_ci.errors import CannotServe, EnvironmentFault
from sm_ci.hosting.service import Service
from sm_ci.results import Answer, NoAnswer

OTHER_PORT = 8090
_BIND = "com.amazonaws.sagemaker.capabilities.accept-bind-to-port"


def bind_port(again: Restarting) -> Verdict:
    """In a pipeline each container gets a port of its own; an image says by a label that it can."""
    claimed = again.labels.get(_BIND) == "true"
    remedy = "listen on the port that SAGEMAKER_BIND_TO_PORT names"
    remedy += (
        "" if claimed else f', and say so: LABEL {_BIND}="true". Only pipelines and multi-container endpoints need it'
    )
    weight = Weight.MISBEHAVES if claimed else Weight.ADVICE
    said = f"with SAGEMAKER_BIND_TO_PORT={OTHER_PORT} the container does not come into service"
    try:
        with again.host(Change(port=OTHER_PORT)):
            return HELD
    except CannotServe as error:
        return broken(f"{said}: {error.message}", remedy, weight=weight)
    except EnvironmentFault as error:
        return unchecked(error.message)


def empty_model(again: Restarting) -> Verdict:
    """The guide asks for a ping that knows whether the model is loaded. A model in the image itself needs no folder.

    Advice alone: AWS's own toolkit loads the model with the first request and breaks this, and its users cannot mend it.
    """
    if not again.has_model:
        return unchecked("there is no model data")
    try:
        with again.host(Change(empty_model=True)) as service:
            if again.sample is None:
                return unchecked(NO_SAMPLE)
            outcome = _ask(again, service, again.sample)
    except CannotServe:
        return HELD
    except EnvironmentFault as error:
        return unchecked(error.message)
    if isinstance(outcome, Answer) and outcome.status // 100 == 2:
        return HELD
    return broken(
        f"/ping answers 200 although {contract.MODEL_DIRECTORY} is empty and requests fail",
        "load the model before /ping answers 200: else a deployment without its model counts as a success",
    )


def same_after_restart(again: Restarting) -> Verdict:
    """Instances of an endpoint come and go; a model that is not the same after each start gives other answers."""
    sample = again.sample
    if sample is None:
        return unchecked(NO_SAMPLE)

    def compared(service: Service) -> Verdict:
        first, second = (_ask(again, service, sample) for _ in range(2))
        if not (isinstance(first, Answer) and isinstance(second, Answer)):
            return taken(first, sample, "after another start", "look into the log of a second start")
        if first.body.sha256 != second.body.sha256:
            return unchecked("the same request gets another answer each time")
        if first.body.sha256 == sample.answer.body.sha256:
            return HELD
        return broken(
            f'the request of "{sample.name}" gets another answer after another start of the container',
            "seed what is random when the model is loaded, and load all of it from the model data",
        )

    return _started(again, Change(), compared, "a second time")


def network_isolation(again: Restarting) -> Verdict:
    """With EnableNetworkIsolation, and in a VPC without a way out, nothing can be fetched at the start."""
    if again.isolated:
        return HELD
    return _started(
        again,
        Change(isolated=True),
        lambda service: _answers(again, service, "without a route out"),
        "without a route out",
    )


def small_shm(again: Restarting) -> Verdict:
    """Endpoints give 64 MiB, and there is no setting for it."""
    if again.shm_size <= contract.SHM_SIZE:
        return HELD
    what = "with 64 MiB of /dev/shm"
    return _started(again, Change(shm_size=contract.SHM_SIZE), lambda service: _answers(again, service, what), what)


def _ask(again: Restarting, service: Service, sample: Sample) -> Answer | NoAnswer:
    return Caller(service).ask(sample.headers, sample.body, again.invocation_timeout, "a test's request")


def _answers(again: Restarting, service: Service, what: str) -> Verdict:
    if again.sample is None:
        return HELD
    outcome = _ask(again, service, again.sample)
    return taken(outcome, again.sample, what, "see the log of that start: sm-ci run with the same setting")


def _started(again: Restarting, change: Change, look: Callable[[Service], Verdict], how: str) -> Verdict:
    try:
        with again.host(change) as service:
            return look(service)
    except CannotServe as error:
        return broken(f"started {how} the container does not come into service: {error.message}", error.remedy)
    except EnvironmentFault as error:
        return unchecked(error.message)


CHECKS: Mapping[str, Callable[[Restarting], Verdict]] = {
    "bind-port": bind_port,
    "empty-model": empty_model,
    "same-after-restart": same_after_restart,
    "network-isolation": network_isolation,
    "small-shm": small_shm,
}
