"""Signals, sent to this very process."""

import contextlib
import os
import signal

import pytest

from sm_ci.errors import Cancelled, OutOfTime
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


def test_the_end_of_the_time_raises_once_and_is_no_interruption() -> None:
    with cancellable() as interrupts, interrupts.limited(0.01, "10ms"):
        with pytest.raises(OutOfTime, match="the timeout of 10ms is over") as caught:
            signal.pause()
        assert (caught.value.exit_status, caught.value.kind) == (3, "timeout")
        assert interrupts.exit_status == 0
        assert isinstance(interrupts.error(), OutOfTime)
        os.kill(os.getpid(), signal.SIGINT)


def test_the_time_ends_with_its_block_and_without_one_never_does() -> None:
    with cancellable() as interrupts:
        with interrupts.limited(60.0, "60s"):
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        with interrupts.limited(None, ""):
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_in_an_exposed_block_signals_raise_within_a_shielded_one() -> None:
    with cancellable() as interrupts, interrupts.shielded():
        with pytest.raises(Cancelled), interrupts.exposed():
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.exit_status == 130


def test_an_exposed_block_within_another_is_exposed_and_a_shield_within_it_shields() -> None:
    with cancellable() as interrupts, interrupts.shielded(), interrupts.exposed():
        with interrupts.exposed(), interrupts.shielded():
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.received is signal.SIGINT
    with (
        cancellable() as interrupts,
        interrupts.shielded(),
        interrupts.exposed(),
        interrupts.exposed(),
        pytest.raises(Cancelled),
    ):
        os.kill(os.getpid(), signal.SIGINT)


def test_after_an_exposed_block_the_shield_is_as_it_was() -> None:
    with cancellable() as interrupts, interrupts.shielded():
        with interrupts.exposed():
            pass
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.received is signal.SIGINT
