"""AWS's own serving stack: sagemaker-inference on multi-model-server, a model in SageMaker's layout. Nobody here wrote it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from harness import HERE, Images, Run, Spec

MODEL = HERE / "models" / "iris-mms"
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
CSV = {"name": "csv", "request": {"csv": ROWS}, "expect": {"query": {"predictions[*].label": ["setosa", "virginica"]}}}
GOOD = [
    {
        "name": "json",
        "request": {"json": {"instances": ROWS}, "accept": "application/json"},
        "expect": {"json": {"predictions": [{"label": "setosa", "score": {"$gte": 0.9}}, {"label": "virginica"}]}},
    },
    {**CSV, "request": {"csv": ROWS, "accept": "application/json"}},
    {
        "name": "csv out",
        "request": {"csv": ROWS, "accept": "text/csv"},
        "expect": {"csv": [["setosa", {"$between": [0.9, 1]}], ["virginica", {"$between": [0.8, 1]}]]},
    },
    {
        "name": "wrong type",
        "request": {"text": "x", "content_type": "image/png"},
        "expect": {"status": 415, "stays_healthy": True},
    },
]


@pytest.fixture(scope="session")
def serving_stack(images: Images) -> str:
    return images.folder("mms-sklearn")


def model(tmp_path: Path, handler: tuple[str, str] | None = None) -> Path:
    """A copy of the good model; `handler` is a text of inference.py and what stands there instead."""
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    if handler:
        file = folder / "code" / "inference.py"
        before, after = handler
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
    return folder


def test_the_good_model_passes(serving_stack: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    model(tmp_path)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD))
    assert ended.status == 0, ended.output
    assert '"status": "Healthy"' in ended.result["hosting"]["ping_body"]
    assert ended.result["hosting"]["stop"]["killed"] is False


def test_the_same_from_an_archive(serving_stack: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(MODEL, arcname=".")
    ended = run(spec(image=serving_stack, model="model.tar.gz", startup_timeout="60s", tests=GOOD))
    assert ended.status == 0, ended.output


def test_a_syntax_error_is_told_with_the_users_line(serving_stack: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    """/ping is 200 and Healthy all the while; the first request gets a 500 with the toolkit's traceback."""
    folder = model(
        tmp_path, handler=("def model_fn(model_dir: str) -> Pipeline:", "def model_fn(model_dir: str) -> Pipeline")
    )
    line = next(
        number
        for number, text in enumerate((folder / "code/inference.py").read_text().splitlines(), 1)
        if "def model_fn" in text
    )
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD))
    assert ended.status == 1
    assert set(ended.cases.values()) == {"failed"}
    told = next(finding for finding in ended.result["findings"] if finding["rule"] == "cause-in-log")
    said = "SyntaxError: expected ':'"
    assert told["message"] == f"the container's log says: {said} (/opt/ml/model/code/inference.py, line {line})"
    assert (Path(told["at"]["path"]).name, told["at"]["line"]) == ("inference.py", line)
    assert f"inference.py:{line}" in ended.output


def test_workers_that_keep_dying_end_the_run_within_seconds(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """/ping stays 200 while its body flaps between Healthy and Unhealthy; invocations get no answer at all."""
    crash = (
        "    return joblib.load",
        '    import os, sys\n    print("no weights", flush=True)\n    os._exit(3)\n    return joblib.load',
    )
    model(tmp_path, handler=crash)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD))
    assert ended.status == 1
    assert ended.fault["kind"] == "unhealthy"
    assert "/ping answers 200, but its body says" in ended.fault["message"]
    assert list(ended.cases.values()) == ["errored", "not_run", "not_run", "not_run"]
    assert ended.seconds < 3 * 60  # four requests that each wait for their time-out would take longer


def test_a_model_that_loads_for_20_seconds_is_not_taken_for_dead(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    slow = ("    return joblib.load", "    import time\n    time.sleep(20)\n    return joblib.load")
    model(tmp_path, handler=slow)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD[:2]))
    assert ended.status == 0, ended.output
    assert ended.result["cases"][0]["exchanges"][0]["outcome"]["total"] > 10  # the model loads while it waits


def test_a_handler_that_writes_to_the_model_folder_fails_as_it_would_when_hosted(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    writes = ("    return joblib.load", '    (Path(model_dir) / "cache").write_text("x")\n    return joblib.load')
    model(tmp_path, handler=writes)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD[:1]))
    assert ended.status == 1
    assert "Read-only file system" in ended.reason("json")
