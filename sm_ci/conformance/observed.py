"""Checks of the contract suite on what was seen while the container was started, tested and stopped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci.conformance.subjects import Observed
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked


def sigterm(seen: Observed) -> Verdict:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html: SIGKILL after 30 s."""
    stop = seen.hosting.stop
    if stop is None or not stop.signalled:
        return unchecked("the container had ended before it was asked to")
    if not stop.killed:
        return HELD
    return broken(
        f"the container ignored SIGTERM and was killed after {stop.seconds:.0f} s (SIGKILL)",
        "let the server itself be the first process (exec form, or exec in the script) and end on SIGTERM",
    )


CHECKS: Mapping[str, Callable[[Observed], Verdict]] = {"sigterm": sigterm}
