"""Which line of a Dockerfile a step is."""

from sm_ci.engine.building import instruction_line

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
