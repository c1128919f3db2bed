"""What listens inside a container, seen from inside its network namespace. Touches the engine and /proc.

From outside, a server on 127.0.0.1 and one on another port look alike: the connection is refused. The kernel's table
of sockets tells them apart: read from the machine's /proc where we see the process, otherwise by the image's own `cat`.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE

PATIENCE = 3.0
"""Seconds for a look from inside."""
_LARGEST = 2**20
_TABLES = ("tcp", "tcp6")
_LISTEN = "0A"  # the state's number in the kernel's include/net/tcp_states.h


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Listener:
    """An address and a port that accept connections."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only the container itself reaches it."""
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def listeners(engine: Engine, container: str, proc: Path = Path("/proc")) -> tuple[Listener, ...] | None:
    """What listens in the container; None when there is no way to look. Docker's own DNS server is left out."""
    try:
        text = _from_proc(engine, container, proc) or _by_exec(engine, container)
    except ENGINE_TROUBLE:
        return None
    if text is None:
        return None
    return tuple(sorted({found for found in parse(text) if found.address != "127.0.0.11"}))


def parse(text: str) -> Iterator[Listener]:
    """The listening sockets in the text of /proc/net/tcp and tcp6, as proc(5) describes it."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 4 or fields[3] != _LISTEN or ":" not in fields[1]:
            continue
        address, _, port = fields[1].partition(":")
        try:
            yield Listener(address=_address(address), port=int(port, 16))
        except ValueError:
            continue


def _address(digits: str) -> str:
    """Groups of 4 bytes, each in the machine's byte order, which is little-endian where Docker runs."""
    raw = bytes.fromhex(digits)
    swapped = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    found = ipaddress.ip_address(swapped)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _from_proc(engine: Engine, container: str, proc: Path) -> str | None:
    """Only where /proc shows that this pid is the container's: in another pid namespace it is someone else."""
    pid = int(engine.raw.inspect_container(container).get("State", {}).get("Pid") or 0)
    try:
        if not pid or container not in (proc / str(pid) / "cgroup").read_text(encoding="ascii", errors="replace"):
            return None
        return "\n".join((proc / str(pid) / "net" / table).read_text(encoding="ascii") for table in _TABLES)
    except OSError:
        return None


def _by_exec(engine: Engine, container: str) -> str | None:
    """By the image's `cat`, which may be anything: so many bytes and seconds, and no more."""
    found: list[str] = []
    thread = threading.Thread(target=_cat, args=(engine, container, found), name="sm-ci-exec", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return found[0] if found else None


def _cat(engine: Engine, container: str, found: list[str]) -> None:
    output = b""
    try:
        run = engine.raw.exec_create(container, ["cat", *(f"/proc/net/{table}" for table in _TABLES)], stderr=False)
        for piece in engine.raw.exec_start(run["Id"], stream=True):
            output += piece
            if len(output) > _LARGEST:
                return
        if engine.raw.exec_inspect(run["Id"])["ExitCode"] == 0:
            found.append(output.decode("ascii", "replace"))
    except ENGINE_TROUBLE:
        return
