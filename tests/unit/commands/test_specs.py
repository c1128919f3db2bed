"""Paths and patterns of specs."""

from pathlib import Path

import pytest

from sm_ci.commands.specs import named
from sm_ci.errors import UsageError


@pytest.fixture
def here(tmp_path: Path) -> Path:
    files = (
        "sm-ci.yml",
        "models/b/sm-ci.yml",
        "models/a/sm-ci.yml",
        "models/a/deep/sm-ci.yml",
        ".git/sm-ci.yml",
        "[1].yml",
        "1.yml",
    )
    for name in (*files, "models/folder/sm-ci.yml/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["sm-ci.yml"], ["sm-ci.yml"]),
        (["nowhere.yml"], ["nowhere.yml"]),
        (["models/*/sm-ci.yml"], ["models/a/sm-ci.yml", "models/b/sm-ci.yml"]),
        (["**/sm-ci.yml"], ["models/a/deep/sm-ci.yml", "models/a/sm-ci.yml", "models/b/sm-ci.yml", "sm-ci.yml"]),
        (["models/b/sm-ci.yml", "models/?/sm-ci.yml"], ["models/b/sm-ci.yml", "models/a/sm-ci.yml"]),
        (["./sm-ci.yml", "sm-ci.yml", "models/../sm-ci.yml"], ["sm-ci.yml"]),
        (["[1].yml"], ["[1].yml"]),
        (["[12].yml"], ["1.yml"]),
    ],
    ids=["path", "missing", "one folder", "any folder", "once, in the order given", "one file", "literally", "class"],
)
def test_paths_and_patterns_become_specs(here: Path, given: list[str], found: list[str]) -> None:
    assert named([Path(one) for one in given], here) == tuple(Path(one) for one in found)


def test_an_absolute_pattern_stays_absolute(here: Path) -> None:
    assert named([here / "models/*/sm-ci.yml"], Path("/")) == (here / "models/a/sm-ci.yml", here / "models/b/sm-ci.yml")


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        ("models/*/spec.yml", "looked in {here}/models"),
        ("modles/**/sm-ci.yml", "there is no folder {here}/modles"),
        ("models/**/spec.yml", "looked in {here}/models and the folders below it"),
        ("*.yaml", "looked in {here}"),
        ("models/fold*/sm-ci.yml", "looked in {here}/models"),
    ],
)
def test_a_pattern_that_matches_nothing_says_where_it_looked(here: Path, pattern: str, where: str) -> None:
    with pytest.raises(UsageError) as caught:
        named([Path("sm-ci.yml"), Path(pattern)], here)
    assert str(caught.value) == (
        f"no file matches the pattern {pattern!r}; {where.format(here=here)}\n"
        "Patterns start from where you are, on a runner from working-directory; ** stands for any number of folders."
    )
