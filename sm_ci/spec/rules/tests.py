"""Rules about tests as a list: that there are some, and that their names can be told apart and printed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sm_ci.errors import Finding
from sm_ci.spec.value import Value
from sm_ci.spec.wording import quoted

NO_TESTS = "no-tests"
LOG_CHECK = "container log"
"""The name under which the spec's own `logs` are reported."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def check(root: Value) -> Iterator[Finding]:
    """What is wrong or odd with the list of tests and the names."""
    tests = root.at("tests")
    if tests.content in ([], None) or not root.has("tests"):
        message = "there are no tests, so this asserts only that the container comes into service"
        yield tests.warning(NO_TESTS, message, "add tests:")
    yield from printable(root.at("name"))
    first: dict[str, int] = {}
    for test in tests.items():
        name = test.at("name")
        yield from printable(name)
        if name.text is None:
            continue
        if name.text == LOG_CHECK and root.has("logs"):
            yield name.error(
                "test-name", f"{quoted(name.text)} is the name of the check of logs", "choose another name"
            )
        line = name.document.place(name.path).line
        if name.text in first:
            message = f"{quoted(name.text)} is the name of the test in line {first[name.text]} too"
            yield name.error("test-name", message, "give each test a name of its own")
        first.setdefault(name.text, line)


def printable(name: Value) -> Iterator[Finding]:
    """A name that no report could show."""
    bad = _UNPRINTABLE.search(name.text or "")
    if bad:
        message = f"holds the character U+{ord(bad[0]):04X}, which reports cannot show: {quoted(name.content)}"
        yield name.error("name", message, "write it in one line of visible characters")
