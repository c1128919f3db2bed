"""Which tags are meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.spec.tags import tag_pattern


@pytest.mark.parametrize(
    ("pattern", "tag", "matches"),
    [
        ("2.*-gpu-*-sagemaker", "2.5.1-gpu-py311-cu124-ubuntu22.04-sagemaker", True),
        ("2.*-gpu-*-sagemaker", "2.5.1-gpu-py311-cu124-ubuntu22.04-sagemaker-v1.0", False),
        ("2.*", "12.5", False),
        ("1.?", "1.9", True),
        ("1.?", "1.10", False),
        ("1.[89]", "1.9", True),
        ("1.[!89]", "1.9", False),
        ("GPU", "gpu", False),
        (r"/^1\.(8|9)$/", "1.9", True),
        (r"/^1\.(8|9)$/", "1.90", False),
        ("/gpu/", "2.5.1-gpu-py311", True),
        ("/(?i)GPU/", "2.5.1-gpu", True),
    ],
)
def test_a_glob_is_the_whole_tag_and_a_regex_is_found_in_it(pattern: str, tag: str, matches: bool) -> None:
    assert tag_pattern(pattern).matches(tag) is matches


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/(/", "is no regular expression: '/(/': missing ) at position 1; mend it, or write a glob"),
        ("churn:2.*", "matches no tag, as none holds ':': 'churn:2.*'; write what follows the ':'"),
        ("2.* ", "matches no tag, as none holds ' ': '2.* '; write a glob such as 2.*-gpu-*, or /regex/"),
        ("^2", "matches no tag, as none holds '^': '^2'; write a glob such as 2.*-gpu-*, or /regex/"),
        ("1.[8", "matches no tag, as none holds '[': '1.[8'; write a glob such as 2.*-gpu-*, or /regex/"),
        ("//", "matches no tag, as none holds '/': '//'; write a glob such as 2.*-gpu-*, or /regex/"),
    ],
)
def test_what_is_wrong(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        tag_pattern(pattern)


def test_a_search_without_end_is_given_up() -> None:
    endless = tag_pattern("/^(a|aa)+$/")
    message = (
        f"was given up after 1 s on the tag '{'a' * 40}-': '/^(a|aa)+$/'; "
        "the pattern backtracks without end, write it simpler"
    )
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        endless.matches("a" * 40 + "-")


@given(st.text(max_size=40), st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}\Z"))
def test_any_pattern_is_told_or_matches_or_not(pattern: str, tag: str) -> None:
    told = ""
    try:
        found = tag_pattern(pattern).matches(tag)
    except ValueError as error:
        told = str(error)
    assert "; " in told if told else isinstance(found, bool)


@given(st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z"))
def test_a_tag_itself_is_a_pattern_for_itself(tag: str) -> None:
    assert tag_pattern(tag).matches(tag)
