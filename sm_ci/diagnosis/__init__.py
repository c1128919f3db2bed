"""Reads the cause out of a container's log: the exception under all the noise, the user's line that raised it, what to do."""

from sm_ci.diagnosis.cause import Cause
from sm_ci.diagnosis.copies import sources
from sm_ci.diagnosis.finding import find_cause
from sm_ci.diagnosis.paths import best_match, is_users, model_file
from sm_ci.diagnosis.patterns import signature_of, state_cause
from sm_ci.diagnosis.signature import Signature

__all__ = [
    "Cause",
    "Signature",
    "best_match",
    "find_cause",
    "is_users",
    "model_file",
    "signature_of",
    "sources",
    "state_cause",
]
