"""Where scalars stand in any YAML."""

from __future__ import annotations

import pytest

from sm_ci.spec.positions import Mapping, Scalar, Sequence, documents, plain_is_text, walk

TEXT = (
    "\ufeffa: &v  \"x y\"\r\n# ü🙂 c\r\nb: *v\r\nc: '🙂é'   # k\r\nd: !Sub  |-\r\n  foo\r\n  bar\r\n"
    "e: pl  ain   # x\r\nf: {g: 1.9, h: [p, q], i: !t , j: &w}\r\n? [r]\r\n: s\r\n---\r\n- t\r\n..."
)


def test_every_scalar_is_told_as_it_stands() -> None:
    found = [node for root in documents(TEXT) for node in walk(root) if isinstance(node, Scalar)]
    assert all(TEXT[node.start : node.end] == node.source for node in found)
    assert [(node.value, node.source, node.style) for node in found] == [
        ("x y", "x y", '"'),
        ("🙂é", "🙂é", "'"),
        ("foo\nbar", "  foo\r\n  bar\r\n", "|"),
        ("pl  ain", "pl  ain", ""),
        ("1.9", "1.9", ""),
        ("p", "p", ""),
        ("q", "q", ""),
        ("", "", ""),
        ("", "", ""),
        ("r", "r", ""),
        ("s", "s", ""),
        ("t", "t", ""),
    ]


def test_an_alias_is_the_anchors_own_node() -> None:
    (root, more) = documents(TEXT)
    assert isinstance(root, Mapping)
    assert root.get("a") is root.get("b")
    assert root.get("none") is None
    assert isinstance(more, Sequence)


def test_laughs_are_walked_once() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    (root,) = documents("\n".join(lines))
    assert sum(isinstance(node, Scalar) for node in walk(root)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [b c: d\n]}", "did not find expected"),
        ("a: b\n\tc: d", "indentation in line 2"),
        ("a: *b", "the alias *b has no anchor above it"),
        ("a: \x01", "control characters are not allowed"),
        ("[" * 1001, "is nested more than 1000 levels deep"),
    ],
)
def test_what_is_no_yaml(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*").replace("[", r"\[")):
        documents(text)


@pytest.mark.parametrize("text", ["1.10.1", "2.5.1-gpu", "latest", "v1", "1e5a", "a:1"])
def test_what_is_text_without_quotes(text: str) -> None:
    assert plain_is_text(text)


@pytest.mark.parametrize(
    "text", ["1.10", "3", "1e5", "0x1f", "012", "1_0", "1:30", "2026-01-01", "yes", "null", "~", ""]
)
def test_what_needs_quotes_to_be_text(text: str) -> None:
    assert not plain_is_text(text)
