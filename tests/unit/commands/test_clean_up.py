"""The post step, where no engine answers, and what the main step notes for it."""

import io
from pathlib import Path

import pytest

import post_entrypoint
from sm_ci.commands.clean_up import note_owner
from sm_ci.engine.ownership import Owner, myself
from tests.e2e.reading import records


def test_the_main_step_notes_its_process_before_anything_else(tmp_path: Path) -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STATE": str(tmp_path / "state")}
    stdout = io.StringIO()
    note_owner(environ, stdout)
    found, why = records((tmp_path / "state").read_text())
    assert (list(found), why, stdout.getvalue()) == (["owner"], "", "")
    assert Owner.parse(found["owner"]) == myself()


def test_elsewhere_nothing_is_noted(tmp_path: Path) -> None:
    note_owner({"GITHUB_STATE": str(tmp_path / "state")}, io.StringIO())
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("owner", ["", "x", "////", "a/b/c/d/e", "a/b/1/2/", "\n::error::x", "\0", "a/b/\u0661x/2/"])
def test_an_engine_that_is_away_is_one_line_and_no_failure_whatever_was_noted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, owner: str
) -> None:
    environ = {"STATE_owner": owner, "DOCKER_HOST": "unix:///nowhere", "HOME": str(tmp_path)}
    assert post_entrypoint.enter(environ) == 0
    assert capsys.readouterr().out == (
        "what the main step may have left could not be looked for: no Docker engine answers at unix:///nowhere "
        "Start Docker, or set DOCKER_HOST. On GitHub the runner must have a Docker engine: "
        "ubuntu-latest has one; a Kubernetes runner needs the dind mode.\n"
    )


def test_an_owner_is_the_same_process_wherever_it_runs() -> None:
    me = myself()
    inside = Owner(boot=me.boot, namespace=me.namespace, pid=me.pid, started=me.started, container="c0ffee")
    later = Owner(boot=me.boot, namespace=me.namespace, pid=me.pid, started=me.started + 1, container="c0ffee")
    assert inside.is_process(me)
    assert not later.is_process(me)
