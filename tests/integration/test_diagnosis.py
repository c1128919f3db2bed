"""What real programs, libraries and servers print when they fail is told with its cause, once, in every report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import BASE, HERE, Ended, Images, Run, Spec, build, do, echo

from sm_ci.diagnosis import find_cause, signature_of
from sm_ci.diagnosis.signature import PRINTED
from sm_ci.diagnosis.signatures import SIGNATURES, UNEXPLAINED
from sm_ci.engine.client import Engine

IRIS = HERE / "models" / "iris-mms"


@pytest.fixture(scope="session")
def symptoms(images: Images) -> str:
    images.folder("mms-sklearn")
    return images.context("symptoms", HERE / "images" / "symptoms", BASE="sm-ci-test/mms-sklearn:latest")


def printed(engine: Engine, image: str, model: Path) -> dict[str, str]:
    """What the image's programs say of each symptom, without a network and with the model's folder as it is hosted."""
    host = engine.raw.create_host_config(
        binds={str(model): {"bind": "/opt/ml/model", "mode": "ro"}}, network_mode="none"
    )
    container = engine.raw.create_container(image, ["--all"], entrypoint=["serve"], host_config=host)["Id"]
    try:
        engine.raw.start(container)
        assert engine.raw.wait(container, timeout=120)["StatusCode"] == 0
        said: dict[str, str] = json.loads(engine.raw.logs(container, stderr=False))
    finally:
        engine.raw.remove_container(container, force=True, v=True)
    return said


def test_what_containers_print_is_recognised(engine: Engine, symptoms: str, tmp_path: Path) -> None:
    """Nothing of it is written by us: each symptom is a real program's, and its first word the signature's id."""
    found = {}
    for name, said in printed(engine, symptoms, tmp_path).items():
        cause = find_cause(said.splitlines())
        found[name] = signature_of(cause).id if cause else said
    assert found == {name: name.split()[0] for name in found}
    expected = {one.id for one in (*SIGNATURES, *UNEXPLAINED) if one.observed == PRINTED}
    assert {name.split()[0] for name in found} | {"library-error"} >= expected


def diagnoses(ended: Ended) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ended.result["diagnoses"]
    return found


def symptom(name: str, test: str | None = None) -> dict[str, Any]:
    return {"name": test or name, "request": {"json": {"symptom": name}}}


def test_each_cause_is_told_once_with_all_that_it_explains(symptoms: str, spec: Spec, run: Run) -> None:
    """In result.json, on the console, in the summary and in JUnit; the surest first."""
    tests = [symptom("killed"), symptom("no-module"), symptom("handler-error"), symptom("no-module", "again")]
    path = spec(image=symptoms, tests=tests)
    ended = run(Path(path.name), cwd=path.parent, environ={"GITHUB_ACTIONS": "true"})
    assert ended.status == 1, ended.output
    assert [(one["id"], one["explains"]) for one in diagnoses(ended)] == [
        ("no-module", ["fixture::no-module", "fixture::again"]),
        ("killed", ["fixture::killed"]),
        ("handler-error", ["fixture::handler-error"]),
    ]
    assert diagnoses(ended)[0] == {
        "id": "no-module",
        "cause": "The container has no Python module xgboost.",
        "remedy": "Install its package in the image, or name it in the model's requirements.txt.",
        "link": "https://github.com/aws/sagemaker-python-sdk/issues/868",
        "confidence": 0.95,
        "evidence": ['File "/tmp/module/predictor.py", line 1', "ModuleNotFoundError: No module named 'xgboost'"],
        "explains": ["fixture::no-module", "fixture::again"],
        "at": None,
    }
    block = (
        "→ diagnosis no-module (95 %): The container has no Python module xgboost.\n"
        "  Install its package in the image, or name it in the model's requirements.txt.\n"
        "  explains no-module, again\n"
        "  https://github.com/aws/sagemaker-python-sdk/issues/868\n"
        '  | File "/tmp/module/predictor.py", line 1\n'
        "  | ModuleNotFoundError: No module named 'xgboost'\n"
    )
    assert ended.output.count(block) == 1
    assert block in (ended.junit.findtext("testsuite/system-out") or "")
    assert ended.summary.count("- **diagnosis no-module (95 %): The container has no Python module xgboost.**\n") == 1


def test_an_answer_without_a_word_in_the_log_is_told_by_its_status(spec: Spec, run: Run) -> None:
    statuses = {415: "content-type-refused", 406: "accept-refused", 413: "body-too-large", 504: "gateway"}
    tests = [do("status", str(code), code=code, body="no", expect={"status": 200}) for code in statuses]
    ended = run(spec(tests=[*tests, echo("right"), echo("wrong", json=[9, 9])]))
    assert ended.status == 1, ended.output
    found = {one["explains"][0]: one["id"] for one in diagnoses(ended)}
    assert found == {f"fixture::{code}": name for code, name in statuses.items()}


def test_a_passing_run_has_no_diagnosis(symptoms: str, spec: Spec, run: Run) -> None:
    """Whatever its log says: here an exception with a traceback, of a request that shall fail."""
    ended = run(spec(image=symptoms, tests=[{**symptom("handler-error"), "expect": {"status": 500}}]))
    assert ended.status == 0, ended.output
    assert diagnoses(ended) == []
    assert "diagnos" not in ended.output + ended.summary


@pytest.mark.parametrize(
    ("mode", "name", "message"),
    [
        (
            "localhost",
            "bound-to-localhost",
            "The server listens on the container's own localhost, where nobody outside reaches it.",
        ),
        (
            "exit0",
            "left-the-foreground",
            "The container's first process ended without an error: the server went into the background.",
        ),
    ],
    ids=["localhost", "exit0"],
)
def test_a_state_without_a_log_is_told_too(spec: Spec, run: Run, mode: str, name: str, message: str) -> None:
    ended = run(spec(mode, startup_timeout="4s"))
    assert ended.status == 1, ended.output
    (told,) = diagnoses(ended)
    assert (told["id"], told["cause"], told["explains"]) == (name, message, [ended.fault["kind"]])
    assert f"→ diagnosis {name} (" in ended.output


def test_a_build_that_fails_is_told_by_what_its_program_said(spec: Spec, run: Run) -> None:
    ended = run(build(spec, f"FROM {BASE}\nRUN python3 -c 'import nosuch'\n"))
    assert ended.status == 1, ended.output
    (told,) = diagnoses(ended)
    assert (told["id"], told["explains"]) == ("no-module", ["build-failed"])
    assert told["at"]["line"] == 2


COPIES = """FROM {base}
WORKDIR /srv
COPY --chmod=755 docker/serve /usr/local/bin/
COPY src/ app/
COPY ["lib/model.py", "/srv/vendored/predictor.py"]
RUN chmod 755 /usr/local/bin/serve
"""


def test_a_file_of_the_image_is_named_where_the_dockerfile_took_it_from(spec: Spec, run: Run) -> None:
    """Three files have its name; the COPY that put it there says which one it is."""
    path = build(spec, COPIES.format(base=BASE).replace("--chmod=755 ", ""), tests=[])
    folder = path.parent / "container"
    files = {
        "docker/serve": "#!/bin/sh\nexec python3 /srv/app/main.py\n",
        "src/main.py": "import sys\nsys.path.insert(0, '/srv/vendored')\nimport predictor\n",
    }
    files |= {
        "lib/model.py": "\n\nimport nosuch\n",
        "src/predictor.py.bak": "",
        "other/predictor.py": "\n",
        "tests/predictor.py": "\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    ended = run(
        Path(path.name), cwd=path.parent, environ={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(path.parent)}
    )
    assert ended.status == 1, ended.output
    place = "container/lib/model.py"
    assert ended.fault["at"] == {"path": place, "line": 3, "column": 1}
    assert f"::error file={place},line=3,col=1,title=fixture%3A exited-at-start::" in ended.output
    assert [one["id"] for one in diagnoses(ended)] == ["no-module"]


def test_a_syntax_error_under_awss_toolkit_is_an_annotation_on_its_line(
    images: Images, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """The handler lies deeper in the repository; two workers of the toolkit print the same error at once."""
    shutil.copytree(IRIS, tmp_path / "model")
    handler = tmp_path / "model/code/inference.py"
    text = handler.read_text()
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("def model_fn"))
    handler.write_text(text.replace("def model_fn", 'print("=)\ndef model_fn', 1))
    test = {"name": "csv", "request": {"csv": [[5.1, 3.5, 1.4, 0.2]]}}
    path = spec(image=images.folder("mms-sklearn"), model="model", startup_timeout="60s", tests=[test])
    ended = run(Path(path.name), cwd=path.parent, environ={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)})
    assert ended.status == 1, ended.output
    (told,) = diagnoses(ended)
    assert (told["id"], told["explains"]) == ("syntax-error", ["fixture::csv"])
    assert told["at"] == {"path": "model/code/inference.py", "line": line, "column": 1}
    assert f"::error file=model/code/inference.py,line={line},col=1,title=fixture%3A%3Acsv::" in ended.output
    assert "SyntaxError: unterminated string literal" in ended.output
