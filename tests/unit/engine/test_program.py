"""Which entry points lose the argument `serve`."""

import pytest

from sm_ci.engine.program import drops_argument


@pytest.mark.parametrize(
    "entry_point",
    [
        ["/bin/sh", "-c", "python3 /opt/program/server.py"],
        ["/bin/sh", "-c", "exec gunicorn serve.app:app"],
        ["bash", "-ec", "train.py --port 8080"],
        ["/usr/bin/dash", "-c", "echo $HOME $PORT; sleep 9"],
    ],
)
def test_a_shells_text_that_makes_no_use_of_it(entry_point: list[str]) -> None:
    assert drops_argument(entry_point)


@pytest.mark.parametrize(
    "entry_point",
    [
        [],
        ["serve"],
        ["python3", "-c", "print(1)"],
        ["/bin/sh", "/opt/start.sh", "now"],
        ["/bin/sh", "-c", 'exec python3 /opt/program/server.py "$@"', "sh"],
        ["/bin/sh", "-c", 'exec python3 /opt/program/server.py "$0"'],
        ["/bin/sh", "-c", "exec python3 /opt/program/server.py ${0}"],
        ["bash", "-c", "exec run $*"],
        ["/bin/sh", "-c", "umask 022; exec /usr/local/bin/serve"],
    ],
)
def test_one_that_passes_it_on_or_needs_none(entry_point: list[str]) -> None:
    assert not drops_argument(entry_point)
