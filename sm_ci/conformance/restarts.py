"""Checks of the contract suite that start the container again, otherwise. Touches the engine and the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci.conformance.subjects import Restarting
from sm_ci.conformance.verdict import Verdict

CHECKS: Mapping[str, Callable[[Restarting], Verdict]] = {}
