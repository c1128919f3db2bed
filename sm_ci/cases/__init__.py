"""Runs a spec's tests against a container in service."""

from sm_ci.cases.conditions import Conditions
from sm_ci.cases.keeping import kept
from sm_ci.cases.running import not_run, run_cases, send_case

__all__ = ["Conditions", "kept", "not_run", "run_cases", "send_case"]
