"""What is said of a model's folder."""

from pathlib import Path

from sm_ci.artifact.layout import MOST_NAMES, outline


def make(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


def test_the_files_nearest_to_the_top_first(tmp_path: Path) -> None:
    make(tmp_path, "code/lib/deep.py", "code/inference.py", "model.joblib", "a.json")
    assert outline(tmp_path) == ("a.json", "model.joblib", "code/inference.py", "code/lib/deep.py")
    assert outline(tmp_path / "nowhere") == ()


def test_of_very_many_files_some(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number:03}.bin" for number in range(100)), "code/inference.py")
    assert len(outline(tmp_path)) == MOST_NAMES
