"""Signals, sent to this very process."""

import contextlib
import os
import signal

import pytest

from sm_ci.errors import Cancelled
from sm_ci.interrupts import cancellable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_raises_and_later_ones_are_ignored(number: signal.Signals) -> None:
    with cancellable() as interrupts:
        with pytest.raises(Cancelled, match=f"interrupted by {number.name}") as caught:
            os.kill(os.getpid(), number)
        assert (caught.value.exit_status, caught.value.kind) == (130, "interrupted")
        os.kill(os.getpid(), number)
        assert interrupts.received is number


def test_a_signal_during_clean_up_is_noted_and_not_raised() -> None:
    with cancellable() as interrupts:
        with interrupts.shielded():
            os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.received is signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)


def test_the_shield_is_lifted_after_the_block() -> None:
    with cancellable() as interrupts:
        with interrupts.shielded():
            pass
        with pytest.raises(Cancelled):
            os.kill(os.getpid(), signal.SIGINT)


def test_no_handler_of_exceptions_swallows_it() -> None:
    with cancellable(), pytest.raises(Cancelled), contextlib.suppress(Exception):
        os.kill(os.getpid(), signal.SIGINT)


def test_the_handlers_before_are_restored() -> None:
    before = signal.getsignal(signal.SIGINT)
    with cancellable():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
