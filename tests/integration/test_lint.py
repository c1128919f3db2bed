"""The lint of the model as a user and a runner see it: from `validate` without an engine, and before a run."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, ROOT, Run, Spec, echo

HANDLER = (
    "from djl_python import Input, Output\n\n\ndef handle(inputs: Input) -> Output:\n    return Output().add('=)')\n"
)
BROKEN = HANDLER.replace("    return", '    print("=)\n    return')
ERROR = "SyntaxError: unterminated string literal (detected at line 5)"


def article(folder: Path, handler: str) -> Path:
    """A model of the article's kind, as a folder and as an archive."""
    model = folder / "model"
    model.mkdir()
    (model / "model.py").write_text(handler)
    (model / "serving.properties").write_text("engine=Python\noption.model_id=org/model\n")
    (model / "requirements.txt").write_text("transformers==4.40.0\n")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(model, arcname=".")
    for name, source in (("folder", "./model"), ("again", "model"), ("archive", "model.tar.gz")):
        (folder / f"{name}.yml").write_text(
            f"version: 1\nimage: {{framework: djl-lmi, version: '0.36'}}\nmodel: {source}\ntests: [{{name: a}}]\n"
        )
    return model


def validated(folder: Path, *names: str) -> tuple[int, list[str], str]:
    environ = {**CLEAN_ENVIRON, "PYTHONPATH": str(ROOT), "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder)}
    environ["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    command = [sys.executable, "-m", "sm_ci", "validate", *names]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_the_articles_model_is_well(tmp_path: Path) -> None:
    article(tmp_path, HANDLER)
    told = [f"✓ {name}.yml: 1 test, nothing wrong" for name in ("folder", "archive")]
    assert validated(tmp_path, "folder.yml", "archive.yml") == (0, told, "")


def test_with_a_quote_left_open_it_is_status_2_and_an_annotation_on_that_line(tmp_path: Path) -> None:
    """Two specs may name one model: it is told once, and neither is well."""
    article(tmp_path, BROKEN)
    assert validated(tmp_path, "folder.yml", "again.yml") == (
        2,
        [
            f"model/model.py:5:11: {ERROR}",
            '  5 |     print("=)',
            "    |           ^",
            "1 error",
            f"::error file=model/model.py,line=5,col=11,title=handler-syntax::{ERROR}",
        ],
        "",
    )


def test_in_an_archive_the_place_is_the_spec_and_the_line_stands_in_the_message(tmp_path: Path) -> None:
    article(tmp_path, BROKEN)
    assert validated(tmp_path, "archive.yml") == (
        2,
        [
            f"archive.yml:3:8: model.tar.gz!model.py:5:11: {ERROR}",
            "  3 | model: model.tar.gz",
            "    |        ^",
            "1 error",
            f"::error file=archive.yml,line=3,col=8,title=handler-syntax::model.tar.gz!model.py:5:11: {ERROR}",
        ],
        "",
    )


@pytest.mark.parametrize("source", ["model", "model.tar.gz"])
def test_before_a_run_it_is_a_warning_and_the_container_tells_the_truth(
    spec: Spec, run: Run, tmp_path: Path, source: str
) -> None:
    """The fixture's server does not load the model."""
    article(tmp_path, BROKEN)
    path = spec("ok", model=source, tests=[echo("a")])
    ended = run(path, cwd=tmp_path)
    assert ended.status == 0, ended.output
    assert ended.cases == {"a": "passed"}
    (finding,) = ended.result["findings"]
    assert (finding["rule"], finding["severity"]) == ("handler-syntax", "warning")
    if source == "model":
        place, message = ("model/model.py", 5, 11), ERROR
    else:
        line = path.read_text().splitlines().index(f"model: {source}") + 1
        place, message = (finding["at"]["path"], line, 8), f"model.tar.gz!model.py:5:11: {ERROR}"
        assert Path(place[0]).name == path.name
    assert finding["at"] == {"path": place[0], "line": place[1], "column": place[2]}
    assert finding["message"] == message
    assert f"warning: {place[0]}:{place[1]}:{place[2]}: {message}\n" in ended.output
