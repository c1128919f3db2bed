"""The container's log, whatever it holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sm_ci.hosting import logbook
from sm_ci.hosting.logbook import LONGEST_LINE, LogBook
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


def test_a_line_without_end_is_cut(book: LogBook) -> None:
    book.feed("stdout", b"x" * (LONGEST_LINE + 10))
    assert [len(text) for text in texts(book)] == [LONGEST_LINE]


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
