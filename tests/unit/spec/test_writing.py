"""A spec that is written is read as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.spec.document import read
from sm_ci.spec.writing import written

SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text(max_size=20)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner))


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert read("s.yml", written({"x": value}).encode()).root.value == {"x": value}


@pytest.mark.parametrize("text", ["no", "1.10", "1e5", "null", "~", "0x1f", "true", "2026-01-01", " a", "a: b", "#c"])
def test_text_stays_text(text: str) -> None:
    assert read("s.yml", written({"x": text}).encode()).root.value == {"x": text}


def test_it_reads_well() -> None:
    tests = [{"name": "a", "request": {"csv": [[0.1, 0.2]]}, "expect": {"status": 200, "text": "x\ny\n"}}]
    assert written({"version": 1, "image": "churn:1", "tests": tests}, "# head\n") == (
        "# head\n"
        "version: 1\n"
        "image: churn:1\n"
        "tests:\n"
        "  - name: a\n"
        "    request: {csv: [[0.1, 0.2]]}\n"
        '    expect: {status: 200, text: "x\\ny\\n"}\n'
    )
