import base64
import html as html_module
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from urllib.parse import quote

import cmarkgfm
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sm_ci import text
from tests.e2e.reading import REGISTERED, find

# Lone surrogates too: what a container prints is decoded with surrogateescape.
commands = [
    "::",
    "##[",
    "##vso[",
    "#",
    "[",
    "%0A",
    "error",
    "set-output name=a",
    " ",
    "\u00a0",
    "\ufeff",
    "\u200b",
    "\u2060",
    "\U000e0001",
    "::error::x",
    "##[error]x",
    "\\",
    "x",
    "é",
]
controls = [
    "\x1b[31m",
    "\x1b",
    "\x9b",
    "\x1b]0;t\x07",
    "\r",
    "\n",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
    "\u202e",
    "\x00",
]
illegal = ["\ud800", "\udc80", "\ufffe", "]]>"]
marks = ["`", "```", "|", "<b>", "&", "@me", "#12", "](http://x)", "1. ", "- ", "www.x.org", "*", "_", "~"]
pieces = [*commands, *controls, *illegal, *marks]
anything = st.text(st.characters(), max_size=60) | st.lists(st.sampled_from(pieces), max_size=12).map("".join)
markup = MarkdownIt("commonmark").enable("table")
SINK = settings(max_examples=2 * settings().max_examples)  # each is cheap, and all untrusted text goes through them


def test_a_long_text_loses_its_middle() -> None:
    assert text.shorten("abcdefghij", 10) == "abcdefghij"
    assert text.shorten("abcdefghijk", 10) == "abcde…hijk"
    assert text.shorten("abc", 1) == "…"
    assert text.shorten("abc", 0) == ""


@settings(SINK)
@given(anything, st.integers(0, 50))
def test_shortened_is_never_longer_than_the_limit(value: str, limit: int) -> None:
    assert len(text.shorten(value, limit)) <= limit


@pytest.mark.parametrize(
    "shown",
    [
        "s3cr3t/+&\"'äö",
        json.dumps("s3cr3t/+&\"'äö"),
        json.dumps("s3cr3t/+&\"'äö", ensure_ascii=False),
        quote("s3cr3t/+&\"'äö"),
        quote("s3cr3t/+&\"'äö", safe="").lower(),
        html_module.escape("s3cr3t/+&\"'äö"),
        base64.b64encode("s3cr3t/+&\"'äö".encode()).decode(),
        base64.urlsafe_b64encode("s3cr3t/+&\"'äö".encode()).decode(),
    ],
)
def test_every_form_of_a_secret_is_masked(shown: str) -> None:
    redact = text.Redactor(["s3cr3t/+&\"'äö", "", "  "])
    assert redact(f"<{shown}>").replace('"', "") == "<***>"


def test_a_secret_inside_of_base64_is_masked_at_every_offset() -> None:
    redact = text.Redactor(["correct horse battery"])
    for before in ("", "u", "us", "use", "user"):
        encoded = base64.b64encode(f"{before}:correct horse battery:more".encode()).decode()
        masked = redact(encoded)
        assert "***" in masked
        assert len(masked) < len(encoded) - 20


def test_lines_of_a_secret_are_masked_when_they_say_something() -> None:
    redact = text.Redactor(["{\n  private key one\n}\n"])
    assert redact("got: private key one, {}") == "got: ***, {}"


SECRET = "hf_Zk3Qw9LrT7vB2mXc8nD4"


def test_a_secret_that_is_broken_between_lines_is_masked_and_the_lines_stay() -> None:
    redact = text.Redactor([SECRET])
    assert redact(f"got {SECRET[:9]}\n{SECRET[9:]} there") == "got ***\n*** there"
    assert redact(f"[\n  '{SECRET[:9]}\n   {SECRET[9:15]}\r\n{SECRET[15:]}'\n]") == "[\n  '***\n   ***\r\n***'\n]"
    assert redact.data(f"{SECRET[:9]}\né{SECRET}\n{SECRET[:9]}\n{SECRET[9:]}".encode()).decode() == (
        f"{SECRET[:9]}\né***\n***\n***"
    )
    assert redact.lines(["a", SECRET[:9], SECRET[9:], "", "b"]) == ["a", "***", "***", "", "b"]
    assert redact.lines([]) == []
    assert redact.lines([""]) == [""]


