"""Checks of the contract suite by requests of its own, after the tests. Touches the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci.conformance.subjects import Probing
from sm_ci.conformance.verdict import Verdict

CHECKS: Mapping[str, Callable[[Probing], Verdict]] = {}
