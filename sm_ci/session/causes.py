"""Puts the cause where the user looks first: into the message of the case or the fault. Reads the log; waits for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from sm_ci.diagnosis import Cause, find_cause, is_users
from sm_ci.engine.containers import NOT_EXECUTABLE
from sm_ci.errors import Finding, Location, Severity
from sm_ci.hosting.timeline import OutOfMemory
from sm_ci.report.wording import is_text, size
from sm_ci.results import Answer, CaseResult, Failure, Fault, LogLine, NoAnswer
from sm_ci.session.advice import advice
from sm_ci.session.diagnosing import diagnosis_of, server_failed
from sm_ci.session.places import UserPlace, user_place
from sm_ci.session.state import Run
from sm_ci.text import shorten

LOG_SETTLES = 0.2
"""Seconds to wait for what a failed request left in the log, which travels apart from the answer."""
MOST_WAITS = 50
_TEXT = 300
_BEFORE, _AROUND = 30, 40
"""Lines of the log that go with a fault: before the cause, and in all."""
_BODY = "; the body "
_MEMORY = "out-of-memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A cause, who says it, and where in the user's files it is."""

    cause: Cause
    by: str
    place: UserPlace | None

    @property
    def at(self) -> Location | None:
        """Where an annotation goes."""
        return self.place.at if self.place else None

    def __str__(self) -> str:
        inside = f"{self.cause.file}:{self.cause.line}" if is_users(self.cause.file) else ""
        where = self.place.shown if self.place else inside
        where += ": " if where else ""
        return f"the {self.by} says: {where}{shorten(self.cause.text, _TEXT)}"


class Explainer:
    """Called with each case as it ends; adds the cause to those that failed on the server's side."""

    def __init__(self, this: Run) -> None:
        self._this, self._book = this, this.record.book
        self._begin = tuple(line.text for line in _log(this))
        self._mark = self._book.mark() if self._book else 0
        self._since = this.watch.now()
        self._waits = 0

    def __call__(self, case: CaseResult) -> CaseResult:
        """The case, with its cause if one is found."""
        said = self._said(case) if server_failed(case) else None
        self._mark = self._book.mark() if self._book else 0
        self._since = self._this.watch.now()
        if said is None:
            return case
        self._this.explained[case.id] = diagnosis_of(self._this, said.cause, said.at, case.id)
        return _with_cause(self._this, case, said)

    def _said(self, case: CaseResult) -> _Said | None:
        """The answer's own traceback first: of all it is surest to belong to the request."""
        outcome = case.exchanges[-1].outcome
        if isinstance(outcome, Answer) and (cause := find_cause(_body_lines(outcome), self._begin)):
            return _said(self._this, cause, "answer")
        cause = find_cause(self._new_lines(), self._begin)
        if cause is None or not cause.file:
            cause = _out_of_memory(self._this, self._since) or cause
        if cause is None and (isinstance(outcome, NoAnswer) or outcome.status >= 500):
            cause = _out_of_memory(self._this) or self._at_start
        return _said(self._this, cause, "log") if cause else None

    @cached_property
    def _at_start(self) -> Cause | None:
        """What the log said before the first request."""
        return find_cause(self._begin)

    def _new_lines(self) -> tuple[str, ...]:
        if self._book is None:
            return ()
        self._waits += 1
        patience = LOG_SETTLES if self._waits <= MOST_WAITS else 0.0
        return tuple(line.text for line in self._book.wait_for(lambda _: False, self._mark, patience))


def explained(this: Run, fault: Fault | None) -> Fault | None:
    """The fault with the cause that the log names, the user's line, and what to do."""
    if fault is None or fault.exit_status != 1 or this.record.book is None or fault.kind == NOT_EXECUTABLE:
        return fault
    lines = _log(this)
    cause = find_cause([line.text for line in lines])
    if cause is None or not cause.file:
        cause = _out_of_memory(this) or cause
    if cause is None:
        return fault
    said = _said(this, cause, "log")
    this.explained[fault.kind] = diagnosis_of(this, cause, fault.at or said.at, fault.kind)
    known = cause.text in fault.message or (cause.rule == _MEMORY and "out of memory" in fault.message)
    message = fault.message if known else f"{fault.message}; {said}"
    if said.place and cause.text in fault.message:
        message = fault.message.replace(cause.text, f"{said.place.shown}: {cause.text}")
    told = advice(this, cause)
    remedy = fault.remedy if told in fault.remedy else f"{told} {fault.remedy}".rstrip()
    begin = max(0, cause.index - _BEFORE)
    around = lines[begin : begin + _AROUND] if cause.rule != _MEMORY else fault.log
    return replace(fault, message=message, remedy=remedy, at=fault.at or said.at, log=around or fault.log)


def unexplained(this: Run) -> Finding | None:
    """The log's cause as a warning, when a case failed on the server's side and nobody says why."""
    if all(case.id in this.explained or not server_failed(case) for case in this.cases):
        return None
    cause = find_cause([line.text for line in _log(this)])
    if cause is None or any(shorten(cause.text, _TEXT) in case.reason for case in this.cases):
        return None
    said = _said(this, cause, "container's log")
    return Finding(
        rule="cause-in-log", severity=Severity.WARNING, message=str(said), remedy=advice(this, cause), at=said.at
    )


def _said(this: Run, cause: Cause, by: str) -> _Said:
    teller = "Docker engine" if cause.rule == _MEMORY else by
    return _Said(cause=cause, by=teller, place=user_place(this, cause))


def _with_cause(this: Run, case: CaseResult, said: _Said) -> CaseResult:
    """The failed expectation of the status tells the cause; a case without an answer gets a failure that does."""
    first = next((failure for failure in case.failures if failure.check == "status"), None)
    lead, _, rest = (first.message if first else case.reason).partition(_BODY)
    body = f"the body {rest}" if rest and said.by != "answer" else ""
    message = "\n".join(filter(None, (f"{lead}; {said}", advice(this, said.cause), body)))
    told = replace(first or _no_answer(case), message=message)
    told = replace(told, at=said.at or told.at)
    return replace(case, failures=(told, *(one for one in case.failures if one is not first)), reason=message)


def _no_answer(case: CaseResult) -> Failure:
    outcome = case.exchanges[-1].outcome
    got = str(outcome.kind) if isinstance(outcome, NoAnswer) else str(outcome.status)
    return Failure(check="answer", path="", expected="an answer", got=got, message=case.reason, at=case.at)


def _out_of_memory(this: Run, since: float = 0.0) -> Cause | None:
    """The kernel's kill as a cause, if the engine told of one."""
    events = this.record.timeline.events() if this.record.timeline else ()
    if not any(isinstance(event, OutOfMemory) and event.at >= since for event in events):
        return None
    limit = this.record.limits.memory
    text = "the kernel killed a process, out of memory" + (f" (the limit is {size(limit)})" if limit else "")
    remedy = "Give it more memory (instance_type or resources.memory), or load less."
    return Cause(text=text, index=0, rule=_MEMORY, remedy=remedy)


def _body_lines(answer: Answer) -> list[str]:
    """The body's start as lines; JSON in one piece, whose strings may hold a traceback."""
    if not is_text(answer.body.head):
        return []
    text = answer.body.head.decode("utf-8", "replace").strip()
    return [text] if text.startswith("{") else text.splitlines()


def _log(this: Run) -> tuple[LogLine, ...]:
    """The log's first lines, and its last as far as memory holds them."""
    book = this.record.book
    if book is None:
        return ()
    last = book.since(0)
    begun = last[0].at if last else 0.0
    return (*(line for line in book.excerpt().head if line.at < begun), *last)
