"""`python -m sm_ci`."""

import sys

from sm_ci.cli import main

sys.exit(main())
