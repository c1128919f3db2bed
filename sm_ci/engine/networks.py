"""A network for one run. Touches the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, translated
from sm_ci.errors import EngineFault

TAKEN = "network-taken"
_TAKEN = "Pool overlaps"
_NO_ADDRESSES = ("non-overlapping IPv4 address pool", "address pools have been fully subnetted")
"""Of Docker Engine up to 26, and since [https://github.com/moby/moby/pull/47768]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses of a network: of all, and the one that is ours, on the machine or in our own container."""

    subnet: str
    ours: str
    first: str  # another one in it


@contextmanager
def private_network(
    engine: Engine,
    name: str,
    labels: Mapping[str, str],
    *,
    internal: bool,
    joined_by: str,
    addresses: Addresses | None = None,
) -> Iterator[str]:
    """A network for one run; `internal` has no route out. `joined_by` (our own container, or empty) is attached to it."""
    pool = _pool(addresses, on_machine=not joined_by) if addresses else None
    with translated("create a network"), engine.creating(), _addresses_left():
        created = engine.api.create_network(name, driver="bridge", internal=internal, labels=dict(labels), ipam=pool)
    network = str(created["Id"])
    try:
        if joined_by:
            with translated("join the network of the container under test"):
                ours = addresses.ours if addresses else None
                engine.raw.connect_container_to_network(joined_by, network, ipv4_address=ours)
        yield name
    finally:
        with suppress(*ENGINE_TROUBLE):
            if joined_by:
                engine.api.disconnect_container_from_network(joined_by, network, force=True)
            engine.api.remove_network(network)


def _pool(addresses: Addresses, *, on_machine: bool) -> IPAMConfig:
    """The gateway is the machine itself: ours, unless that address is for our container."""
    gateway = addresses.ours if on_machine else addresses.first
    return IPAMConfig(pool_configs=[IPAMPool(subnet=addresses.subnet, gateway=gateway)])


@contextmanager
def _addresses_left() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        why = explanation(error)
        if _TAKEN in why:
            raise EngineFault(
                f"the addresses of the network are taken: {why}",
                remedy="Does another run on this engine have an execution_role? One can have it at a time.",
                kind=TAKEN,
            ) from error
        if not any(words in why for words in _NO_ADDRESSES):
            raise
        raise EngineFault(
            f"the Docker engine has no addresses left for a network: {why}",
            remedy="Remove networks that nobody uses (docker network prune), or give the engine more: "
            "default-address-pools in its daemon.json.",
            kind="no-addresses",
        ) from error
