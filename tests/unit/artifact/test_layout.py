"""What is said of a model's folder."""

from pathlib import Path

from sm_ci.artifact.layout import MOST_NAMES, outline, wrapper


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


def test_a_folder_around_everything(tmp_path: Path) -> None:
    assert wrapper(make(tmp_path / "a", "iris/code/inference.py", "iris/model.joblib")) == "iris"
    assert wrapper(make(tmp_path / "b", "iris/code/inference.py", "._iris", ".DS_Store", "__MACOSX/x")) == "iris"


def test_a_folder_that_may_be_meant(tmp_path: Path) -> None:
    """Triton's and TensorFlow's models are in folders of their own; weights may be where the code looks for them."""
    for number, files in enumerate(
        [
            ("code/inference.py", "model.joblib"),
            ("code/code/inference.py",),
            ("iris/config.pbtxt", "iris/1/model.onnx"),
            ("1/saved_model.pb",),
            ("weights/model.bin",),
            ("iris/code/inference.py", "model.joblib"),
            (),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert wrapper(make(folder, *files)) == ""
