"""One suite as a JUnit document, and the texts in it. Pure.

Valid against Jenkins' junit-10.xsd but for `file` and `line` of a testcase, which annotating readers need.
junit-xml 1.9 builds the elements; its traps are dealt with here:
- a failure without message and text is dropped, the case then passes: both are always given;
- `time="0"` is omitted (dorny reads NaN), sums of floats break the pattern: written here, three decimals;
- characters that XML forbids, lone surrogates too, crash it: `text.xml` before;
- `disabled` and `skipped` of `testsuites` are in no schema: the root is made here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import junit_xml

from sm_ci.report import wording
from sm_ci.text import shorten, xml

MESSAGE_LIMIT = 500
Relative = Callable[[str], str]
"""Makes a path of the spec relative to the repository."""


def document(
    name: str,
    cases: Sequence[junit_xml.TestCase],
    *,
    hostname: str,
    started: datetime,
    properties: Mapping[str, str],
    file: str,
    output: str,
) -> str:
    """The whole report. Texts are without secrets; `name` and `file` are as XML may have them."""
    suite = junit_xml.TestSuite(
        name,
        cases,
        hostname=xml(hostname) or "localhost",
        timestamp=started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        properties={key: xml(value) for key, value in properties.items() if value},
        file=file,
        stdout=xml(output),
    )
    root = _root(suite.build_xml_doc(), [case.elapsed_sec for case in cases])
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written.decode("utf-8") + "\n"


def _root(suite: ET.Element, times: list[float]) -> ET.Element:
    suite.attrib.pop("disabled", None)
    for element, time in zip(suite.iterfind("testcase"), times, strict=True):
        element.set("time", f"{time:.3f}")
    suite.set("time", f"{sum(round(time, 3) for time in times):.3f}")
    shared = {key: suite.attrib[key] for key in ("name", "time", "tests", "failures", "errors")}
    root = ET.Element("testsuites", shared)
    root.append(suite)
    ET.indent(root)
    return root


def place(path: str, line: int) -> str:
    """Where in a text; mikepenz finds a place only behind white space."""
    return f" {path}:{line}"


def said(message: str, text: str) -> tuple[str, str]:
    """Message and text, never empty; nothing is left of a text that only colours."""
    shown = xml(shorten(wording.first_line(message), MESSAGE_LIMIT)).strip() or "no reason was given"
    return shown, xml(text).strip("\n") or shown


def named(text: str, otherwise: str) -> str:
    """A name in one line, never empty."""
    return " ".join(xml(text).split()) or otherwise
