"""Rules about `upgrade`: which tags, which files, how much may differ. Reads the files that are named."""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci.errors import Finding
from sm_ci.spec import allowances, tags
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value


def check(root: Value, files: Files) -> Iterator[Finding]:
    """What is wrong or odd with `upgrade`."""
    upgrade = root.at("upgrade")
    yield from _tags(upgrade.at("tags"))
    for value in upgrade.at("write").items():
        if value.text is not None:
            yield from files.file(value)
    for metric, value in upgrade.at("allow").entries():
        yield from _allow(metric, value)


def _tags(value: Value) -> Iterator[Finding]:
    if value.text is None or len(value.text) > tags.LONGEST:
        return
    if not value.text:
        yield value.error("tags", "is empty, which no tag is", "write a glob such as 2.*-gpu-*, or leave it out")
        return
    try:
        tags.tag_pattern(value.text)
    except ValueError as error:
        message, _, remedy = str(error).rpartition("; ")
        yield value.error("tags", message, remedy)


def _allow(metric: str, value: Value) -> Iterator[Finding]:
    """Only text is judged: of other kinds the model says what is wrong."""
    try:
        allowances.check_metric(metric)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        yield value.error("allow", message, remedy, key=True)
        return
    if value.text is None:
        return
    try:
        allowances.check(metric, value.text)
    except ValueError as error:
        message, _, remedy = str(error).rpartition("; ")
        yield value.error("allow", message, remedy)
