"""`sm-ci doctor`: what works here, and how to mend what does not. Touches what its parts look at, and standard output.

Each part looks in a thread of its own, so that one that hangs holds up none of the others.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from sm_ci import __version__
from sm_ci.aws.job import on_runner
from sm_ci.commands.doctor import credentials, docker_engine, graphics, machine
from sm_ci.commands.doctor.line import SIGNS, Asked, Line, Mark, failed, odd
from sm_ci.errors import EnvironmentFault
from sm_ci.text import Redactor, inert_log_line, terminal

SCHEMA = 1
PATIENCE, ONLINE_PATIENCE = 4.0, 25.0
"""Seconds for all parts together; when AWS is asked too."""
_SECRETS = ("SM_CI_REGISTRY_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


@dataclass(slots=True)
class _Part:
    """A part of the examination, while it goes on."""

    name: str
    look: Callable[[Asked], Iterator[Line]]
    hint: str
    vital: bool = False
    lines: list[Line] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def go(self, asked: Asked) -> None:
        """Runs it to its end; what goes wrong in it is a line too."""
        try:
            for line in self.look(asked):
                self.lines.append(line)
        except Exception as error:  # noqa: BLE001 - doctor is run where things are broken, and the other parts count
            self.lines.append(odd(self.name, f"could not be looked at: {type(error).__name__}: {error}"))
        finally:
            self.over.set()

    def told(self, patience: float) -> tuple[Line, ...]:
        """What it has found by now."""
        late = failed if self.vital else odd
        rest = [] if self.over.is_set() else [late(self.name, f"no answer within {patience:g} s", self.hint)]
        return (*self.lines, *rest)


def doctor(asked: Asked, *, as_json: bool, stdout: TextIO) -> int:
    """Prints what was found; 0 when a run can work, 3 when it cannot."""
    parts = (
        _Part("machine", machine.lines, "Does a file system hang, such as one of the network?"),
        _Part("Docker", docker_engine.lines, "Is it well, and DOCKER_HOST right? Try: docker version", vital=True),
        _Part("GPU", graphics.lines, "Does nvidia-smi hang, or the Docker engine?"),
        _Part("access", credentials.lines, "Is AWS out of reach, or is there a proxy to name in HTTPS_PROXY?"),
    )
    for part in parts:
        threading.Thread(target=part.go, args=(asked,), name=f"doctor-{part.name}", daemon=True).start()
    patience = ONLINE_PATIENCE if asked.online else PATIENCE
    deadline = time.monotonic() + patience
    for part in parts:
        part.over.wait(max(deadline - time.monotonic(), 0.0))
    found = {part.name: part.told(patience) for part in parts}
    usable = all(line.mark is not Mark.FAILED for lines in found.values() for line in lines)
    clean = Redactor(value for name in _SECRETS if (value := asked.environ.get(name)))
    if as_json:
        stdout.write(_json(found, clean))
    else:
        _write(found, clean, stdout, on_runner=on_runner(asked.environ))
    return 0 if usable else EnvironmentFault.exit_status


def _json(found: Mapping[str, tuple[Line, ...]], clean: Redactor) -> str:
    checks = [
        {
            "part": name,
            "what": line.what,
            "status": line.mark,
            "value": clean(line.value),
            "remedy": clean(line.remedy),
        }
        for name, lines in found.items()
        for line in lines
    ]
    usable = all(check["status"] != Mark.FAILED for check in checks)
    document = {"schema": SCHEMA, "tool": f"sm-ci {__version__}", "usable": usable, "checks": checks}
    return json.dumps(document, indent=2) + "\n"


def _write(found: Mapping[str, tuple[Line, ...]], clean: Redactor, stdout: TextIO, *, on_runner: bool) -> None:
    for name, lines in found.items():
        said = [name]
        for line in lines:
            said.append(f"  {SIGNS[line.mark]} {line.what}: {line.value}")
            said += [f"      {part}" for part in line.remedy.splitlines()]
        for text in terminal(clean("\n".join(said))).split("\n"):
            stdout.write((inert_log_line(text, 4000) if on_runner else text) + "\n")
    broken = sum(line.mark is Mark.FAILED for lines in found.values() for line in lines)
    stdout.write("A run can work here.\n" if not broken else "No run can work here: mend what has a ✗.\n")
