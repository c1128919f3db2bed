"""A run as JUnit XML: what Jenkins, EnricoMi, mikepenz and dorny read alike. Pure, but for `write`.

Valid against Jenkins' junit-10.xsd but for `file` and `line` of a testcase, which annotating readers need.
junit-xml 1.9 builds the elements; its traps are dealt with here:
- a failure without message and text is dropped, the case then passes: both are always given;
- `time="0"` is omitted (dorny reads NaN), sums of floats break the pattern: written here, three decimals;
- characters that XML forbids, lone surrogates too, crash it: `text.xml` before;
- `disabled` and `skipped` of `testsuites` are in no schema: the root is made here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from pathlib import Path

import junit_xml

from sm_ci.errors import Location
from sm_ci.report import contract, diagnoses, load, wording
from sm_ci.results import CaseResult, CheckOutcome, ContractCheck, Fault, LimitOutcome, LoadResult, Outcome, RunResult
from sm_ci.text import Redactor, repository_path, shorten, xml

MESSAGE_LIMIT = 500
Relative = Callable[[str], str]


def write(result: RunResult, path: Path) -> None:
    """Writes the report of `render` to a file."""
    path.write_text(render(result), encoding="utf-8")


def render(result: RunResult, *, relative: Relative = repository_path, hostname: str = "localhost") -> str:
    """The report. `relative` makes a path of the spec relative to the repository."""
    clean = Redactor(result.secrets)
    name, file = _name(clean(result.name), "sm-ci"), xml(clean(relative(result.spec)))
    cases = [*_service(result, clean, relative), *(_case(case, clean, relative) for case in result.cases)]
    for one in result.load:
        cases += _load(one, name, clean, relative)
    cases += _checks(result.contract, name, file, clean)
    suite = junit_xml.TestSuite(
        name,
        cases,
        hostname=xml(hostname) or "localhost",
        timestamp=result.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        properties={key: xml(clean(value)) for key, value in _properties(result).items() if value},
        file=file,
        stdout=xml(_output(result, clean)),
    )
    root = _document(suite.build_xml_doc(), [case.elapsed_sec for case in cases])
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document.decode("utf-8") + "\n"


def _document(suite: ET.Element, times: list[float]) -> ET.Element:
    suite.attrib.pop("disabled", None)
    for element, time in zip(suite.iterfind("testcase"), times, strict=True):
        element.set("time", f"{time:.3f}")
    suite.set("time", f"{sum(round(time, 3) for time in times):.3f}")
    shared = {key: suite.attrib[key] for key in ("name", "time", "tests", "failures", "errors")}
    root = ET.Element("testsuites", shared)
    root.append(suite)
    ET.indent(root)
    return root


def _service(result: RunResult, clean: Redactor, relative: Relative) -> list[junit_xml.TestCase]:
    """The hosting as the first case, where a fault is told whenever it happened."""
    if result.hosting is None and result.fault is None:
        return []
    at = result.fault.at if result.fault else None
    case = junit_xml.TestCase(
        wording.SERVICE,
        _name(clean(result.name), "sm-ci"),
        (result.hosting and result.hosting.ready_after) or 0.0,
        file=xml(clean(relative(at.path if at else result.spec))),
        line=at.line if at else 1,
    )
    if result.fault:
        message, text = _said(clean(result.fault.message), _fault_text(result.fault, clean, relative))
        add = case.add_failure_info if result.fault.exit_status == 1 else case.add_error_info
        add(message, text, xml(clean(result.fault.kind)))
    return [case]


def _fault_text(fault: Fault, clean: Redactor, relative: Relative) -> str:
    lines = [clean(fault.message), clean(fault.remedy)]
    if fault.at:
        lines.append(_place(relative(clean(fault.at.path)), fault.at.line))
    return "\n".join([*lines, *wording.log_lines(fault.log, clean)])


def _case(result: CaseResult, clean: Redactor, relative: Relative) -> junit_xml.TestCase:
    suite, separator, name = result.id.partition("::")
    case = junit_xml.TestCase(
        _name(clean(name if separator else result.name), "unnamed"),
        _name(clean(suite), "sm-ci"),
        max(result.seconds, 0.0),
        file=xml(clean(relative(result.at.path))),
        line=max(result.at.line, 1),
    )
    if result.outcome is not Outcome.PASSED:
        _explain(case, result, clean, relative)
    return case


def _explain(case: junit_xml.TestCase, result: CaseResult, clean: Redactor, relative: Relative) -> None:
    message, text = _said(wording.headline(result, clean), _case_text(result, clean, relative))
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
        lines.append(_place(relative(clean(at.path)), at.line))
    if not result.failures:
        lines += [clean(result.reason), _place(relative(clean(result.at.path)), result.at.line)]
    exchange = wording.judged(result)
    if exchange:
        lines += ["", wording.request(exchange.sent, clean), "", wording.answer(exchange.outcome, clean)]
    return "\n".join(lines)


def _load(one: LoadResult, suite: str, clean: Redactor, relative: Relative) -> Iterator[junit_xml.TestCase]:
    """The load as such, then a case a limit, and one for the answers that were checked; a void limit is skipped."""
    name = f"load {_name(clean(one.name), 'unnamed')}"

    def case(title: str, at: Location, seconds: float = 0.0) -> junit_xml.TestCase:
        file, line = xml(clean(relative(at.path))), max(at.line, 1)
        return junit_xml.TestCase(title, suite, max(seconds, 0.0), file=file, line=line)

    def said(message: str, at: Location, *more: str) -> tuple[str, str]:
        return _said(clean(message), "\n".join((clean(message), _place(relative(clean(at.path)), at.line), *more)))

    itself = case(name, one.at, one.warmup + one.seconds)
    if one.outcome in {Outcome.NOT_RUN, Outcome.SKIPPED}:
        itself.add_skipped_info(said(one.reason, one.at)[0])
    elif why := load.trouble(one):
        add = itself.add_error_info if one.outcome is Outcome.ERRORED else itself.add_failure_info
        add(*said(why, one.at), "load")
    itself.stdout = xml("\n".join(filter(None, (one.arrival, load.headline(one, clean), clean(one.void)))))
    yield itself
    for limit in one.limits:
        at = limit.at or one.at
        judged = case(_name(clean(f"{name}: {limit.text}"), name), at)
        if limit.outcome is LimitOutcome.VOID:
            judged.add_skipped_info(said(limit.message, at)[0])
        elif limit.outcome is not LimitOutcome.HELD:
            judged.add_failure_info(*said(limit.message, at), xml(limit.metric) or "limit")
        yield judged
    if one.checked:
        answers = case(f"{name}: check {load.wanted_share(one.checked.share)}", one.at)
        if wrong := load.checked(one.checked):
            shown = (_case_text(example, clean, relative) for example in one.checked.examples)
            answers.add_failure_info(*said(wrong, one.at, *shown), "check")
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


def _place(path: str, line: int) -> str:
    return f" {path}:{line}"  # mikepenz finds a place only behind white space


def _said(message: str, text: str) -> tuple[str, str]:
    """Message and text, never empty; nothing is left of a text that only colours."""
    shown = xml(shorten(wording.first_line(message), MESSAGE_LIMIT)).strip() or "no reason was given"
    return shown, xml(text).strip("\n") or shown


def _name(text: str, otherwise: str) -> str:
    return " ".join(xml(text).split()) or otherwise


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
    return facts


def _output(result: RunResult, clean: Redactor) -> str:
    log = wording.log_tail(result, clean)
    title = (
        [f"log of the container, the last {len(log)} of {result.hosting.log.lines} lines:"]
        if log and result.hosting
        else []
    )
    return "\n".join([*wording.warnings(result, clean), *diagnoses.text(result, clean), *title, *log])
