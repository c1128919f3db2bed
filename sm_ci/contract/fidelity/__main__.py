"""Prints the README's fidelity table. Touches standard output."""

from __future__ import annotations

import sys

from sm_ci.contract.fidelity import markdown

sys.stdout.write(markdown())
