"""A run as JUnit XML. Pure, but for `write`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import junit_xml

from sm_ci.errors import Location
from sm_ci.report import contract, diagnoses, load, wording
from sm_ci.report.junit.writing import Relative, document, named, place, said
from sm_ci.results import CaseResult, CheckOutcome, ContractCheck, Fault, LimitOutcome, LoadResult, Outcome, RunResult
from sm_ci.text import Redactor, repository_path, xml


def write(result: RunResult, path: Path) -> None:
    """Writes the report of `render` to a file."""
    path.write_text(render(result), encoding="utf-8")


def render(result: RunResult, *, relative: Relative = repository_path, hostname: str = "localhost") -> str:
    """The report. `relative` makes a path of the spec relative to the repository."""
    clean = Redactor(result.secrets)
    name, file = named(clean(result.name), "sm-ci"), xml(clean(relative(result.spec)))
    cases = [*_service(result, clean, relative), *(_case(case, clean, relative) for case in result.cases)]
    for one in result.load:
        cases += _load(one, name, clean, relative)
    cases += _checks(result.contract, name, file, clean)
    facts = {key: clean(value) for key, value in _properties(result).items()}
    output = _output(result, clean)
    return document(name, cases, hostname=hostname, started=result.started, properties=facts, file=file, output=output)


def _service(result: RunResult, clean: Redactor, relative: Relative) -> list[junit_xml.TestCase]:
    """The hosting as the first case, where a fault is told whenever it happened."""
    if result.hosting is None and result.fault is None:
        return []
    at = result.fault.at if result.fault else None
    case = junit_xml.TestCase(
        wording.SERVICE,
        named(clean(result.name), "sm-ci"),
        (result.hosting and result.hosting.ready_after) or 0.0,
        file=xml(clean(relative(at.path if at else result.spec))),
        line=at.line if at else 1,
    )
    if result.fault:
        message, text = said(clean(result.fault.message), _fault_text(result.fault, clean, relative))
        add = case.add_failure_info if result.fault.exit_status == 1 else case.add_error_info
        add(message, text, xml(clean(result.fault.kind)))
    return [case]


def _fault_text(fault: Fault, clean: Redactor, relative: Relative) -> str:
    lines = [clean(fault.message), clean(fault.remedy)]
    if fault.at:
        lines.append(place(relative(clean(fault.at.path)), fault.at.line))
    return "\n".join([*lines, *wording.log_lines(fault.log, clean)])


def _case(result: CaseResult, clean: Redactor, relative: Relative) -> junit_xml.TestCase:
    suite, separator, name = result.id.partition("::")
    case = junit_xml.TestCase(
        named(clean(name if separator else result.name), "unnamed"),
        named(clean(suite), "sm-ci"),
        max(result.seconds, 0.0),
        file=xml(clean(relative(result.at.path))),
        line=max(result.at.line, 1),
    )
    if result.outcome is not Outcome.PASSED:
        _explain(case, result, clean, relative)
    return case


def _explain(case: junit_xml.TestCase, result: CaseResult, clean: Redactor, relative: Relative) -> None:
    message, text = said(wording.headline(result, clean), _case_text(result, clean, relative))
    if result.outcome is Outcome.FAILED:
        kind = result.failures[0].check if result.failures else "failed"
        case.add_failure_info(message, text, xml(clean(kind)) or "failed")
    elif result.outcome is Outcome.ERRORED:
        case.add_error_info(message, text, wording.trouble(result) or "errored")
    else:
        case.add_skipped_info(message)


def _case_text(result: CaseResult, clean: Redactor, relative: Relative) -> str:
    lines = []
    for at, failures in wording.failures_by_place(result):
        lines += [clean(failure.message) for failure in failures]
        lines.append(place(relative(clean(at.path)), at.line))
    if not result.failures:
        lines += [clean(result.reason), place(relative(clean(result.at.path)), result.at.line)]
    exchange = wording.judged(result)
    if exchange:
        lines += ["", wording.request(exchange.sent, clean), "", wording.answer(exchange.outcome, clean)]
    return "\n".join(lines)


def _load(one: LoadResult, suite: str, clean: Redactor, relative: Relative) -> Iterator[junit_xml.TestCase]:
    """The load as such, then a case a limit, and one for the answers that were checked; a void limit is skipped."""
    name = f"load {named(clean(one.name), 'unnamed')}"

    def case(title: str, at: Location, seconds: float = 0.0) -> junit_xml.TestCase:
        file, line = xml(clean(relative(at.path))), max(at.line, 1)
        return junit_xml.TestCase(title, suite, max(seconds, 0.0), file=file, line=line)

    def told(message: str, at: Location, *more: str) -> tuple[str, str]:
        return said(clean(message), "\n".join((clean(message), place(relative(clean(at.path)), at.line), *more)))

    itself = case(name, one.at, one.warmup + one.seconds)
    if one.outcome in {Outcome.NOT_RUN, Outcome.SKIPPED}:
        itself.add_skipped_info(told(one.reason, one.at)[0])
    elif why := load.trouble(one):
        add = itself.add_error_info if one.outcome is Outcome.ERRORED else itself.add_failure_info
        add(*told(why, one.at), "load")
    itself.stdout = xml("\n".join(filter(None, (one.arrival, load.headline(one, clean), clean(one.void)))))
    yield itself
    for limit in one.limits:
        at = limit.at or one.at
        judged = case(named(clean(f"{name}: {limit.text}"), name), at)
        if limit.outcome is LimitOutcome.VOID:
            judged.add_skipped_info(told(limit.message, at)[0])
        elif limit.outcome is not LimitOutcome.HELD:
            judged.add_failure_info(*told(limit.message, at), xml(limit.metric) or "limit")
        yield judged
    if one.checked:
        answers = case(f"{name}: check {load.wanted_share(one.checked.share)}", one.at)
        if wrong := load.checked(one.checked):
            shown = (_case_text(example, clean, relative) for example in one.checked.examples)
            answers.add_failure_info(*told(wrong, one.at, *shown), "check")
        elif not one.checked.answers:
            answers.add_skipped_info(told(load.unchecked(one.checked), one.at)[0])
        yield answers


def _checks(checks: Iterable[ContractCheck], suite: str, file: str, clean: Redactor) -> Iterator[junit_xml.TestCase]:
    """A case a check: a failure when it fails the run, skipped when it could not be tried; a warning is its output."""
    for check in checks:
        case = junit_xml.TestCase(f"contract: {check.name}", suite, max(check.seconds, 0.0), file=file, line=1)
        shown = xml(contract.told(check, clean)) or check.title
        text = "\n".join((xml(check.title), shown, contract.WEIGHT[check.weight], check.source, f" {file}:1"))
        if check.fails:
            case.add_failure_info(shown, text, check.weight)
        elif check.outcome is CheckOutcome.UNCHECKED:
            case.add_skipped_info(shown)
        elif check.outcome is CheckOutcome.BROKEN:
            case.stdout = f"warning: {text}"
        yield case


def _properties(result: RunResult) -> dict[str, str]:
    facts = {"tool": result.tool, "run-id": result.id, "exit-status": str(result.exit_status)}
    if result.fault:
        facts["fault"] = result.fault.kind
    if image := result.image:
        facts |= {"image": image.reference, "image-digest": image.digest, "image-id": image.id}
        facts |= {"image-size": str(image.size), "platform": image.platform}
    if result.model:
        facts |= {"model": result.model.source, "model-size": str(result.model.size)}
    if result.hosting:
        limits = result.hosting.limits
        facts |= {"instance-type": limits.instance_type, "scaled": str(limits.scaled).lower()}
        facts |= {"cpus": "" if limits.cpus is None else f"{limits.cpus:g}", "shm-size": str(limits.shm_size)}
        facts["gpus"] = "" if not limits.gpus else "all" if limits.gpus < 0 else str(limits.gpus)
        facts["memory"] = "" if limits.memory is None else str(limits.memory)
    for number, one in enumerate(result.load, 1):
        facts |= {f"load-{number}.{name}": value for name, value in _streamed(one).items()}
    return facts


def _streamed(one: LoadResult) -> dict[str, str]:
    """What its streams took, in seconds, and events a second; by the names that limits have for it."""
    if one.streamed is None or not one.streamed.events:
        return {}
    times = {"first_event": one.streamed.first_event, "inter_token_latency": one.streamed.inter_token_latency}
    found = {
        f"{name}.p{rank.percent:g}": f"{rank.seconds:.6f}"
        for name, latency in times.items()
        for rank in latency.percentiles
    }
    return {**found, "event_throughput": f"{one.streamed.throughput:.3f}"}


def _output(result: RunResult, clean: Redactor) -> str:
    log = wording.log_tail(result, clean)
    title = (
        [f"log of the container, the last {len(log)} of {result.hosting.log.lines} lines:"]
        if log and result.hosting
        else []
    )
    return "\n".join([*wording.warnings(result, clean), *diagnoses.text(result, clean), *title, *log])
