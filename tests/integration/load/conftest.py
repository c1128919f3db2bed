"""The load generator's process against servers of the tests' own: no engine is asked, and nobody is waited for."""

from __future__ import annotations

import pytest

from tests.unit.load.conftest import serve

__all__ = ["nothing_left", "serve", "turn"]


@pytest.fixture(autouse=True)
def turn() -> None:
    """Beside those that are alone on the engine too."""


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """These make nothing there."""
