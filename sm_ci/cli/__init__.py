"""argv to command to exit status; the only place that catches our errors. Touches the process's streams.

Exit status: 0 all held; 1 a test failed or the image cannot serve; 2 the spec or the command line is wrong;
3 the environment failed; 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

import click

from sm_ci import __version__
from sm_ci.cli import compare, contract, doctor, init, reading, run, serve, upgrade
from sm_ci.errors import Cancelled, EnvironmentFault, SmCiError
from sm_ci.report.screen import GuardedStream

_STATUSES = """\b
Exit status:
  0    all held
  1    a test failed, or the image cannot serve
  2    the spec or the command line is wrong
  3    the environment failed: Docker, a registry, the disk, the network
  130  interrupted
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_STATUSES)
@click.version_option(__version__, prog_name="sm-ci", message="%(prog)s %(version)s")
def cli() -> None:
    """Test SageMaker inference containers before anyone deploys them."""


for _verb in (
    run.run,
    serve.serve,
    init.init,
    contract.contract,
    compare.compare,
    upgrade.upgrade,
    reading.validate,
    doctor.doctor,
    reading.image,
    reading.schema,
):
    cli.add_command(_verb)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    _prepare_streams()
    stdout, stderr = GuardedStream(sys.stdout), GuardedStream(sys.stderr)
    status = _status(None if argv is None else list(argv), stdout, stderr)
    stdout.flush()
    if stdout.trouble is None:
        return status
    stderr.write(
        f"sm-ci: standard output cannot be written: {stdout.trouble.strerror}\n"
        "Send it to where there is room; a run's reports are written all the same.\n"
    )
    return status or EnvironmentFault.exit_status


def _status(argv: list[str] | None, stdout: GuardedStream, stderr: GuardedStream) -> int:
    try:
        status = cli.main(args=argv, prog_name="sm-ci", standalone_mode=False, obj=stdout)
    except click.ClickException as error:
        error.show(cast("TextIO", stderr))
        _annotate(error.format_message(), stdout)
        return 2
    except (click.Abort, Cancelled):
        return Cancelled.exit_status
    except SmCiError as error:  # what no command has reported: one line, and on a runner an annotation
        stderr.write(f"sm-ci: {error}\n")
        _annotate(str(error), stdout)
        return error.exit_status
    except OSError as error:  # click's own texts on a full disk, or one that nobody foresaw
        _annotate(str(error), stdout)
        stdout.flush()
        if stdout.trouble is None:
            stderr.write(f"sm-ci: {error}\n")
        return EnvironmentFault.exit_status
    except Exception:  # noqa: BLE001 - a fault of ours must not look like a failed test, whose status is 1
        stderr.write(f"sm-ci: this is a fault of sm-ci itself; please report it\n{traceback.format_exc()}")
        return EnvironmentFault.exit_status
    return status if isinstance(status, int) else 0


def _prepare_streams() -> None:
    """Streams that are closed swallow, and none fails on a character that its encoding lacks; runners read UTF-8."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            on_runner = os.environ.get("GITHUB_ACTIONS") == "true"
            stream.reconfigure(encoding="utf-8" if on_runner else None, errors="backslashreplace")


def _annotate(message: str, stdout: GuardedStream) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from sm_ci import text

        stdout.write(f"::error title=sm-ci::{text.command_data(message)}\n")
