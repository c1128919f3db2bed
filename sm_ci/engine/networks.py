"""A network for one run. Touches the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from docker.errors import APIError

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, translated
from sm_ci.errors import EngineFault

_NO_ADDRESSES = ("non-overlapping IPv4 address pool", "address pools have been fully subnetted")
"""Of Docker Engine up to 26, and since [https://github.com/moby/moby/pull/47768]."""


@contextmanager
def private_network(
    engine: Engine, name: str, labels: Mapping[str, str], *, internal: bool, joined_by: str
) -> Iterator[str]:
    """A network for one run; `internal` has no route out. `joined_by` (our own container, or empty) is attached to it."""
    with translated("create a network"), engine.creating(), _addresses_left():
        network = str(engine.api.create_network(name, driver="bridge", internal=internal, labels=dict(labels))["Id"])
    try:
        if joined_by:
            with translated("join the network of the container under test"):
                engine.api.connect_container_to_network(joined_by, network)
        yield name
    finally:
        with suppress(*ENGINE_TROUBLE):
            if joined_by:
                engine.api.disconnect_container_from_network(joined_by, network, force=True)
            engine.api.remove_network(network)


@contextmanager
def _addresses_left() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        why = explanation(error)
        if not any(words in why for words in _NO_ADDRESSES):
            raise
        raise EngineFault(
            f"the Docker engine has no addresses left for a network: {why}",
            remedy="Remove networks that nobody uses (docker network prune), or give the engine more: "
            "default-address-pools in its daemon.json.",
            kind="no-addresses",
        ) from error
