"""`python -m sm_ci` and the command `sm-ci`."""

import gc
import sys
from typing import NoReturn

gc.set_threshold(100_000, 20, 20)  # importing makes objects and no garbage: looking for it took a tenth of a short run

from sm_ci.cli import main  # noqa: E402


def command() -> NoReturn:
    """Runs the command line and ends the process."""
    status = main()
    gc.freeze()  # otherwise the interpreter's end looks through every object for garbage, which takes 0.1 s
    sys.exit(status)


if __name__ == "__main__":
    command()
