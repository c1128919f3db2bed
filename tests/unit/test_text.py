import base64
import html as html_module
import json
import re
import xml.etree.ElementTree as ET
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sm_ci import text

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


def test_a_long_text_loses_its_middle() -> None:
    assert text.shorten("abcdefghij", 10) == "abcdefghij"
    assert text.shorten("abcdefghijk", 10) == "abcde…hijk"
    assert text.shorten("abc", 1) == "…"
    assert text.shorten("abc", 0) == ""


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


def test_secrets_that_overlap_leave_nothing() -> None:
    redact = text.Redactor(["abcd", "cdef", "secret", "secretary"])
    assert redact("abcdef secretary secret") == "*** *** ***"


def test_bytes_are_masked_too() -> None:
    redact = text.Redactor(["pässword", "key\udc80"])
    assert redact.data(b"\x00p\xc3\xa4ssword\xff key\x80") == b"\x00***\xff ***"
    assert text.Redactor([]).data(b"\xff") == b"\xff"


@given(st.lists(anything.filter(lambda value: "*" not in value), max_size=4), st.lists(anything, max_size=4))
@example(["\ud800\udc80"], [])
def test_no_secret_survives(secrets: list[str], others: list[str]) -> None:
    redact = text.Redactor(secrets)
    said = "".join(piece for pair in zip(secrets, [*others, *secrets], strict=False) for piece in pair)
    masked = redact(said)
    assert not any(secret in masked for secret in secrets if secret.strip())


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


@given(anything)
def test_html_has_no_markup(value: str) -> None:
    escaped = text.html(value)
    assert not re.search("[<>\"']", escaped)
    assert html_module.unescape(escaped) == text.terminal(value)


@given(anything)
def test_a_terminal_gets_nothing_it_acts_upon(value: str) -> None:
    shown = text.terminal(value)
    assert all(char in "\t\n" or char.isprintable() or char.isspace() or ord(char) > 0xA0 for char in shown)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown)


def test_terminal_sequences_go_and_the_rest_shows() -> None:
    assert text.terminal("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07") == "red link"
    assert text.terminal("50 %\r100 %\r\nbell\x07 \u202eevil\x1b[") == "50 %\n100 %\nbell\\x07 \\u202eevil\\x1b["


@given(anything)
def test_a_markdown_cell_shows_its_text_and_nothing_else(value: str) -> None:
    row = markup.render(f"| a | b |\n|---|---|\n| {text.markdown(value)} | end |\n")
    cells = re.findall("<td>(.*?)</td>", row, re.DOTALL)
    assert len(cells) == 2
    assert "<" not in cells[0]
    assert html_module.unescape(cells[0]).replace("\u200b", "") == " ".join(text.terminal(value).split()).replace(
        "\u200b", ""
    )


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


@given(anything)
def test_a_code_block_cannot_be_closed(value: str) -> None:
    tokens = markup.parse(f"before\n\n{text.code_block(value, 'text')}\nafter\n")
    blocks = [token for token in tokens if token.type == "fence"]
    assert len(blocks) == 1
    assert blocks[0].content.rstrip("\n") == text.terminal(value).rstrip("\n").replace("\x00", "")
    assert [token.content for token in tokens if token.type == "inline"] == ["before", "after"]


@given(anything)
def test_a_command_is_one_line_and_ends_where_it_should(value: str) -> None:
    data = text.command_data(value)
    assert not re.search("[\r\n\x0b\x0c\x85\u2028\u2029]", data)
    assert not re.search("[:,\r\n]", text.command_property(value))


def test_commands_are_escaped_as_the_runner_reads_them() -> None:
    assert text.command_data("100%\r\na:b,c") == "100%25%0D%0Aa:b,c"
    assert text.command_property("100%\r\na:b,c") == "100%25%0D%0Aa%3Ab%2Cc"
    assert text.command_value("a%\x1b[1m\n") == "a%25\x1b[1m%0A"


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
