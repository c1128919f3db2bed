"""examples/djl: DJL's own Python engine with its worker and its log, behind the example's own front."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from harness import BASE, CLEAN_ENVIRON, LOCKS, ROOT, Ended, Images, Run, Spec, junit_case

EXAMPLE = ROOT / "examples" / "djl"
CONTAINER = EXAMPLE / "container"
UNREACHABLE = re.compile(r"(?:Could not|failed to) transfer ")
MOOD = {
    "name": "mood",
    "request": {"text": "What a wonderful day", "content_type": "text/plain"},
    "expect": {"text": "=)"},
}
LIMITS = {"startup_timeout": "60s", "invocation_timeout": "20s", "tests": [MOOD]}
FACE = "    face = mood("
LEFT_OPEN = (FACE, f'    print("=)\n{FACE}')
EXITED = "the container exited with code 1 before GET /ping answered 200: "
A_TIMEOUT = 45
"""Seconds: what waits for a time-out of its own takes longer."""


@pytest.fixture(scope="session")
def jars() -> Path:
    """DJL's jars, fetched once for each pom.xml. Skips where Maven or its registry is missing."""
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("Maven (mvn) is not here")
    key = hashlib.sha256((CONTAINER / "pom.xml").read_bytes()).hexdigest()[:12]
    folder, whole = Path(f"{LOCKS}.djl-{key}"), Path(f"{LOCKS}.djl-{key}.whole")
    with Path(f"{LOCKS}.djl-{key}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists() or not folder.is_dir():
            fetch(maven, folder)
            whole.touch()
    return folder


def fetch(maven: str, folder: Path) -> None:
    """As the example's README says, into another folder; with this machine's settings for Maven."""
    command = [maven, "-B", "-U", "-f", str(CONTAINER), f"-Djars={folder}", "dependency:copy-dependencies"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = done.stdout + done.stderr
    if done.returncode and UNREACHABLE.search(said):
        pytest.skip("Maven Central cannot be reached")
    assert done.returncode == 0, said


@pytest.fixture(scope="session")
def container(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's build folder with the jars in it."""
    folder = tmp_path_factory.mktemp("djl") / "container"
    shutil.copytree(CONTAINER, folder, ignore=shutil.ignore_patterns("lib"))
    shutil.copytree(jars, folder / "lib")
    return folder


@pytest.fixture(scope="session")
def djl(images: Images, container: Path) -> str:
    """Begins with the layers of mms-sklearn: who comes second finds them there, and so waits for the other."""
    with Path(f"{LOCKS}.mms-sklearn").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return images.context("djl", container, BASE=BASE)


def model(tmp_path: Path, edit: tuple[str, str], edited: str = "model.py") -> Path:
    """A copy of the example's model, with what stands in place of a text of that file. Gives the file.

    Without requirements.txt: pip takes as long as all the rest of a start.
    """
    shutil.copytree(EXAMPLE / "model", tmp_path / "model", ignore=shutil.ignore_patterns("requirements.txt"))
    file = tmp_path / "model" / edited
    before, after = edit
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    return file


def archive(folder: Path, to: Path) -> None:
    """As `tar -czf TO -C FOLDER .` does."""
    with tarfile.open(to, "w:gz") as packed:
        packed.add(folder, arcname=".")


def line_of(file: Path, text: str) -> int:
    """The first line that holds a text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def run_as_a_runner_does(run: Run, path: Path) -> Ended:
    """In the spec's folder, so that places are short, and with annotations."""
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(path.parent)}
    return run(Path(path.name), environ=environ, cwd=path.parent)


def validated(path: Path) -> tuple[int, list[str]]:
    """`sm-ci validate` in the spec's folder, where no engine is in reach."""
    environ = {**CLEAN_ENVIRON, "PYTHONPATH": str(ROOT), "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    command = [sys.executable, "-m", "sm_ci", "validate", path.name]
    done = subprocess.run(
        command, cwd=path.parent, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_the_example_passes_and_breaks_nothing_that_sagemaker_would_refuse(
    djl: str, container: Path, run: Run, tmp_path: Path
) -> None:
    """As its README says; the image's layers are there already."""
    shutil.copytree(EXAMPLE, tmp_path / "djl", ignore=shutil.ignore_patterns("container"))
    shutil.copytree(container, tmp_path / "djl" / "container")
    ended = run(tmp_path / "djl" / "sm-ci.yml", "--var", f"BASE={BASE}")
    assert ended.status == 0, ended.output
    names = ["a good mood", "a bad mood", "nothing at all", "a type with a charset", "a picture", "container log"]
    assert ended.cases == dict.fromkeys(names, "passed")
    assert ended.result["hosting"]["ping_body"] == '{"status":"Healthy"}'
    assert ended.result["hosting"]["stop"]["killed"] is False
    checks = {check["name"]: check for check in ended.result["contract"]}
    assert [
        name for name, check in checks.items() if check["weight"] == "refused" and check["outcome"] == "broken"
    ] == []
    sure = ["entry-point-form", "all-interfaces", "read-only-model", "unknown-headers", "survives-garbage", "sigterm"]
    assert {name: checks[name]["outcome"] for name in sure} == dict.fromkeys(sure, "held")


def test_as_an_archive_it_passes_without_a_network(djl: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    """DJL's pip finds in the image what requirements.txt names."""
    archive(EXAMPLE / "model", tmp_path / "model.tar.gz")
    installed = {"contains": ["pip install requirements succeed!"]}
    ended = run(spec(image=djl, model="model.tar.gz", network_isolation=True, logs=installed, **LIMITS))
    assert ended.status == 0, ended.output
    assert ended.cases == {"mood": "passed", "container log": "passed"}


def test_a_quote_left_open_is_told_before_the_start_and_from_the_engines_log(
    djl: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    file = model(tmp_path, LEFT_OPEN)
    line = line_of(file, 'print("=)')
    error = f"SyntaxError: unterminated string literal (detected at line {line})"
    path = spec(image=djl, model="model", **LIMITS)
    excerpt = [f'  {line} |     print("=)', "     |           ^", "1 error"]
    assert validated(path) == (2, [f"model/model.py:{line}:11: {error}", *excerpt])

    ended = run_as_a_runner_does(run, path)
    assert ended.status == 1, ended.output
    (finding,) = ended.result["findings"]
    assert (finding["rule"], finding["severity"], finding["message"]) == ("handler-syntax", "warning", error)
    assert finding["at"] == {"path": "model/model.py", "line": line, "column": 11}
    assert f"::warning file=model/model.py,line={line},col=11,title=handler-syntax::{error}\n" in ended.output
    assert_exited(ended, line, error, "Python cannot read the file.")
    assert "ERROR::Python engine process died" in ended.output


def test_a_quote_left_open_in_an_archive_is_told_with_its_line(djl: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    """The place is where the spec names the archive; the message names the file and the line in it."""
    line = line_of(model(tmp_path, LEFT_OPEN), 'print("=)')
    archive(tmp_path / "model", tmp_path / "model.tar.gz")
    path = spec(image=djl, model="model.tar.gz", **LIMITS)
    at = line_of(path, "model: model.tar.gz")
    status, told = validated(path)
    error = f"SyntaxError: unterminated string literal (detected at line {line})"
    assert (status, told[0]) == (2, f"spec.yml:{at}:8: model.tar.gz!model.py:{line}:11: {error}")
    assert told[-1] == "1 error"

    ended = run_as_a_runner_does(run, path)
    assert ended.status == 1, ended.output
    message = f"{EXITED}model.tar.gz!model.py:{line}: {error}"
    assert (ended.fault["kind"], ended.fault["message"]) == ("exited-at-start", message)
    place = {"path": "spec.yml", "line": at, "column": 8}
    assert (ended.fault["at"], ended.result["diagnoses"][0]["at"]) == (place, place)
    assert junit_case(ended) == ("failure", message)
    assert f"::error file=spec.yml,line={at},col=8,title=fixture%3A exited-at-start::{message}%0A" in ended.output


def test_what_handle_raises_in_an_archive_is_told_with_its_line(djl: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    line = line_of(
        model(tmp_path, (FACE, f'    if not inputs.is_empty():\n        raise ValueError("no mood")\n{FACE}')), "raise"
    )
    archive(tmp_path / "model", tmp_path / "model.tar.gz")
    path = spec(image=djl, model="model.tar.gz", **LIMITS)
    at = line_of(path, "model: model.tar.gz")
    ended = run_as_a_runner_does(run, path)
    assert ended.status == 1, ended.output
    told = "status: expected 200, got 424 (Failed Dependency); the log says: "
    message = f"{told}model.tar.gz!model.py:{line}: ValueError: no mood"
    assert junit_case(ended, "mood") == ("failure", message)
    place = {"path": "spec.yml", "line": at, "column": 8}
    assert [ended.result["cases"][0]["failures"][0]["at"], ended.result["diagnoses"][0]["at"]] == [place, place]
    assert f"::error file=spec.yml,line={at},col=8,title=fixture%3A%3Amood::{message}%0A" in ended.output


def test_a_module_that_is_not_there(djl: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    line = line_of(model(tmp_path, ("import numpy", "import nosuch\nimport numpy")), "import nosuch")
    ended = run_as_a_runner_does(run, spec(image=djl, model="model", **LIMITS))
    error = "ModuleNotFoundError: No module named 'nosuch'"
    assert_exited(ended, line, error, "The container has no Python module nosuch.")
    assert ended.result["findings"] == []


def assert_exited(ended: Ended, line: int, error: str, cause: str) -> None:
    """The engine ended, and its log led to that line of model.py: in JUnit, result.json, on the console, as annotation."""
    assert ended.status == 1, ended.output
    message = f"{EXITED}model/model.py:{line}: {error}"
    assert (ended.fault["kind"], ended.fault["message"]) == ("exited-at-start", message)
    assert ended.fault["at"] == {"path": "model/model.py", "line": line, "column": 1}
    assert ended.fault["remedy"].startswith(f"{cause} ")
    assert junit_case(ended) == ("failure", message)
    annotation = f"::error file=model/model.py,line={line},col=1,title=fixture%3A exited-at-start::{message}%0A{cause} "
    assert annotation in ended.output
    (diagnosis,) = ended.result["diagnoses"]
    assert diagnosis["cause"] == cause
    assert diagnosis["evidence"] == [f'File "/opt/ml/model/model.py", line {line}', error]
    assert ended.cases == {"mood": "not_run"}
    assert ended.seconds < A_TIMEOUT


@pytest.mark.parametrize(
    ("edited", "edit", "rule", "line", "error", "told"),
    [
        (
            "model.py",
            ("def handle(", "def handler("),
            "function-missing",
            1,
            "AttributeError: module 'model' has no attribute 'handle'",
            (
                "djl-no-handle",
                "DJL's worker found no handle in model.py.",
                "Write def handle(inputs), or name another function in option.handler.",
            ),
        ),
        (
            "serving.properties",
            ("model.py", "main.py"),
            "handler-missing",
            2,
            "ValueError: entry-point file not found /opt/ml/model/main.py.",
            (
                "djl-entry-point",
                "DJL found no /opt/ml/model/main.py.",
                "Pack it, or mend option.entryPoint in serving.properties.",
            ),
        ),
        (
            "serving.properties",
            ("engine=Python", "engine=Pyhton"),
            "serving-properties",
            1,
            "ai.djl.repository.zoo.ModelNotFoundException: Pyhton is not supported",
            ("djl-engine", "The image has no engine Pyhton.", "Mend engine in serving.properties."),
        ),
    ],
    ids=["no-handle", "no-entry-point", "no-such-engine"],
)
def test_what_the_engine_cannot_load_is_foretold_at_its_place(
    djl: str,
    spec: Spec,
    run: Run,
    tmp_path: Path,
    edited: str,
    edit: tuple[str, str],
    rule: str,
    line: int,
    error: str,
    told: tuple[str, str, str],
) -> None:
    """A warning before the start, and then the engine's own words."""
    model(tmp_path, edit, edited)
    ended = run_as_a_runner_does(run, spec(image=djl, model="model", **LIMITS))
    (finding,) = ended.result["findings"]
    assert (finding["rule"], finding["at"]["path"], finding["at"]["line"]) == (rule, f"model/{edited}", line)
    assert_not_loaded(ended, error, told)


def test_a_model_without_its_files_is_told_by_what_the_engine_looked_for(
    djl: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """Neither model.py nor serving.properties: nothing foretells it, since no file says that DJL will load it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "words.csv").write_text("good,2\n")
    ended = run_as_a_runner_does(run, spec(image=djl, model="model", **LIMITS))
    assert ended.result["findings"] == []
    error = "java.io.FileNotFoundException: .py file not found in: /opt/ml/model"
    remedy = "Pack the file there, or set option.modelName and option.entryPoint in serving.properties."
    assert_not_loaded(ended, error, ("djl-model-file", "DJL found no .py file in /opt/ml/model.", remedy))


def assert_not_loaded(ended: Ended, error: str, told: tuple[str, str, str]) -> None:
    """The engine ended with these words, and they were recognised: `told` is the diagnosis' id, cause and remedy."""
    assert ended.status == 1, ended.output
    _, cause, remedy = told
    assert ended.fault["message"] == f"{EXITED}{error}"
    assert ended.fault["remedy"].startswith(f"{cause} {remedy} ")
    assert [(one["id"], one["cause"], one["remedy"]) for one in ended.result["diagnoses"]] == [told]
    assert junit_case(ended) == ("failure", ended.fault["message"])
    assert ended.seconds < A_TIMEOUT


def test_what_handle_raises_leads_the_failure_with_its_line(djl: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    """The answer holds the words alone, the engine's log the line; of a worker that dies it has no more than that."""
    raises = 'if "rain" in inputs.get_as_string():\n        raise ValueError("no mood")'
    dies = 'if "storm" in inputs.get_as_string():\n        raise SystemExit(3)'
    line = line_of(model(tmp_path, (FACE, f"    {raises}\n    {dies}\n{FACE}")), "raise ValueError")
    requests = [
        {"name": name, "request": {"text": name, "content_type": "text/plain"}} for name in ("sun", "rain", "storm")
    ]
    ended = run_as_a_runner_does(run, spec(image=djl, model="model", **{**LIMITS, "tests": requests}))
    assert ended.status == 1, ended.output
    assert ended.cases == {"sun": "passed", "rain": "failed", "storm": "failed"}
    told = "status: expected 200, got 424 (Failed Dependency); the log says: "
    message = f"{told}model/model.py:{line}: ValueError: no mood"
    assert junit_case(ended, "rain") == ("failure", message)
    assert ended.reason("rain").splitlines()[0] == message
    failure = ended.result["cases"][1]["failures"][0]
    assert failure["at"] == {"path": "model/model.py", "line": line, "column": 1}
    assert f"::error file=model/model.py,line={line},col=1,title=fixture%3A%3Arain::{message}%0A" in ended.output
    died = "status: expected 200, got 500 (Internal Server Error); the log says: "
    first, second = ended.reason("storm").splitlines()[:2]
    assert first == f"{died}java.io.IOException: Python worker disconnected."
    assert second == (
        "DJL's Python worker ended in the middle of a request, and printed no reason. Look for what ends a process: "
        "sys.exit, a crash of a library in C, too little memory."
    )
    assert [(one["id"], one["explains"]) for one in ended.result["diagnoses"]] == [
        ("handler-error", ["fixture::rain"]),
        ("djl-worker-ended", ["fixture::storm"]),
    ]
    assert ended.result["fault"] is None
    assert ended.seconds < A_TIMEOUT
