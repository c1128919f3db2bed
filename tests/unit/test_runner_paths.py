"""Paths that a workflow writes are found where our container has them."""

import pytest

from sm_ci.runner_paths import from_host, not_mounted

RUNNER = {
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_REPOSITORY": "acme/models",
    "RUNNER_WORKSPACE": "/home/runner/work/models",
    "RUNNER_TEMP": "/github/runner_temp",
}
OLD = {**RUNNER, "RUNNER_TEMP": "/home/runner/work/_temp"}
"""Before 2.329 the temporary folder was not mounted, and its path not translated."""
SELF_HOSTED = {**RUNNER, "RUNNER_WORKSPACE": "/data/ci/_work/models"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("/__w/models/models/m.tar.gz", "/github/workspace/m.tar.gz"),
        ("/__w/models/models", "/github/workspace"),
        ("/__w/_temp/m", "/github/runner_temp/m"),
        ("/home/runner/work/models/models/m", "/github/workspace/m"),
        ("/home/runner/work/_temp/m", "/github/runner_temp/m"),
        ("a.yml\n/home/runner/work/models/models/b.yml", "a.yml\n/github/workspace/b.yml"),
        ("MODEL=/home/runner/work/models/models/m", "MODEL=/github/workspace/m"),
        ("/__w/models/models/a:/__w/models/models/b", "/github/workspace/a:/github/workspace/b"),
        ('{"m": "/__w/models/models"}', '{"m": "/github/workspace"}'),
        ("stands in /__w/models/models.", "stands in /github/workspace."),
    ],
)
def test_a_path_of_the_workflow_is_found_in_the_container(given: str, found: str) -> None:
    assert from_host(given, RUNNER) == found
    assert from_host(found, RUNNER) == found


@pytest.mark.parametrize(
    "given",
    [
        "",
        "model",
        "/github/workspace/m",
        "s3://bucket/__w/models/models/m",
        "/mnt/__w/models/models/m",
        "../__w/models/models",
        "/__w/models/models-2/m",
        "/__w/models/models.old/m",
        "/__w/other/other/m",
        "/home/runner/work/models/m",
    ],
)
def test_what_is_another_path_stays(given: str) -> None:
    assert from_host(given, RUNNER) == given


def test_a_self_hosted_runner_has_its_work_folder_anywhere() -> None:
    assert from_host("x\n/data/ci/_work/models/models/m", SELF_HOSTED) == "x\n/github/workspace/m"
    assert from_host("/home/runner/work/models/models/m", SELF_HOSTED) == "/home/runner/work/models/models/m"


def test_a_renamed_repository_keeps_its_old_folder() -> None:
    renamed = {**RUNNER, "GITHUB_REPOSITORY": "acme/renamed"}
    assert from_host("x=/home/runner/work/models/models/m", renamed) == "x=/github/workspace/m"


def test_a_temporary_folder_that_is_not_mounted_stays() -> None:
    assert from_host("/home/runner/work/_temp/m", OLD) == "/home/runner/work/_temp/m"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"GITHUB_WORKSPACE": "relative", "GITHUB_REPOSITORY": "a/b"},
        {"GITHUB_WORKSPACE": "/home/ann/repo", "RUNNER_WORKSPACE": "", "RUNNER_TEMP": "/tmp"},
        {"GITHUB_WORKSPACE": "/__w/models/models", "GITHUB_REPOSITORY": "acme/models", "RUNNER_TEMP": "/__w/_temp"},
        {"GITHUB_WORKSPACE": "/w/models/models", "RUNNER_WORKSPACE": "/w/models", "RUNNER_TEMP": "/w/_temp"},
    ],
    ids=["no runner", "a relative workspace", "act", "a step in a job's container", "a step on the machine"],
)
def test_elsewhere_a_value_stays_as_it_is(environ: dict[str, str]) -> None:
    for value in ("x\n/__w/models/models/m", "/w/models/models/m", "/tmp/m"):
        assert from_host(value, environ) == value


@pytest.mark.parametrize("environ", [{**RUNNER, "RUNNER_WORKSPACE": "/"}, {**RUNNER, "RUNNER_WORKSPACE": "/x"}])
def test_a_work_folder_that_cannot_be_one_maps_nothing(environ: dict[str, str]) -> None:
    assert from_host("/x/x/m /models/models/m /_temp/m", environ) == "/x/x/m /models/models/m /_temp/m"


def test_a_runner_in_a_container_is_told_that_its_folders_are_not_mounted() -> None:
    environ = {**RUNNER, "GITHUB_EVENT_PATH": "/github/workflow/event.json"}
    fault = not_mounted(environ, lambda _: False, lambda _: True)
    assert fault is not None
    assert fault.message == (
        "the workspace is empty and /github/workflow/event.json is missing: "
        "the Docker engine has mounted other folders than the runner's"
    )
    assert fault.remedy == (
        "Does the runner itself run in a container, with the socket of its host's engine, or with a DOCKER_HOST? "
        "Give it its work folder at the same path as on the engine's machine "
        "(docker run -v /home/runner/work:/home/runner/work …), or an engine of its own (dind)."
    )
    assert (fault.kind, fault.exit_status) == ("not-mounted", 3)


@pytest.mark.parametrize(("exists", "empty"), [(True, True), (True, False), (False, False)])
def test_an_empty_workspace_alone_is_no_fault(exists: bool, empty: bool) -> None:
    """A job without a checkout has one, and its event file is there."""
    environ = {**RUNNER, "GITHUB_EVENT_PATH": "/github/workflow/event.json"}
    assert not_mounted(environ, lambda _: exists, lambda _: empty) is None


@pytest.mark.parametrize("environ", [{}, {**RUNNER, "GITHUB_WORKSPACE": "/home/ann/repo"}, RUNNER])
def test_elsewhere_nothing_is_said_of_folders(environ: dict[str, str]) -> None:
    assert not_mounted(environ, lambda _: False, lambda _: True) is None
