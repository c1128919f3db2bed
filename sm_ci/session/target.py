"""A run against a server that already runs: no image, no engine, no log. Touches the network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from sm_ci import invoke
from sm_ci.errors import EnvironmentFault, Finding, Severity, UsageError
from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.service import Service
from sm_ci.hosting.timeline import Timeline, pinged
from sm_ci.hosting.watch import HealthWatcher
from sm_ci.results import PhaseName
from sm_ci.session import loading, suite
from sm_ci.session.state import Run
from sm_ci.session.testing import test

PATIENCE = 10.0
"""Seconds to wait for a server that may be about to start."""
_PAUSE = 0.2
NO_LOG = "a server that already runs (--target) has no log that sm-ci can read"


NO_USAGE = "what a server that already runs (--target) uses cannot be seen"


def address_of(url: str) -> invoke.Address:
    """Host and port of `http://HOST[:PORT]`, also without http://. UsageError for anything else."""
    split = urlsplit(url if "://" in url else f"http://{url}")
    remedy = "Write for example --target http://localhost:8080."
    try:
        port = split.port
    except ValueError:
        port = 0
    if split.scheme == "https":
        raise UsageError(f"--target {url!r} is https, which containers do not speak", remedy=remedy)
    if split.scheme != "http" or not split.hostname or port == 0:
        raise UsageError(f"--target {url!r} is no address", remedy=remedy)
    if split.path.rstrip("/") or split.query or split.username:
        raise UsageError(f"--target {url!r} holds more than host and port", remedy=remedy)
    return invoke.Address(host=split.hostname, port=port or 80)


def run_against(this: Run, address: invoke.Address) -> None:
    """The tests and the suite's own requests. EnvironmentFault when nobody answers /ping."""
    timeline = this.record.timeline = Timeline(this.record.watch)
    this.progress.step(f"waiting for {address}/ping to answer 200")
    with this.record.phase(PhaseName.READY):
        _await_ready(this, address, timeline)
    if _asks_for_log(this):
        this.note(Finding(rule="no-log", severity=Severity.WARNING, message=f"{NO_LOG}: what tests expect of it fails"))
    with tempfile.TemporaryDirectory(prefix="sm-ci-") as name:
        folder = Path(name)
        book = LogBook(folder / "container.log", this.record.watch)
        with HealthWatcher(address, timeline) as health:
            service = Service(address=address, timeline=timeline, log=book, health=health)
            test(this, service, folder)
            loading.load(this, service, None, cpus=None, unseen=NO_USAGE)
            suite.probe(this, service)
        book.close()


def _await_ready(this: Run, address: invoke.Address, timeline: Timeline) -> None:
    begun, budget = this.record.watch.now(), min(PATIENCE, this.spec.file.startup_timeout)
    while True:
        outcome = invoke.ping(address)
        event = pinged(outcome, this.record.watch.now())
        waited = event.at - begun
        if not event.miss:
            body = getattr(outcome, "body", None)
            this.record.served(event.at, waited, body.head[:1000].decode("utf-8", "replace") if body else "")
            timeline.emit(event)
            this.progress.done(f"{address} answers")
            return
        if waited >= budget:
            raise EnvironmentFault(
                f"{address}/ping does not answer 200 within {budget:g} s: {event.miss}",
                remedy="Is the server there, and does it serve what SageMaker asks for? Start it, or leave --target out.",
                kind="target-silent",
            )
        this.record.waiting = event.miss
        this.progress.detail(f"{event.miss} (until {budget:g} s)")
        timeline.wait(_PAUSE)


def _asks_for_log(this: Run) -> bool:
    return any(case.test.expect.gives("logs") for case in this.options.cases)
