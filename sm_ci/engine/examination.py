"""What can be found out about the engine without changing anything on it: limits, storage, clock, leftovers. Touches the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import OWNER_LABEL, RUN_LABEL, Owner, is_gone
from sm_ci.engine.trouble import translated

_LIMITS = (("MemoryLimit", "memory"), ("SwapLimit", "swap"), ("CpuCfsQuota", "CPUs"))
_SNAPSHOTTER = "io.containerd.snapshotter.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the engine says of itself. `unenforced` are limits that it takes and does not hold.

    `ahead` is by how many seconds its clock is before ours, None when it does not say; `in_containerd`: images lie there and
    not in the folder that the engine names.
    """

    name: str
    api: str
    kernel: str
    control_groups: str
    unenforced: tuple[str, ...]
    storage: str
    in_containerd: bool
    proxies: tuple[str, ...]
    warnings: tuple[str, ...]
    ahead: float | None


def examine(engine: Engine, now: datetime) -> Examined:
    """Asks the engine. EngineFault when it does not answer."""
    with translated("ask the Docker engine about itself"):
        info = engine.raw.info()
    status = {str(pair[0]): str(pair[1]) for pair in info.get("DriverStatus") or () if len(pair) == 2}
    return Examined(
        name=str(info.get("Name", "")),
        api=str(engine.raw.api_version),
        kernel=str(info.get("KernelVersion", "")),
        control_groups=str(info.get("CgroupVersion") or "1"),
        unenforced=tuple(word for key, word in _LIMITS if info.get(key) is False),
        storage=str(info.get("Driver", "")),
        in_containerd=status.get("driver-type") == _SNAPSHOTTER,
        proxies=tuple(str(info[key]) for key in ("HttpProxy", "HttpsProxy") if info.get(key)),
        warnings=tuple(str(text) for text in info.get("Warnings") or ()),
        ahead=_ahead(str(info.get("SystemTime") or ""), now),
    )


def left_behind(engine: Engine, me: Owner) -> tuple[str, ...]:
    """What runs left whose owner is provably gone, each in a word and a name; the next run removes it."""
    with translated("look for what earlier runs left"):
        running = frozenset(str(container["Id"]) for container in engine.api.containers())
        return tuple(
            name for name, owner in _ours(engine) if (found := Owner.parse(owner)) and is_gone(found, me, running)
        )


def _ours(engine: Engine) -> Iterator[tuple[str, str]]:
    """All that carries our label, with its owner."""
    api, only = engine.raw, {"label": OWNER_LABEL}
    kinds: tuple[tuple[str, Any], ...] = (
        ("container", api.containers(all=True, filters=only)),
        ("network", api.networks(filters=only)),
        ("volume", (api.volumes(filters=only) or {}).get("Volumes") or []),
        ("image", api.images(filters=only)),
    )
    for kind, things in kinds:
        for thing in things:
            labels = thing.get("Labels") or {}
            yield f"{kind} of run {labels.get(RUN_LABEL, '?')}", str(labels.get(OWNER_LABEL, ""))


def _ahead(text: str, now: datetime) -> float | None:
    """The engine writes nanoseconds, which Python's reader does not take."""
    whole, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    try:
        theirs = datetime.fromisoformat((whole + zone).replace("Z", "+00:00"))
    except ValueError:
        return None
    return ((theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - now).total_seconds()
