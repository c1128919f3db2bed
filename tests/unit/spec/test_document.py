from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from sm_ci.errors import Location, SpecError
from sm_ci.spec.document import read

Read = Callable[[str | bytes], str]
LOADERS = [
    pytest.param(getattr(yaml, "CSafeLoader", yaml.SafeLoader), id="libyaml"),
    pytest.param(yaml.SafeLoader, id="pure"),
]


def said(source: str | bytes, loader: Any = yaml.SafeLoader) -> list[str]:
    try:
        return [str(finding) for finding in read("s.yml", source, loader).findings]
    except SpecError as error:
        return [str(finding) for finding in error.findings]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: {b: ${n}}\n", 's.yml:1:8: a ${…} inside {…} or […] must stand in quotes; write "${n}"'),
        ("a: [x-${n}.json, 1]\n", 's.yml:1:5: a ${…} inside {…} or […] must stand in quotes; write "x-${n}.json"'),
        ("a: {b: r/${n}:${m}}\n", 's.yml:1:8: a ${…} inside {…} or […] must stand in quotes; write "r/${n}:${m}"'),
        ("latency: >500ms\n", "s.yml:1:10: a value that begins with '>' must stand in quotes; write \">500ms\""),
        ("latency: > 500ms\n", "s.yml:1:10: a value that begins with '>' must stand in quotes; write \"> 500ms\""),
        ("a: {b: >500ms}\n", "s.yml:1:8: a value that begins with '>' must stand in quotes; write \">500ms\""),
        ("a: |x\n", "s.yml:1:4: a value that begins with '|' must stand in quotes; write \"|x\""),
        ("a: @x\n", "s.yml:1:4: a value that begins with '@' must stand in quotes; write \"@x\""),
        ("a: %x\n", "s.yml:1:4: a value that begins with '%' must stand in quotes; write \"%x\""),
        ("a: `x`\n", "s.yml:1:4: a value that begins with '`' must stand in quotes; write \"`x`\""),
        ("a: *.json\n", "s.yml:1:4: a value that begins with '*' must stand in quotes; write \"*.json\""),
        ("a: 'x\nb: 1\n", "s.yml:1:4: the quote that begins here is never closed; close it"),
        ('a: "x\nb: 1\n', "s.yml:1:4: the quote that begins here is never closed; close it"),
        ("a: [1, 2\nb: 3\n", "s.yml:1:4: the '[' that stands here is not closed; close it with ']'"),
        ("a: {b: 1\nc: 2\n", "s.yml:1:4: the '{' that stands here is not closed; close it with '}'"),
        ('a: ["x" y]\n', "s.yml:1:9: a ',' or ']' is missing here; add it, or put the text in quotes"),
        ("a: [1,,2]\n", 's.yml:1:7: a value is missing here; write it, or "" for an empty text'),
        ("a:\n\tb: 1\n", "s.yml:2:1: a tab indents this line; indent with spaces"),
        ("a:\n  b: 1\n\tc: 2\n", "s.yml:3:1: a tab indents this line; indent with spaces"),
        (
            "a: b: c\n",
            "s.yml:1:5: a ':' is not allowed here; put a text that holds ': ' in quotes, or mend the indentation",
        ),
        ("a: 1\nfoo\nb: 2\n", "s.yml:2:1: a ':' is missing after this key; write 'key: value'"),
        (
            "a:\n  b: 1\n c: 2\n",
            (
                "s.yml:3:2: is neither a key of the mapping that begins in line 1 nor part of the value before it; "
                "mend the indentation, or put the whole text in quotes"
            ),
        ),
        (
            "- a\nb: 1\n",
            "s.yml:2:1: is not an item of the list that begins in line 1; write '- ' before it, or mend the indentation",
        ),
        ("a: - b\n", "s.yml:1:4: a list cannot begin here; begin it on a line of its own, or write it as [a, b]"),
    ],
)
def test_syntax_errors_say_what_to_write(source: str, message: str, loader: Any) -> None:
    assert said(source, loader) == [message]


