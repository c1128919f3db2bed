"""Which line of a Dockerfile a step is, and what its program printed."""

from sm_ci.engine.building import instruction_line, whole_lines

DOCKERFILE = """\
# a comment
ARG BASE=x

FROM ${BASE}
RUN apt-get update \\
    # inside
    && apt-get install -y nginx

COPY serve /serve
"""


def test_the_line_of_each_instruction() -> None:
    assert [instruction_line(DOCKERFILE, number) for number in (1, 2, 3, 4)] == [2, 4, 5, 9]


def test_the_escape_directive_counts() -> None:
    text = "# escape=`\nFROM a\nRUN one `\n two\nRUN three\\\nRUN four\n"
    assert [instruction_line(text, number) for number in (1, 2, 3, 4)] == [2, 3, 5, 6]


def test_a_number_past_the_end_is_the_first_line() -> None:
    assert instruction_line("FROM a\n", 7) == 1
    assert instruction_line("", 1) == 1


def said(*pieces: str) -> list[str]:
    lines, unfinished = [], ""
    for piece in pieces:
        more, unfinished = whole_lines(unfinished, piece)
        lines += more
    return lines + whole_lines(unfinished, "", last=True)[0]


def test_a_line_that_comes_in_pieces_is_one() -> None:
    assert said("\x1b[91mModuleNotFoundError\x1b[0m", "\x1b[91m:\x1b[0m", "\x1b[91m No module\n\x1b[0m") == [
        "ModuleNotFoundError: No module"
    ]
    assert said("a\nb", "\n", "c") == ["a", "b", "c"]
    assert said("10%\r", "20%\r\n", "done\n") == ["10%", "20%", "done"]


def test_the_engines_own_words_begin_a_line() -> None:
    assert said("Step 1/2 : RUN x\n", "no end", " ---> 0123\n", "Step 2/2 : RUN y\n", "end", "") == [
        "Step 1/2 : RUN x",
        "no end",
        " ---> 0123",
        "Step 2/2 : RUN y",
        "end",
    ]
