"""Gives the container its execution role's credentials, where SageMaker's container finds them. Touches AWS and the engine.

On a network of its own the address 169.254.170.2, which AWS's SDKs take for the platform's, is ours: on the machine as
the network's gateway, in the action as our own container's address. The runner's credentials stay here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sm_ci.engine import networks
from sm_ci.engine.client import Engine
from sm_ci.engine.networks import Addresses
from sm_ci.engine.placement import Placement
from sm_ci.errors import EngineFault
from sm_ci.session.state import Run

SUBNET, FIRST = "169.254.170.0/24", "169.254.170.1"
PATIENCE = 60.0
"""Seconds to wait for another run that has the addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the container gets: variables, and the network on which they lead somewhere."""

    environment: Mapping[str, str] = field(default_factory=dict)
    network: str = ""


@contextmanager
def credentials(this: Run, engine: Engine, here: Placement, labels: Mapping[str, str]) -> Iterator[Given]:
    """The credentials of the spec's execution role, as long as the block lasts; nothing without one, or in isolation."""
    role = this.spec.file.execution_role
    if role is None or this.spec.file.network_isolation:
        yield Given()
        return
    from sm_ci.aws.container_credentials import ADDRESS, ContainerCredentials

    if not (engine.facts.reaches_containers or here.joins_networks):
        raise EngineFault(
            "execution_role needs an engine whose networks reach this machine",
            remedy="Run on Linux with a Docker engine that is not rootless and not Docker Desktop.",
            kind="execution-role-impossible",
        )
    this.progress.step(f"assuming the execution role {role}")
    with ExitStack() as stack:
        network = _network(this, engine, here, labels, stack, Addresses(subnet=SUBNET, ours=ADDRESS, first=FIRST))
        served = stack.enter_context(
            ContainerCredentials(
                lambda: this.gate.aws.assume(role), role=role, address=ADDRESS, hide=this.hide, say=this.progress.detail
            )
        )
        this.progress.done(f"the container gets the credentials of {role}")
        yield Given(environment=served.environment(), network=network)


def _network(
    this: Run, engine: Engine, here: Placement, labels: Mapping[str, str], stack: ExitStack, addresses: Addresses
) -> str:
    """The network; waited for while another run has its addresses."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return stack.enter_context(
                networks.private_network(
                    engine,
                    f"sm-ci-{this.id}-role",
                    labels,
                    internal=True,
                    joined_by=here.joined_by,
                    addresses=addresses,
                )
            )
        except EngineFault as fault:
            if fault.kind != networks.TAKEN or time.monotonic() >= deadline:
                raise
            this.progress.detail("waiting for another run that has an execution role")
            time.sleep(1.0)