UNKNOWN_ESCAPE = (
    "a backslash in double quotes begins an escape that YAML does not know; "
    "write the text in single quotes, or each backslash twice"
)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ["\\d+", "\\uzz", "x\\xz", "\\U1234"])
def test_an_unknown_escape(text: str, loader: Any) -> None:
    assert said(f'a: "{text}"\n', loader) == [f"s.yml:1:{5 + text.index(chr(92))}: {UNKNOWN_ESCAPE}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\\ud800b", "s.yml:1:6: \\ud800 is half of a character, which YAML does not know; write the whole character"),
        ("\\uDE00", "s.yml:1:5: \\uDE00 is half of a character, which YAML does not know; write the whole character"),
        (
            "\\ud83d\\ude00",
            "s.yml:1:5: \\ud83d is half of a character, which YAML does not know; write \\U0001F600, or the character itself",
        ),
        ("\\U00110000", f"s.yml:1:5: {UNKNOWN_ESCAPE}"),
        ("\\UFFFFFFFF", f"s.yml:1:5: {UNKNOWN_ESCAPE}"),
    ],
)
def test_an_escape_of_what_is_no_character(text: str, message: str) -> None:
    """JSON writes an emoji as two halves. PyYAML's own parser only knows roughly where."""
    assert said(f'a: "{text}"\n', getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == [message]
    for source in (f'a: "{text}"\n', f'"{text}": 1\n', f'a: [x, "{text}"]\n'):
        (found,) = said(source, yaml.SafeLoader)
        assert found.endswith(UNKNOWN_ESCAPE)


def test_other_syntax_errors_keep_the_parsers_reason() -> None:
    assert said("a: !e!x y\n") == [
        "s.yml:1:4: is not YAML: found undefined tag handle '!e!'; put the text in quotes, or mend the indentation"
    ]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "s.yml:1:1: is empty; write at least version and image"),
        ("# only a comment\n", "s.yml:1:1: is empty; write at least version and image"),
        ("---\n", "s.yml:1:1: is empty; write at least version and image"),
        (" \n\n# one\n  # two\n", "s.yml:1:1: is empty; write at least version and image"),
        (
            "\ufeff",
            's.yml:1:1: holds the character U+FEFF, which YAML does not allow; write it as "\\ufeff" in double quotes',
        ),
        ("\n- 1\n", "s.yml:2:1: must be a mapping of keys such as image and tests, not a list"),
        ("x\n", "s.yml:1:1: must be a mapping of keys such as image and tests, not the text 'x'"),
        ("---\na: 1\n---\nb: 1\n", "s.yml:3:1: a second document begins here; keep one spec in a file"),
        (
            "image: {{ x }}\n",
            "s.yml:1:9: image: keys must be text, not a mapping; put a text that begins with '{' or '[' in quotes",
        ),
        ("? [a]\n: 1\n", "s.yml:1:3: keys must be text, not a list; put a text that begins with '{' or '[' in quotes"),
        ("b: &a x\n*a : 1\n", "s.yml:2:1: keys must be text, not the alias *a; write the key out"),
        (
            "a: *x\n",
            (
                "s.yml:1:4: a: the alias *x has no anchor above it; "
                "write &x where the value stands first, or put the text in quotes"
            ),
        ),
        ("a: &a [*a]\n", "s.yml:1:8: a[0]: the alias *a stands inside the value that it repeats; write the value out"),
    ],
)
def test_what_leaves_no_tree(source: str, message: str, loader: Any) -> None:
    assert said(source, loader) == [message]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: 1\nb: {c: 1,\n  c: 2}\n", "s.yml:3:3: b.c: is given twice; the first is in line 2; keep one of the two"),
        ("a: {<<: 1}\n", "s.yml:1:5: a: '<<' merges mappings in YAML 1.1; a spec is YAML 1.2; write the keys out"),
        ("a: {1: 2}\n", 's.yml:1:5: a: keys must be text, not 1; write "1" in quotes'),
        ("true: 2\n", 's.yml:1:1: keys must be text, not true; write "true" in quotes'),
        ("~: 2\n", 's.yml:1:1: keys must be text, not ~; write "~" in quotes'),
        ("?\n: 2\n", 's.yml:1:2: keys must be text, not nothing; write "" in quotes'),
        ("a: " + "9" * 400, "s.yml:1:4: a: is a number of 400 characters; write it in quotes"),
        ("a: !!int x\n", "s.yml:1:4: a: is not what its tag !!int says; mend the value or leave the tag out"),
        (
            "a: !x 1\n",
            (
                "s.yml:1:4: a: has the tag '!x', which a spec cannot use; "
                "leave the tag out, or put a text that begins with '!' in quotes"
            ),
        ),
        (
            "a: !!set {x: null}\n",
            (
                "s.yml:1:4: a: has the tag '!!set', which a spec cannot use; "
                "leave the tag out, or put a text that begins with '!' in quotes"
            ),
        ),
        (
            "latency: >5\n",
            (
                "s.yml:1:10: latency: begins an empty block of text with '>'; "
                "put a text that begins with it in quotes, or write the block"
            ),
        ),
    ],
)
def test_what_is_wrong_and_does_not_hide_the_rest(source: str, message: str, loader: Any) -> None:
    assert said(source, loader) == [message]


