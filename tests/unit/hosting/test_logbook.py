"""The container's log, whatever it holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.hosting import logbook
from sm_ci.hosting.lines import LONGEST_PART, SHOWN, Lines
from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.timeline import Stopwatch


@pytest.fixture
def book(tmp_path: Path) -> Iterator[LogBook]:
    book = LogBook(tmp_path / "log", Stopwatch())
    yield book
    book.close()


def texts(book: LogBook) -> list[str]:
    return [line.text for line in book.since(0)]


def test_pieces_become_lines_however_they_are_cut(book: LogBook) -> None:
    for piece in (b"on", b"e\ntw", b"o\r\n\nlast"):
        book.feed("stdout", piece)
    assert texts(book) == ["one", "two", ""]
    book.close()
    assert texts(book) == ["one", "two", "", "last"]
    assert list(book.lines()) == ["one", "two", "", "last"]


def test_the_streams_do_not_mix_in_the_middle_of_a_line(book: LogBook) -> None:
    book.feed("stdout", b"half ")
    book.feed("stderr", b"error\n")
    book.feed("stdout", b"line\n")
    assert [(line.stream, line.text) for line in book.since(0)] == [("stderr", "error"), ("stdout", "half line")]


def test_a_long_line_counts_as_one_is_searched_whole_and_shown_by_its_start_and_end(book: LogBook) -> None:
    book.feed("stdout", b"x" * (LONGEST_PART - 3) + b"needle")
    book.feed("stdout", b"y" * LONGEST_PART + b"end\nnext\n")
    book.close()
    assert any("needle" in text for text in texts(book))
    assert any("needle" in line for line in book.lines())
    size = 2 * LONGEST_PART + 6
    excerpt = book.excerpt()
    assert excerpt.lines == 2
    half = SHOWN // 2
    assert [line.text for line in excerpt.tail] == [f"{'x' * half}…{'y' * (half - 3)}end ({size:,} bytes)", "next"]


def test_where_a_line_was_cut_the_cut_is_seen(book: LogBook) -> None:
    """`text.Redactor` looks there for what is left of a secret."""
    book.feed("stdout", b"x" * (2 * LONGEST_PART) + b"\n")
    first, *middle, last = texts(book)
    assert (first[-2:], last[:2], {text[:1] + text[-1:] for text in middle}) == ("x…", "…x", {"……"})


def test_a_line_of_which_nothing_follows_the_last_cut_is_shown_too(book: LogBook) -> None:
    book.feed("stdout", b"x" * (LONGEST_PART + 1))
    book.feed("stderr", b"other\n")
    book.close()
    assert [line.text[-20:] for line in book.excerpt().tail] == ["other", f"xxxxx ({LONGEST_PART + 1:,} bytes)"]


def test_a_file_that_is_full_takes_no_more_and_says_so(tmp_path: Path) -> None:
    book = LogBook(tmp_path / "small", Stopwatch(), largest=1000)
    for number in range(300):
        book.feed("stdout", b"line %d\n" % number)
    book.close()
    assert book.incomplete == "the log has more than 1,000 bytes; only its start was searched"
    assert 900 < (tmp_path / "small").stat().st_size <= 1000
    assert (book.excerpt().lines, book.excerpt().tail[-1].text) == (300, "line 299")


def test_a_log_that_nobody_waited_for_is_incomplete(book: LogBook) -> None:
    book.abandon("it still came")
    book.abandon("later")
    assert book.incomplete == "it still came"


def test_bytes_that_are_no_text_do_not_hurt(book: LogBook) -> None:
    book.feed("stdout", b"\x00\xff\xfe \x1b[31m\n")
    book.close()
    assert texts(book) == ["\x00\ufffd\ufffd \x1b[31m"]
    assert list(book.lines()) == texts(book)


def test_memory_is_bounded_and_the_excerpt_has_both_ends(book: LogBook) -> None:
    count = logbook.WINDOW + 1000
    book.feed("stdout", b"".join(b"line %d\n" % number for number in range(count)))
    excerpt = book.excerpt()
    assert excerpt.lines == count
    assert [line.text for line in excerpt.head[:2]] == ["line 0", "line 1"]
    assert len(excerpt.head) == logbook.HEAD
    assert [line.text for line in excerpt.tail[-1:]] == [f"line {count - 1}"]
    assert len(excerpt.tail) == logbook.TAIL
    assert len(book.since(0)) == logbook.WINDOW
    book.close()
    assert sum(1 for _ in book.lines()) == count


def test_a_short_log_stands_once_in_the_excerpt(book: LogBook) -> None:
    book.feed("stdout", b"a\nb\n")
    excerpt = book.excerpt()
    assert (excerpt.head, [line.text for line in excerpt.tail]) == ((), ["a", "b"])


def test_what_came_since_a_mark(book: LogBook) -> None:
    book.feed("stdout", b"before\n")
    mark = book.mark()
    assert book.since(mark) == ()
    book.feed("stdout", b"after\n")
    assert [line.text for line in book.since(mark)] == ["after"]


def test_waiting_for_a_line_ends_when_it_is_there_or_the_time_is_over(book: LogBook) -> None:
    watch = Stopwatch()
    book.feed("stdout", b"here\n")
    assert book.wait_for(bool, 0, 30.0)
    assert watch.now() < 5
    assert book.wait_for(lambda lines: len(lines) > 1, 0, 0.05)[0].text == "here"


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r\n", b"\xf0\x9f\x98\x80"]), max_size=30))
def test_however_the_pieces_come_the_lines_are_those_of_the_whole(pieces: list[bytes]) -> None:
    lines = Lines()
    taken = [part.shown for piece in pieces for part in lines.take(piece)]
    taken += [part.shown for part in (lines.end() if lines.within else ())]
    whole = b"".join(pieces).split(b"\n")
    assert taken == [line.decode("utf-8", "replace").rstrip("\r") for line in (whole if whole[-1] else whole[:-1])]
