"""Two versions hosted with the same limits and asked the same, A B B A. Touches what a session touches."""

from sm_ci.trial.asking import Budget
from sm_ci.trial.comparing import Plan, compare
from sm_ci.trial.hosting import Manner, World
from sm_ci.trial.sides import BASELINE, CANDIDATE, Side

__all__ = ["BASELINE", "CANDIDATE", "Budget", "Manner", "Plan", "Side", "World", "compare"]