def test_wrapped_base64_of_a_secret_is_masked() -> None:
    """As `base64` wraps it, after 76 characters."""
    encoded = base64.encodebytes(f"{'user' * 12}:{SECRET}:more".encode()).decode()
    assert encoded.count("\n") == 2
    masked = text.Redactor([SECRET])(encoded)
    assert masked.count("\n") == 2
    assert "***\n***" in masked


def test_a_colour_inside_of_a_secret_does_not_bring_it_past() -> None:
    """Every sink removes colours, and would put the secret together again."""
    redact = text.Redactor([SECRET])
    assert text.terminal(redact(f"{SECRET[:5]}\x1b[31m{SECRET[5:]}\x9b0m!")) == "***!"
    assert redact.data(f"é\x1b[1m{SECRET[:5]}\x1b[31m{SECRET[5:]}".encode()).decode() == "é***"
    assert redact("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"


@settings(SINK)
@given(st.lists(anything.map(lambda value: value.replace("\n", "")), max_size=6), st.integers(1, 21))
def test_lines_stay_as_many_as_they_are(others: list[str], at: int) -> None:
    texts = [*others, SECRET[:at], SECRET[at:], *others]
    masked = text.Redactor([SECRET]).lines(texts)
    assert len(masked) == len(texts)
    assert SECRET not in "".join(masked)


def test_secrets_that_overlap_leave_nothing() -> None:
    redact = text.Redactor(["abcd", "cdef", "secret", "secretary"])
    assert redact("abcdef secretary secret") == "*** *** ***"


def test_bytes_are_masked_too() -> None:
    redact = text.Redactor(["pässword", "key\udc80"])
    assert redact.data(b"\x00p\xc3\xa4ssword\xff key\x80") == b"\x00***\xff ***"
    assert text.Redactor([]).data(b"\xff") == b"\xff"


@settings(SINK)
@given(st.lists(anything.filter(lambda value: "*" not in value), max_size=4), st.lists(anything, max_size=4))
@example(["\ud800\udc80"], [])
def test_no_secret_survives(secrets: list[str], others: list[str]) -> None:
    redact = text.Redactor(secrets)
    said = "".join(piece for pair in zip(secrets, [*others, *secrets], strict=False) for piece in pair)
    masked = redact(said)
    assert not any(secret in masked for secret in secrets if secret.strip())


@settings(SINK)
@given(anything)
def test_xml_parses_back_to_what_was_written(value: str) -> None:
    element = ET.Element("a", {"b": text.xml(value)})
    element.text = text.xml(value)
    back = ET.fromstring(ET.tostring(element, encoding="utf-8"))
    assert back.get("b") == text.xml(value)
    assert (back.text or "") == text.xml(value)


def test_xml_shows_what_it_may_not_hold() -> None:
    assert (
        text.xml("a\x00b\x1b[31mred\x1b[0m\udce9\ud800\ufffe\t\r\nend]]>") == "a\\x00bred\\xe9\\ud800\\ufffe\t\nend]]>"
    )


@settings(SINK)
@given(anything)
def test_html_has_no_markup(value: str) -> None:
    escaped = text.html(value)
    assert not re.search("[<>\"']", escaped)
    assert html_module.unescape(escaped) == text.terminal(value)


@settings(SINK)
@given(anything)
def test_a_terminal_gets_nothing_it_acts_upon(value: str) -> None:
    shown = text.terminal(value)
    assert all(char in "\t\n" or char.isprintable() or char.isspace() or ord(char) > 0xA0 for char in shown)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown)


def test_terminal_sequences_go_and_the_rest_shows() -> None:
    assert text.terminal("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07") == "red link"
    assert text.terminal("50 %\r100 %\r\nbell\x07 \u202eevil\x1b[") == "50 %\n100 %\nbell\\x07 \\u202eevil\\x1b["


