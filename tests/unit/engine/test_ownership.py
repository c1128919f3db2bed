"""When an owner is provably gone, and when it only looks so."""

import dataclasses
import subprocess

from sm_ci.engine.ownership import Owner, is_gone, labels, myself

ME = myself()
NOBODY: frozenset[str] = frozenset()


def other(**changes: object) -> Owner:
    return dataclasses.replace(ME, **changes)  # type: ignore[arg-type]


def test_an_owner_survives_its_label() -> None:
    assert Owner.parse(str(ME)) == ME
    assert labels("abc", ME) == {"io.sm-ci.run": "abc", "io.sm-ci.owner": str(ME)}


def test_a_label_of_somebody_else_names_no_owner() -> None:
    for text in ("", "x", "a/b/c/d/e", "a/b/1/2"):
        assert Owner.parse(text) is None


def test_this_process_is_there() -> None:
    assert ME.boot
    assert not is_gone(ME, ME, NOBODY)


def test_a_process_that_has_ended_is_gone() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert is_gone(other(pid=ended.pid, started=1), ME, NOBODY)


def test_a_pid_that_was_given_again_is_another_process() -> None:
    assert is_gone(other(started=ME.started - 1), ME, NOBODY)


def test_nothing_is_proved_across_machines_and_pid_namespaces() -> None:
    assert not is_gone(other(boot="another boot", started=1), ME, NOBODY)
    assert not is_gone(other(namespace="1", started=1), ME, NOBODY)


def test_an_owner_in_a_container_lives_as_long_as_the_container_runs() -> None:
    inside = other(container="c0ffee", namespace="1")
    assert not is_gone(inside, ME, frozenset({"c0ffee"}))
    assert is_gone(inside, ME, NOBODY)
