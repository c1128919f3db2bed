"""AWS's own serving stack: sagemaker-inference on multi-model-server, a model in SageMaker's layout. Nobody here wrote it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from harness import BASE, HERE, Ended, Images, Run, Spec, build, junit_case

from sm_ci.hosting.timeline import FLAPPING_FOR

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


HANDLER = "code/inference.py"
LOAD = "    return joblib.load("
FIRST = GOOD[1:2]
LINTED = {"a syntax error": ["handler-syntax"], "a model_fn without arguments": ["function-arguments"]}
"""What was told of a handler before it was started."""
REFUSED = "status: expected 200, got 500 (Internal Server Error); the answer says:"
LIMITS = {"startup_timeout": "60s", "invocation_timeout": "30s"}
NO_MATCH = "\u200b"
"""What stands before a line's number in a runner's log, so that no problem matcher takes the text for its own."""
A_TIMEOUT = 45
"""Seconds: what waits for a time-out of its own, or for one request of SageMaker's, takes longer."""


@pytest.fixture(scope="session")
def serving_stack(images: Images) -> str:
    return images.folder("mms-sklearn")


def model(tmp_path: Path, handler: tuple[str, str] | None = None) -> Path:
    """A copy of the good model; `handler` is a text of inference.py and what stands there instead."""
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    if handler:
        file = folder / HANDLER
        before, after = handler
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
    return folder


def line_of(file: Path, text: str) -> int:
    """The first line that holds a text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def run_as_a_runner_does(run: Run, path: Path) -> Ended:
    """In the spec's folder, so that places are short, and with annotations."""
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(path.parent)}
    return run(Path(path.name), environ=environ, cwd=path.parent)


def assert_told_first(ended: Ended, name: str, place: tuple[str, int], message: str, advice: str) -> None:
    """The cause leads the message of the case in JUnit, on the console, in the annotation and in result.json."""
    assert ended.status == 1, ended.output
    file, line = place
    lines = [message, advice] if advice else [message]
    assert junit_case(ended, name) == ("failure", message)
    block = ended.output.replace(NO_MATCH, "").partition(f"✗ fixture::{name}\n")[2].splitlines()
    assert block[0] == f"  {file}:{line}:1: {message}"
    assert block[1 : len(lines)] == [f"  {advice}" for advice in lines[1:]]
    annotation = "%0A".join(line.replace("%", "%25") for line in lines)
    assert f"::error file={file},line={line},col=1,title=fixture%3A%3A{name}::{annotation}" in ended.output
    case = next(case for case in ended.result["cases"] if case["name"] == name)
    assert case["reason"].splitlines()[: len(lines)] == lines
    assert case["failures"][0]["at"] == {"path": file, "line": line, "column": 1}
    assert ended.seconds < A_TIMEOUT


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


