"""How the lint reads what people wrote: Python for other Pythons, properties, protobuf's text; and what is made to hurt it."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path

import pytest

from sm_ci.artifact.lint import Host, lint_source
from sm_ci.artifact.lint.definitions import Arity, arity, definitions
from sm_ci.artifact.lint.pbtxt import Field, Malformed, read
from sm_ci.artifact.lint.properties import Properties
from sm_ci.artifact.lint.source import OURS, PYTHON_2, Trouble, parse
from sm_ci.artifact.lint.tree import Entry, Kind, Tree, inside
from tests.unit.artifact.lint.conftest import Check, write

NEWER = sys.version_info[:2] < (3, 12)


@pytest.mark.skipif(not NEWER, reason="this Python reads them")
@pytest.mark.parametrize(
    "source",
    ["f'{a['b']}'", "def f[T](x): ...", "class A[T]: ...", "type X = int", "f'{a!r:{'>'}10}'"],
)
def test_what_a_newer_python_reads_is_not_called_wrong(source: str) -> None:
    found = parse(source.encode())
    assert isinstance(found, Trouble)
    assert found.newer
    known = parse(source.encode(), (3, 10))
    assert isinstance(known, Trouble)
    assert not known.newer


@pytest.mark.parametrize("source", ["print('=)", "def f(:", "x = (", "if x\n  y", "class A(:", "f'{x'", "  return 1"])
def test_what_no_python_reads_is(source: str) -> None:
    found = parse(source.encode(), OURS)
    assert isinstance(found, Trouble)
    assert not found.newer


def test_python_2_is_not_judged() -> None:
    assert parse(b"print 'x'\n", PYTHON_2) is None


@pytest.mark.parametrize(
    "source", [b"(" * 5000, b"-" * 300_000 + b"1", b"x" + b".y" * 100_000, b"\0" * 100, b"[" * 90 + b"]" * 90]
)
def test_what_is_nested_too_deep_ends_nothing(source: bytes) -> None:
    begun = time.process_time()
    found = parse(source)
    if isinstance(found, ast.Module):
        definitions(found)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("source", "takes", "said"),
    [
        ("def f(): ...", (0,), "no arguments"),
        ("def f(a): ...", (1,), "1 argument"),
        ("def f(a, /, b, c=1): ...", (2, 3), "2 to 3 arguments"),
        ("def f(a, *b, **c): ...", (1, 2, 3, 9), "1 or more arguments"),
        ("def f(a, *, b): ...", (), "b by its name"),
        ("async def f(a, *, b=1): ...", (1,), "1 argument"),
    ],
)
def test_how_many_arguments_a_function_takes(source: str, takes: tuple[int, ...], said: str) -> None:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    found: Arity = arity(function)
    assert tuple(count for count in range(10) if found.takes(count)) == (
        takes if found.most is not None else tuple(range(1, 10))
    )
    assert str(found) == said


def test_what_a_module_binds() -> None:
    found = definitions(
        ast.parse(
            "import a.b as c, d.e\nx, (y, *z) = 1, (2, 3)\nwith o() as w:\n    def f(): ...\n"
            "for i in []:\n    k = 1\nclass K:\n    inner = 1\nif (n := 1): pass\ndef f(): ...\n@dec\ndef g(): ...\n"
        )
    )
    assert found.bound == {"c", "d", "x", "y", "z", "w", "f", "i", "k", "K", "n", "g"}
    assert not found.open
    assert not found.may_define("inner")
    assert found.has("K")
    assert not found.has("k")
    assert found.function("f") is None  # there are two
    assert found.function("g") is None  # what a decorator makes of it is not known


def test_properties_as_java_reads_them() -> None:
    text = "! no\n  a = 1 \nb:2\nc 3\nd\\:e=f\\=g\nlong=x\\\n   y\n\nempty=\nlast"
    tree = Tree(
        entries={"p": Entry(name="p", kind=Kind.FILE, size=len(text))},
        reader=lambda _name, limit: text.encode()[:limit],
    )
    found = [(pair.key, pair.value, pair.line, pair.column) for pair in Properties.of(tree, "p").pairs]
    assert found == [
        ("a", "1 ", 2, 3),
        ("b", "2", 3, 1),
        ("c", "3", 4, 1),
        ("d:e", "f=g", 5, 1),
        ("long", "xy", 6, 1),
        ("empty", "", 9, 1),
        ("last", "", 10, 1),
    ]


def shape(fields: list[Field]) -> list[object]:
    return [(one.name, shape(list(one.fields)) if one.fields else one.value) for one in fields]


def test_protobufs_text() -> None:
    text = "a: 1 # one\nb { c: \"x\" 'y' d: [1, -2.5e3, TYPE_FP32] }\ne <f: true>; g: [{h: 1}, {h: 2}], i {}\n[x.y/z.W]: {v: 1}"
    assert shape(read(text)) == [
        ("a", "1"),
        ("b", [("c", "xy"), ("d", "1"), ("d", "-2.5e3"), ("d", "TYPE_FP32")]),
        ("e", [("f", "true")]),
        ("g", [("h", "1")]),
        ("g", [("h", "2")]),
        ("i", ""),
        ("[x.y/z.W]", [("v", "1")]),
    ]
    assert read("# nothing\n") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {\n b: 1\n", "2:5: it ends before a closing '}'"),
        ("a: [1, 2", "1:8: it ends before a closing ']'"),
        ("a:\n", "1:1: the field 'a' has no value"),
        ("a: }", "1:4: '}' stands where a value belongs"),
        ("a: 1\n} b: 1", "2:1: '}' stands where a field's name belongs"),
        ("a: 'x\n", "1:4: a text that does not end"),
        ("a: $", "1:4: '$', which does not belong there"),
        ("a: " + "[" * 10_000, "1:5: a list stands in a list"),
        ("a {" * 10_000, "1:301: 'a' stands where a field's name belongs"),
    ],
    ids=["brace", "bracket", "value", "sign", "name", "text", "character", "lists", "depth"],
)
def test_protobufs_text_that_is_none(text: str, said: str) -> None:
    with pytest.raises(Malformed) as raised:
        read(text)
    assert f"{raised.value.line}:{raised.value.column}: {raised.value}" == said


@pytest.mark.parametrize(
    ("link", "name"),
    [("b", "a/b"), ("../b", "b"), ("../../b", None), ("/b", None), ("./x/../c", "a/c"), ("..", ".")],
)
def test_where_a_link_leads(link: str, name: str | None) -> None:
    assert inside(Entry(name="a/link", kind=Kind.LINK, link=link)) == name


def test_a_handler_of_more_than_a_mebibyte_is_not_read(check: Check) -> None:
    assert check({"code/inference.py": b"x(" + b"#" * 2**20}) == ()


def test_names_of_any_bytes_do_no_harm(tmp_path: Path) -> None:
    folder = write(tmp_path / "model", {"code/inference.py": "x = 1\n"})
    (folder / "\udcff\u202e\n.sh").write_bytes(b"#!/bin/sh\r\n")
    (folder / ("n" * 250)).mkdir()
    (finding,) = lint_source(folder, Host(folder="model"))
    assert finding.rule == "script-crlf"
    assert finding.at is not None
    assert finding.at.path == "model/\udcff\u202e\n.sh"
