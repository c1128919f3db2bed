"""Which path of ours the engine sees."""

from pathlib import Path

from sm_ci.engine.placement import Mount, Placement

RUNNER = Placement(
    container="c0ffee",
    joined_by="c0ffee",
    mounts=(
        Mount(source="/home/runner/work/repo/repo", destination="/github/workspace"),
        Mount(source="/home/runner/work/_temp", destination="/github/runner_temp"),
        Mount(source="/data/cache", destination="/github/workspace/cache"),
    ),
)


def test_on_the_machine_itself_every_path_is_the_engines() -> None:
    assert Placement().engine_path(Path("/srv/model")) == "/srv/model"


def test_in_a_container_a_path_is_translated_by_the_nearest_mount() -> None:
    assert RUNNER.engine_path(Path("/github/workspace/model")) == "/home/runner/work/repo/repo/model"
    assert RUNNER.engine_path(Path("/github/workspace/cache/m")) == "/data/cache/m"
    assert RUNNER.engine_path(Path("/github/workspace")) == "/home/runner/work/repo/repo"


def test_a_path_under_no_mount_is_not_seen() -> None:
    assert RUNNER.engine_path(Path("/tmp/model")) is None
    assert RUNNER.engine_path(Path("/github/workspace2/model")) is None


def test_in_a_container_that_could_not_be_found_nothing_is_believed() -> None:
    lost = Placement(known=False)
    assert lost.engine_path(Path("/srv/model")) is None
    assert not lost.joins_networks


def test_networks_can_be_joined_except_with_the_machines_own() -> None:
    assert RUNNER.joins_networks
    assert Placement(container="c", joined_by="another").joins_networks
    assert not Placement(container="c").joins_networks
    assert not Placement().joins_networks
