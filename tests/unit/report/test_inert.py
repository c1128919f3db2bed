"""What goes to stderr on a runner."""

import io

from hypothesis import given
from hypothesis import strategies as st

from sm_ci.report.inert import InertStream
from tests.e2e.reading import REGISTERED, find

pieces = st.sampled_from(
    ["::", "##", "[", "]", "error", " ", "\n", "\r", "\r\n", "::error::x", "##[error]x", "x", "\x0b"]
)


@given(st.lists(pieces, max_size=20))
def test_no_line_is_a_command_however_it_is_written(parts: list[str]) -> None:
    stream = io.StringIO()
    inert = InertStream(stream)
    for part in parts:
        inert.write(part)
        inert.flush()
    assert not [line for line in stream.getvalue().split("\n") if find(line, REGISTERED)]


def test_a_trace_stays_readable() -> None:
    stream = io.StringIO()
    InertStream(stream).write('Traceback:\n  File "x", line 1\nValueError: got\n::error::forged\n')
    assert stream.getvalue() == 'Traceback:\n  File "x", line 1\nValueError: got\n\\::error::forged\n'
