"""Sources beside the model, and words for what moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from sm_ci import artifact
from sm_ci.artifact import Means, Progress
from sm_ci.errors import UsageError


def test_additional_sources(tmp_path: Path) -> None:
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "weights").write_bytes(b"w")
    ((name, data),) = artifact.obtain_additional({"draft.v1-a_b": "draft"}, tmp_path, Means(scratch=tmp_path / "s"))
    assert name == "draft.v1-a_b"
    assert (data.folder, data.facts.source) == ((tmp_path / "draft").resolve(), "draft")


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "ä", "a/b", "."])
def test_names_that_no_channel_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        artifact.obtain_additional({name: "draft"}, tmp_path, Means(scratch=tmp_path))
    assert str(caught.value) == (
        f"{name!r} cannot be the name of an additional model data source\n"
        "SageMaker takes 1 to 64 letters, digits, dots, hyphens and underscores."
    )


def test_more_sources_than_sagemaker_takes(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        artifact.obtain_additional({f"c{n}": "draft" for n in range(6)}, tmp_path, Means(scratch=tmp_path))
    assert str(caught.value) == (
        "there are 6 additional model data sources, and SageMaker takes 5\nPut some of them into one."
    )


def test_progress_in_words() -> None:
    assert str(Progress(doing="unpacked", done=2**26)) == "unpacked 64 MiB"
    assert str(Progress(doing="downloaded", done=2**24, total=2**30)) == "downloaded 16 of 1,024 MiB"