def test_all_of_it_at_once() -> None:
    assert len(said("a: 1\na: 2\n1: x\n<<: y\nb: !x 1\n")) == 4


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: 1".encode("utf-16"), "s.yml:1:1: is not UTF-8 but UTF-16; save it as UTF-8"),
        (b"\xfe\xff\x00a", "s.yml:1:1: is not UTF-8 but UTF-16; save it as UTF-8"),
        ("a: 1".encode("utf-32"), "s.yml:1:1: is not UTF-8 but UTF-32; save it as UTF-8"),
        ("a: 1\nb: é".encode("latin-1"), "s.yml:2:4: is not UTF-8: the byte 0xe9; save it as UTF-8"),
        ("a: \ud800", "s.yml:1:4: is not UTF-8 here; save it as UTF-8"),
        (b"a: 1\n\x00", "s.yml:2:1: is not text: it holds a NUL character; name the spec's YAML file"),
        (
            "a: \x1b[0m",
            's.yml:1:4: holds the character U+001B, which YAML does not allow; write it as "\\u001b" in double quotes',
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            (
                "s.yml:1:1: is a Git LFS pointer and not the file itself; "
                "write lfs: true at actions/checkout, or run git lfs pull"
            ),
        ),
        (b"\x89PNG\r\n\x1a\n", "s.yml:1:1: is not UTF-8: the byte 0x89; save it as UTF-8"),
        (b"#" * (2**20 + 1), "s.yml:1:1: is larger than 1 MiB; put large bodies into files and name them with file:"),
    ],
)
def test_encodings(source: str | bytes, message: str) -> None:
    assert said(source) == [message]


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_text() -> None:
    document = read("s.yml", b"\xef\xbb\xbfa: 1")
    assert document.root.value == {"a": 1}
    assert document.place(("a",)) == Location(path="s.yml", line=1, column=4)


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    began = time.process_time()
    assert said("\n".join(lines)) == [
        "s.yml:7:17: g[4]: the aliases of this file expand to more than 4 MiB; put what repeats into a file"
    ]
    assert time.process_time() - began < 10


@pytest.mark.parametrize("loader", LOADERS)
def test_extreme_nesting(loader: Any) -> None:
    began = time.process_time()
    (message,) = said("a: " + "[" * 300_000, loader)
    assert time.process_time() - began < 30
    assert message.startswith("s.yml:1:103: a[0][0][0]")
    assert message.endswith("[0][0][0]: is nested more than 100 levels deep; write it flatter")
    assert said("a:\n" + "".join(" " * depth + "- \n" for depth in range(200)), loader)


def test_values_and_aliases() -> None:
    source = "base: &b {x: 1.10, y: [no, 0o17]}\nagain: *b\ntext: !!str 1.10\nquoted: '1'\nnone:\n"
    assert read("s.yml", source).root.value == {
        "base": {"x": 1.1, "y": ["no", 15]},
        "again": {"x": 1.1, "y": ["no", 15]},
        "text": "1.10",
        "quoted": "1",
        "none": None,
    }


@pytest.mark.parametrize("loader", LOADERS)
def test_places(loader: Any) -> None:
    document = read("dir/s.yml", "# é\nfirst: 1\ntests:\n  - name: é\n    expect: {'ö ä': [1, {k: 2}]}\nend:\n", loader)

    def place(*path: str | int, key: bool = False) -> str:
        return str(document.place(path, key=key))

    assert place() == "dir/s.yml:2:1"
    assert place("first") == "dir/s.yml:2:8"
    assert place("first", key=True) == "dir/s.yml:2:1"
    assert place("tests") == "dir/s.yml:4:3"
    assert place("tests", 0) == "dir/s.yml:4:5"
    assert place("tests", 0, "name") == "dir/s.yml:4:11"
    assert place("tests", 0, "expect", "ö ä", 1, "k") == "dir/s.yml:5:29"
    assert place("tests", 0, "expect", "ö ä", 1, "k", key=True) == "dir/s.yml:5:26"
    assert place("tests", 0, "expect", "ö ä", key=True) == "dir/s.yml:5:14"
    assert place("end") == "dir/s.yml:6:5"


def test_a_path_that_leads_nowhere_has_the_place_of_its_nearest_ancestor() -> None:
    document = read("s.yml", "a: {b: 1}\n")
    assert str(document.place(("a", "x", "y"))) == "s.yml:1:4"
    assert str(document.place(("a", "b", "y"), key=True)) == "s.yml:1:8"
    assert str(document.place(("x",))) == "s.yml:1:1"
    assert document.node(("a", "x", "y")) is None


def test_the_raw_text_of_a_scalar_is_kept() -> None:
    node = read("s.yml", "a: 1.10\n").node(("a",))
    assert node is not None
    assert (node.raw, node.value) == ("1.10", 1.1)