@settings(SINK)
@given(anything)
def test_a_markdown_cell_shows_its_text_and_nothing_else(value: str) -> None:
    row = markup.render(f"| a | b |\n|---|---|\n| {text.markdown(value)} | end |\n")
    cells = re.findall("<td>(.*?)</td>", row, re.DOTALL)
    assert len(cells) == 2
    assert "<" not in cells[0]
    assert html_module.unescape(cells[0]).replace("\u200b", "") == " ".join(text.terminal(value).split()).replace(
        "\u200b", ""
    )


@settings(SINK)
@given(anything)
def test_a_markdown_paragraph_is_a_paragraph(value: str) -> None:
    rendered = markup.render(text.markdown(value) + "\n")
    assert rendered == "" or re.fullmatch(r"<p>[^<>]*</p>\n", rendered)


def test_markdown_mentions_nobody() -> None:
    assert text.markdown("@me #12 a|b\nc `d` <i>") == (
        "&#64;&#8203;me &#35;&#8203;12 a&#124;b c &#96;d&#96; &#60;i&#62;"
    )
    assert text.markdown("http://evil.example www.evil.example GH-7") == (
        "http&#58;//evil.example www&#46;evil.example GH&#45;&#8203;7"
    )


@settings(SINK)
@given(anything)
def test_a_code_block_cannot_be_closed(value: str) -> None:
    tokens = markup.parse(f"before\n\n{text.code_block(value, 'text')}\nafter\n")
    blocks = [token for token in tokens if token.type == "fence"]
    assert len(blocks) == 1
    assert blocks[0].content.rstrip("\n") == text.terminal(value).rstrip("\n").replace("\x00", "")
    assert [token.content for token in tokens if token.type == "inline"] == ["before", "after"]


@settings(SINK)
@given(anything)
def test_a_command_is_one_line_and_ends_where_it_should(value: str) -> None:
    data = text.command_data(value)
    assert not re.search("[\r\n\x0b\x0c\x85\u2028\u2029]", data)
    assert not re.search("[:,\r\n]", text.command_property(value))


def test_commands_are_escaped_as_the_runner_reads_them() -> None:
    assert text.command_data("100%\r\na:b,c") == "100%25%0D%0Aa:b,c"
    assert text.command_property("100%\r\na:b,c") == "100%25%0D%0Aa%3Ab%2Cc"
    assert text.command_value("a%\x1b[1m\n") == "a%25\x1b[1m%0A"


@settings(SINK)
@given(anything)
@example("\x1b[0m::set-output name=a::b")
@example("#\x1b[0m#[error]x")
@example("\u00a0::x")
@example("x" * 995 + "##[error]" + "y" * 900)
def test_a_log_line_is_inert(value: str) -> None:
    line = text.inert_log_line(value)
    assert not re.match(r"[\s\ufeff\u200b]*::", line)
    assert "##[" not in line
    assert "##vso[" not in line
    assert len(line.splitlines()) <= 1
    assert len(line) <= 1000


def unseen(value: str) -> str:
    """As .NET compares strings: without what Unicode says is ignorable, white space and controls first of all."""
    return "".join(char for char in value if not (char.isspace() or unicodedata.category(char) in {"Cf", "Cc"}))


@settings(SINK)
@given(anything, st.sampled_from(sorted(REGISTERED)))
@example("#\u200b#[", "error")
@example(":\u2060:", "error")
@example("\U000e0001::", "error")
def test_a_runner_finds_no_command_in_a_log_line(value: str, name: str) -> None:
    """By the rules of actions/runner ActionCommand.cs, and of a reader that sees through every character without a width."""
    for said in (value, f"{value}{name}::x", f"{value}::{name}::x", f"{value}##[{name}]x", f"{value}{name}]x"):
        line = text.inert_log_line(said)
        assert find(line, REGISTERED) is None
        assert find(text.unmatched(line), REGISTERED) is None
        assert not unseen(line).startswith("::")
        assert "##[" not in unseen(line)


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        ('  File "a.py", line 3, in f', r"^\s*File\s\"(.*)\",\sline\s(\d+),\sin\s(.*)$"),
        ("a.c:3:1: error: x", r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
        ("a.py:3: error: x", r"^(.+):(\d+):\s(error|warning):\s(.+)$"),
        ("a.ts(3,1): error TS1: x", r"^([^\s].*)\((\d+),(\d+)\)\s*:\s+(error|warning|info)\s+(\w{1,2}\d+)\s*:\s*(.*)$"),
        (
            "a.js: line 3, col 1, Error - x (r)",
            r"^(.+):\sline\s(\d+),\scol\s(\d+),\s(Error|Warning)\s-\s(.+)\s\((.+)\)$",
        ),
        ("x\n  3:1  error  x  r", r"(?m)^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$"),
        ("a.go:3:1: x", r"^\s*(.+\.go):(?:(\d+):(\d+):|(\d+):)? (.*)"),
        ("12:34:56 error: x", r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
    ],
)
def test_a_problem_matcher_of_another_step_finds_no_place(said: str, pattern: str) -> None:
    assert re.search(pattern, said)
    assert not re.search(pattern, text.unmatched(said))
    assert text.unmatched(said).replace("\u200b", "") == said


