"""Asks in the background whether the instance metadata service answers, on a runner of one's own. Speaks HTTP, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sm_ci.errors import Finding

PATIENCE = 1.0
"""Seconds at the end of the run to wait for what is not known yet."""


@contextmanager
def asked(environ: Mapping[str, str], *, isolated: bool) -> Iterator[list[Finding]]:
    """The warning that the container can take the runner's role; it stands in the list when the block is left.

    Only where somebody's own machines run jobs: GitHub's runners have no role, and a person's machine is no instance.
    In the action we are in a container ourselves, and ask from where the container under test would.
    """
    found: list[Finding] = []
    if isolated or environ.get("RUNNER_ENVIRONMENT") != "self-hosted":
        yield found
        return

    def ask() -> None:
        from sm_ci.aws import answers, reachable

        if answers(environ):
            found.append(reachable())

    thread = threading.Thread(target=ask, name="instance-metadata", daemon=True)
    thread.start()
    yield found
    thread.join(PATIENCE)