SIGNATURES = (
    "Write model_fn(model_dir), input_fn(body, content_type), predict_fn(data, model), output_fn(prediction, accept)."
)
INSTALL = "Install its package in the image, or name it in the model's requirements.txt."
DEFINE = "The handler is /opt/ml/model/code/inference.py, or what $SAGEMAKER_PROGRAM names; it must define model_fn."
FLOOD = "    for part in range(3_000):\n        print('loading part', part, flush=True)\n"
BROKEN = {
    "a syntax error": (
        ("def model_fn(model_dir: str) -> Pipeline:", "def model_fn(model_dir: str) -> Pipeline"),
        "def model_fn",
        "SyntaxError: expected ':'",
        "",
    ),
    "a missing import": (
        ("import joblib\n", "import joblib\nimport nosuch\n"),
        "import nosuch",
        "ModuleNotFoundError: No module named 'nosuch'",
        f"The container has no Python module nosuch. {INSTALL}",
    ),
    "no model_fn": (
        ("def model_fn", "def load_model"),
        '"""What a user',
        "NotImplementedError: Please provide a model_fn implementation.",
        f"The toolkit found no model_fn. {DEFINE}",
    ),
    "a model_fn without arguments": (
        ("def model_fn(model_dir: str)", "def model_fn()"),
        "def model_fn",
        "TypeError: model_fn takes 0 arguments but 1 were given.",
        f"The toolkit calls model_fn with other arguments. {SIGNATURES}",
    ),
    "a predict_fn that raises": (
        ("    probabilities = model", "    rows = rows + None\n    probabilities = model"),
        "rows + None",
        "TypeError: unsupported operand type(s) for +: 'float' and 'NoneType'",
        "",
    ),
    "Windows' line ends": (
        ("    probabilities = model", "    rows[99]\r\n    probabilities = model"),
        "rows[99]",
        "IndexError: index 99 is out of bounds for axis 0 with size 2",
        "",
    ),
    "3,000 lines before it": (
        (LOAD, f"{FLOOD}    raise RuntimeError('part 3000 is missing')\n{LOAD}"),
        "raise RuntimeError",
        "RuntimeError: part 3000 is missing",
        "",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_users_line_and_its_error_stand_first(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path, broken: str
) -> None:
    """/ping is 200 and Healthy all the while; the request gets a 500 with the toolkit's traceback."""
    edit, where, error, advice = BROKEN[broken]
    handler = model(tmp_path, edit) / HANDLER
    if broken == "Windows' line ends":
        handler.write_bytes(handler.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    ended = run_as_a_runner_does(run, spec(image=serving_stack, model="model", tests=FIRST, **LIMITS))
    place = (f"model/{HANDLER}", line_of(handler, where))
    message = f"{REFUSED} {place[0]}:{place[1]}: {error}"
    assert_told_first(ended, "csv", place, message, advice)
    assert ended.result["fault"] is None
    assert [finding["rule"] for finding in ended.result["findings"]] == LINTED.get(broken, [])


def test_a_missing_model_file_and_what_there_is_instead(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    folder = model(tmp_path)
    (folder / "model.joblib").rename(folder / "iris.joblib")
    ended = run_as_a_runner_does(run, spec(image=serving_stack, model="model", tests=FIRST, **LIMITS))
    place = (f"model/{HANDLER}", line_of(folder / HANDLER, "joblib.load"))
    error = "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'"
    advice = "/opt/ml/model has no model.joblib; it holds iris.joblib, code/inference.py."
    assert_told_first(ended, "csv", place, f"{REFUSED} {place[0]}:{place[1]}: {error}", advice)


def test_an_archive_with_a_folder_around_everything(serving_stack: str, spec: Spec, run: Run, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(MODEL, arcname="iris")
    path = spec(image=serving_stack, model="model.tar.gz", tests=FIRST, **LIMITS)
    ended = run_as_a_runner_does(run, path)
    message = (
        'the archive model.tar.gz has one folder "iris/" around everything: '
        "in the container it is /opt/ml/model/iris/, and its code is not found"
    )
    remedy = "pack it from inside: tar -czf model.tar.gz -C iris ."
    (finding,) = ended.result["findings"]
    assert (finding["rule"], finding["severity"]) == ("model-wrapped", "warning")
    assert (finding["message"], finding["remedy"]) == (message, remedy)
    assert finding["at"] == {"path": "spec.yml", "line": line_of(path, "model:"), "column": 8}
    error = "NotImplementedError: Please provide a model_fn implementation."
    advice = f"T{message[1:]}. P{remedy[1:]}."
    place = ended.result["cases"][0]["failures"][0]["at"]
    assert junit_case(ended, "csv") == ("failure", f"{REFUSED} {error}")
    assert ended.result["cases"][0]["reason"].splitlines() == [f"{REFUSED} {error}", advice]
    assert place["path"] == "spec.yml"
    assert f"  {advice}\n" in ended.output
    assert f"::warning file=spec.yml,line={finding['at']['line']},col=8,title=model-wrapped::{message}" in ended.output
    assert ended.seconds < A_TIMEOUT


def test_requirements_that_cannot_be_installed_without_a_network(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """The package that the handler imports is listed, and pip is asked for it when the container starts."""
    folder = model(tmp_path, ("import joblib\n", "import joblib\nimport nosuch\n"))
    (folder / "code/requirements.txt").write_text("nosuch-package==1.0\n")
    environment = {"PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "2", "RES_OPTIONS": "timeout:1 attempts:1"}
    path = spec("ok", environment, image=serving_stack, model="model", tests=FIRST, network_isolation=True, **LIMITS)
    ended = run_as_a_runner_does(run, path)
    assert ended.status == 1, ended.output
    assert ended.fault["kind"] == "exited-at-start"
    assert ended.fault["message"] == (
        "the container exited with code 1 before GET /ping answered 200: "
        "ERROR: Could not find a version that satisfies the requirement nosuch-package==1.0 (from versions: none)"
    )
    assert ended.fault["remedy"] == (
        "network_isolation is on: the container reaches nothing outside, as it would when hosted so. "
        "Check its name and version in requirements.txt, or install it in the image. The log lines say where."
    )
    assert any("No matching distribution found" in line["text"] for line in ended.fault["log"])
    assert junit_case(ended) == ("failure", ended.fault["message"])
    assert f"✗ {ended.fault['message']}\n  {ended.fault['remedy']}\n" in ended.output
    assert ended.cases == {"csv": "not_run"}
    assert ended.seconds < A_TIMEOUT


def test_a_worker_that_runs_out_of_memory_while_it_loads(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """Java lives on and its log says only that the worker died; the engine knows why."""
    model(tmp_path, (LOAD, f"    hog = bytearray(2**31)\n{LOAD}"))
    limits = {**LIMITS, "invocation_timeout": "5s", "resources": {"memory": "700MiB"}}
    ended = run(spec(image=serving_stack, model="model", tests=FIRST, **limits))
    assert ended.status == 1, ended.output
    said = "; the Docker engine says: the kernel killed a process, out of memory (the limit is 700.0 MiB)"
    kind, message = junit_case(ended, "csv")
    assert (kind, message[-len(said) :]) == ("error", said)
    assert message.startswith("no answer after ")
    advice = "Give it more memory (instance_type or resources.memory), or load less."
    assert ended.result["cases"][0]["reason"] == f"{message}\n{advice}"
    assert f"{said}\n  {advice}\n" in ended.output
    assert ended.seconds < A_TIMEOUT


def test_workers_that_keep_dying_end_the_run_within_seconds(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    """/ping stays 200 while its body flaps between Healthy and Unhealthy; invocations get no answer at all."""
    crash = ("import joblib\n", 'import os\nprint("no weights", flush=True)\nos._exit(3)\nimport joblib\n')
    model(tmp_path, handler=crash)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD))
    assert ended.status == 1
    assert ended.fault["kind"] == "unhealthy"
    assert "/ping answers 200, but its body says" in ended.fault["message"]
    assert ended.fault["message"].endswith("; the log says: Load model failed: model, error: Worker died.")
    assert list(ended.cases.values()) == ["errored", "not_run", "not_run", "not_run"]
    said = "; the log says: Load model failed: model, error: Worker died."
    assert (junit_case(ended, "json")[0], junit_case(ended, "json")[1][-len(said) :]) == ("error", said)
    assert ended.seconds < 60  # one request's time-out


def test_a_model_that_loads_for_20_seconds_is_not_taken_for_dead(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    slow = ("    return joblib.load", "    import time\n    time.sleep(20)\n    return joblib.load")
    model(tmp_path, handler=slow)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD[:2]))
    assert ended.status == 0, ended.output
    assert ended.result["cases"][0]["exchanges"][0]["outcome"]["total"] > FLAPPING_FOR  # it waits for the model


def test_a_handler_that_writes_to_the_model_folder_fails_as_it_would_when_hosted(
    serving_stack: str, spec: Spec, run: Run, tmp_path: Path
) -> None:
    writes = ("    return joblib.load", '    (Path(model_dir) / "cache").write_text("x")\n    return joblib.load')
    model(tmp_path, handler=writes)
    ended = run(spec(image=serving_stack, model="model", startup_timeout="60s", tests=GOOD[:1]))
    assert ended.status == 1
    assert "Read-only file system" in ended.reason("json")


SERVER = """
import http.server, json, signal, sys, traceback

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

COLUMNS = {"age": 1}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            if body["do"] == "column":
                COLUMNS[body["column"]]
            if body["do"] == "divide":
                1 / 0
        except (KeyError, ZeroDivisionError):
            traceback.print_exc()
        self.send_error(500)

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


def built(spec: Spec, server: str, **keys: object) -> Path:
    """A spec whose image has its server from app/predictor.py of the build folder, in /opt/program."""
    copy = "COPY app /opt/program/app/\nCOPY serve /usr/local/bin/serve\nRUN chmod 755 /usr/local/bin/serve\n"
    path = build(spec, f"FROM {BASE}\n{copy}", **keys)
    folder = path.parent / "container"
    for file in (folder / "app/predictor.py", folder / "tests/data/predictor.py"):
        file.parent.mkdir(parents=True)
        file.write_text(server)
    (folder / "serve").write_text("#!/bin/sh\nexec python3 /opt/program/app/predictor.py\n")
    return path


def test_a_server_in_the_image_is_named_by_its_file_in_the_build_folder(spec: Spec, run: Run) -> None:
    """Each request is told by what the log got while it ran; one that left nothing is not told by another's."""
    requests: list[dict[str, str]] = [{"do": "column", "column": "sex"}, {"do": "divide"}, {"do": "nothing"}]
    tests = [{"name": request["do"], "request": {"json": request}} for request in requests]
    path = built(spec, SERVER, tests=tests)
    ended = run_as_a_runner_does(run, path)
    file = "container/app/predictor.py"
    status = "status: expected 200, got 500 (Internal Server Error)"
    for name, text, error in (
        ("column", 'COLUMNS[body["column"]]', "KeyError: 'sex'"),
        ("divide", "1 / 0", "ZeroDivisionError: division by zero"),
    ):
        line = line_of(path.parent / file, text)
        assert_told_first(ended, name, (file, line), f"{status}; the log says: {file}:{line}: {error}", "")
    kind, message = junit_case(ended, "nothing")
    assert (kind, message.startswith(f"{status}; the body begins ")) == ("failure", True)
    assert ended.result["findings"] == []


NO_FILE = "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'"
WRAPPED = (
    'The folder model holds nothing but "iris/": in the container it is /opt/ml/model/iris/, and its code is not found. '
    "Name the inner folder: model/iris."
)


@pytest.mark.parametrize(
    ("second_line", "model_given", "error", "advice"),
    [
        (
            "import nosuch",
            None,
            "ModuleNotFoundError: No module named 'nosuch'",
            f"The container has no Python module nosuch. {INSTALL}",
        ),
        (
            "open('/opt/ml/model/model.joblib')",
            None,
            NO_FILE,
            "No model is mounted: the spec names none under model.",
        ),
        (
            "open('/opt/ml/model/model.joblib')",
            "model",
            NO_FILE,
            f"/opt/ml/model has no model.joblib; it holds iris/model.joblib, iris/code/inference.py. {WRAPPED}",
        ),
    ],
    ids=["import", "no model", "wrapped model"],
)
def test_a_server_that_dies_at_once_is_named_by_its_file_in_the_build_folder(
    spec: Spec, run: Run, tmp_path: Path, second_line: str, model_given: str | None, error: str, advice: str
) -> None:
    shutil.copytree(MODEL, tmp_path / "model/iris")
    path = built(spec, f"import os\n{second_line}\n", startup_timeout="60s", model=model_given)
    ended = run_as_a_runner_does(run, path)
    assert ended.status == 1, ended.output
    file = "container/app/predictor.py"
    assert ended.fault["kind"] == "exited-at-start"
    assert ended.fault["at"] == {"path": file, "line": 2, "column": 1}
    assert ended.fault["message"] == (
        f"the container exited with code 1 before GET /ping answered 200: {file}:2: {error}"
    )
    assert ended.fault["remedy"] == f"{advice} The log lines say where."
    assert junit_case(ended) == ("failure", ended.fault["message"])
    assert f"✗ {file}:2:1: {ended.fault['message']}\n  {ended.fault['remedy']}\n" in ended.output.replace(NO_MATCH, "")
    assert f"::error file={file},line=2,col=1,title=fixture%3A exited-at-start::" in ended.output
    assert ended.seconds < A_TIMEOUT