def test_what_has_no_place_is_left_alone() -> None:
    for said in ("http://127.0.0.1:8080/ping", '{"a":[1,2],"b":3}', 'in "x", line 12', "(3 of 4)", "2026-01-02T03:04"):
        assert text.unmatched(said) == said


@settings(SINK)
@given(anything)
@example("a@b.co http://x.y www.x.y ftp://x.y mailto:a@b.co <b> ![x](http://y)")
def test_github_shows_no_link_picture_or_markup(value: str) -> None:
    """As GitHub's own renderer reads it, with its extensions."""
    cell = cmarkgfm.github_flavored_markdown_to_html(f"| a | b |\n|---|---|\n| {text.markdown(value)} | end |\n")
    assert set(re.findall("</?([a-z0-9]+)", cell)) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert cell.count("<td>") == 2
    block = cmarkgfm.github_flavored_markdown_to_html(f"{text.code_block(value, 'text')}\nafter\n")
    assert re.fullmatch(r"<pre[^>]*><code[^>]*>[^<]*</code></pre>\n<p>after</p>\n", block)


def test_a_log_line_stays_readable() -> None:
    assert text.inert_log_line("  ::error::x\r\n") == "  \\::error::x"
    assert text.inert_log_line("##[group]x\x1b[31m y\rz") == "##\\[group]x y\\x0dz"
    assert text.inert_log_line("##VSO[task.complete]") == "##\\VSO[task.complete]"
    assert text.inert_log_line("std::vector") == "std::vector"


def test_json_gets_unicode() -> None:
    assert text.encodable("ok\x00\udce9é") == "ok\x00\\xe9é"


@pytest.mark.parametrize(
    ("path", "root", "here", "shown"),
    [
        ("./sm-ci.yml", "", "", "sm-ci.yml"),
        ("/github/workspace/a/sm-ci.yml", "/github/workspace", "/github/workspace", "a/sm-ci.yml"),
        ("../b/sm-ci.yml", "/repo", "/repo/a", "b/sm-ci.yml"),
        ("sm-ci.yml", "/repo/", "/repo/a", "a/sm-ci.yml"),
        ("/elsewhere/sm-ci.yml", "/repo", "/repo", "elsewhere/sm-ci.yml"),
        ("/repo2/sm-ci.yml", "/repo", "/repo", "repo2/sm-ci.yml"),
    ],
)
def test_a_path_is_given_as_the_repository_knows_it(path: str, root: str, here: str, shown: str) -> None:
    assert text.repository_path(path, root=root, here=here) == shown


def test_what_a_cut_has_left_of_a_secret_is_masked_too() -> None:
    clean = text.Redactor(["hf_ZkAbCdEfGhIjKl"])
    assert clean("token hf_ZkAbC… in all") == "token ***… in all"
    assert clean('got "hf_ZkAbCdEf"… and more') == 'got "***"… and more'
    assert clean('"…EfGhIjKl" and more') == '"…***" and more'
    assert clean("…EfGhIjKl and more") == "…*** and more"
    assert clean('…"AbCdEfGh"… and more') == '…"***"… and more'
    assert clean("a…b hf_Zk… c") == "a…b hf_Zk… c"
