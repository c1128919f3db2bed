"""What to do about a cause, in the light of what this run mounted and allowed. Pure."""

from __future__ import annotations

from sm_ci import contract
from sm_ci.diagnosis import Cause
from sm_ci.errors import Finding
from sm_ci.session.state import Run
from sm_ci.text import shorten

_SHOWN_NAMES = 10
_NAME = 100
_ISOLATED = "network_isolation is on: the container reaches nothing outside, as it would when hosted so."
_NEEDS_NETWORK = frozenset(
    {"network", "network-timeout", "hub-unreachable", "credentials", "model-name", "gated-model"}
)
_PIP = "requirements"
"""How the ids of what pip says begin."""
_MISPLACED = frozenset({"no-function", "no-module"})


def advice(this: Run, cause: Cause) -> str:
    """One or more sentences; empty when nothing is known of the cause."""
    return _of_this_run(this, cause) or " ".join(filter(None, (sentence(cause.meaning), cause.remedy)))


def remedy(this: Run, cause: Cause) -> str:
    """What to do alone, without what the cause means."""
    return _of_this_run(this, cause) or cause.remedy


def _of_this_run(this: Run, cause: Cause) -> str:
    """What only this run's model and limits can say; else empty."""
    prefix = f"{contract.MODEL_DIRECTORY}/"
    if cause.rule == "no-file" and cause.subject.startswith(prefix):
        return " ".join(filter(None, (_model_lacks(this, cause.subject.removeprefix(prefix)), _wrapped(this))))
    if cause.rule in _MISPLACED and this.wrapped:
        return _wrapped(this)
    outside = cause.rule in _NEEDS_NETWORK or cause.rule.startswith(_PIP)
    if outside and this.spec.file.network_isolation:
        return " ".join(filter(None, (_ISOLATED, cause.remedy)))
    return ""


def _model_lacks(this: Run, file: str) -> str:
    if this.contents is None:
        return "No model is mounted: the spec names none under model."
    names = [shorten(name, _NAME) for name in this.contents]
    held = ", ".join(names[:_SHOWN_NAMES]) or "nothing"
    more = ", …" if len(names) > _SHOWN_NAMES else ""
    return f"{contract.MODEL_DIRECTORY} has no {shorten(file, _NAME)}; it holds {held}{more}."


def _wrapped(this: Run) -> str:
    return _told(this.wrapped) if this.wrapped else ""


def _told(finding: Finding) -> str:
    return f"{sentence(finding.message)} {sentence(finding.remedy)}"


def sentence(text: str) -> str:
    """A clause as a sentence."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
