"""Each row of the table of known errors, on lines as programs print them."""

import time

import pytest

from sm_ci.diagnosis import find_cause
from sm_ci.diagnosis.lines import HEAD, LONGEST, TAIL
from sm_ci.diagnosis.table import ROWS, Alone

FRAME = ["Traceback (most recent call last):", '  File "/opt/ml/model/code/inference.py", line 3, in model_fn']
MEMORY = "Give it more memory (instance_type or resources.memory), or load less."

LINES = [
    # rule, the line, what is shown of it
    ("exec-format", "exec /opt/program/serve: exec format error", "/opt/program/serve: exec format error"),
    ("exec-missing", "exec /opt/serve: no such file or directory", "/opt/serve: no such file or directory"),
    ("command-not-found", "/usr/bin/serve: line 3: gunicorn: command not found", ""),
    ("command-not-found", "/usr/local/bin/serve: 2: uvicorn: not found", ""),
    ("command-not-found", "10:00:01 serve: 1: train.py: not found", "serve: 1: train.py: not found"),
    (
        "shared-library",
        "python3: error while loading shared libraries: libgomp.so.1: cannot open shared object file: No such file or directory",
        "error while loading shared libraries: libgomp.so.1: cannot open shared object file: No such file or directory",
    ),
    (
        "library-too-old",
        "serve: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by serve)",
        "",
    ),
    ("crash", "Fatal Python error: Segmentation fault", ""),
    ("crash", "[2026-11-22 10:00:00 +0000] [1] [ERROR] Worker (pid:10) was sent SIGSEGV!", ""),
    ("illegal-instruction", "Illegal instruction (core dumped)", ""),
    (
        "illegal-instruction",
        "ERROR shard-manager: text_generation_launcher: Shard process was signaled to shutdown with signal 4 rank=0",
        "",
    ),
    ("memory", "terminate called after throwing an instance of 'std::bad_alloc'", ""),
    ("memory", "java.lang.OutOfMemoryError: Java heap space", ""),
    ("killed", "/usr/local/bin/serve: line 4:    12 Killed", ""),
    ("killed", "[2026-11-22 10:00:00 +0000] [1] [ERROR] Worker (pid:33) was sent SIGKILL! Perhaps out of memory?", ""),
    ("killed", "Shard process was signaled to shutdown with signal 9 rank=0", ""),
    (
        "shared-memory",
        "ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).",
        "",
    ),
    ("disk-full", "cp: error writing '/tmp/x': No space left on device", ""),
    ("read-only", "touch: cannot touch '/opt/ml/model/x': Read-only file system", ""),
    ("permission", "/usr/local/bin/serve: 5: cannot create /var/log/x: Permission denied", ""),
    ("port-in-use", "[2026-11-22 10:00:00 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8080)", ""),
    (
        "port-in-use",
        "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8080): address already in use",
        "",
    ),
    ("port-in-use", "nginx: [emerg] bind() to 0.0.0.0:8080 failed (98: Address already in use)", ""),
    ("network", "curl: (6) Could not resolve host: huggingface.co", ""),
    ("network", "wget: unable to resolve host: Temporary failure in name resolution", ""),
    ("network", "OSError: We couldn't connect to 'https://huggingface.co' to load this file", ""),
    ("network-timeout", "curl: (28) Failed to connect to huggingface.co port 443: Connection timed out", ""),
    (
        "requirements",
        "ERROR: No matching distribution found for nope==9",
        "ERROR: No matching distribution found for nope==9",
    ),
    ("requirements", "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io", ""),
    ("no-module", "/usr/bin/python3: No module named gunicorn", ""),
    (
        "nginx",
        '2026/11/22 nginx: [emerg] unexpected end of file, expecting ";"',
        'unexpected end of file, expecting ";"',
    ),
    ("nginx", '2026/11/22 10:00:00 [emerg] 7#7: no "events" section', 'no "events" section'),
    (
        "triton-model",
        "E1122 1 model_lifecycle.cc:638] failed to load 'iris' version 1: Invalid argument: no onnx",
        "failed to load 'iris' version 1: Invalid argument: no onnx",
    ),
    (
        "tensorflow-model",
        "W tensorflow_serving/x.cc:268] No versions of servable model found under base path /opt/ml/model",
        "No versions of servable model found under base path /opt/ml/model",
    ),
    (
        "worker-died",
        "2026 [WARN ] W-9000-model x.BatchAggregator - Load model failed: model, error: Worker died.",
        "Load model failed: model, error: Worker died.",
    ),
    (
        "worker-died",
        "2026-11-22T10:00:00Z ERROR text_generation_launcher: Shard 0 failed to start",
        "Shard 0 failed to start",
    ),
]

ERRORS = [
    ("shared-library", "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"),
    ("library-too-old", "ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by /x.so)"),
    ("gpu-memory", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB"),
    ("memory", "MemoryError"),
    (
        "memory",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 14.9 GiB for an array with shape (2000000000,)",
    ),
    (
        "memory",
        "RuntimeError: [enforce fail at alloc_cpu.cpp:83] . DefaultCPUAllocator: can't allocate memory: you tried",
    ),
    ("disk-full", "OSError: [Errno 28] No space left on device: '/tmp/x'"),
    ("read-only", "OSError: [Errno 30] Read-only file system: '/opt/ml/model/cache'"),
    ("permission", "PermissionError: [Errno 13] Permission denied: '/root/.cache'"),
    ("network", "socket.gaierror: [Errno -3] Temporary failure in name resolution"),
    ("network", "OSError: [Errno 101] Network is unreachable"),
    ("network-timeout", "TimeoutError: timed out"),
    ("network-timeout", "TimeoutError: [Errno 110] Connection timed out"),
    ("network-timeout", "socket.timeout: timed out"),
    ("network-timeout", "urllib.error.URLError: <urlopen error timed out>"),
    (
        "network-timeout",
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='10.0.0.1'): Max retries exceeded (Caused by x)",
    ),
    (
        "network-timeout",
        "ConnectionError: (MaxRetryError('... (Caused by y(<x>, 'Connection to 10.0.0.1 timed out. (timeout=2)'))'))",
    ),
    ("credentials", "botocore.exceptions.NoCredentialsError: Unable to locate credentials"),
    ("numpy-version", "ImportError: numpy.core.multiarray failed to import"),
    ("numpy-version", "ValueError: numpy.dtype size changed, may indicate binary incompatibility"),
    ("numpy-version", "ModuleNotFoundError: No module named 'numpy._core'"),
    ("unpickle", "AttributeError: Can't get attribute 'Scaler' on <module '__main__' from '/usr/bin/x'>"),
    ("protobuf-version", "TypeError: Descriptors cannot not be created directly."),
    ("no-module", "ModuleNotFoundError: No module named 'xgboost'"),
    ("no-name", "ImportError: cannot import name 'url_quote' from 'werkzeug.urls' (/usr/lib/x.py)"),
    ("no-gpu", "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"),
    (
        "no-gpu",
        "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.",
    ),
    ("no-function", "NotImplementedError: Please provide a model_fn implementation."),
    ("arguments", "TypeError: model_fn() takes 0 positional arguments but 1 was given"),
    ("no-file", "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'"),
    (
        "model-name",
        "OSError: bert is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
    ),
]


@pytest.mark.parametrize(("rule", "line", "shown"), LINES)
def test_a_line_without_an_exception(rule: str, line: str, shown: str) -> None:
    cause = find_cause(["starting", line, "the end"])
    assert cause is not None
    assert (cause.rule, cause.text, cause.index) == (rule, shown or line, 1)
    assert cause.meaning
    assert cause.remedy


@pytest.mark.parametrize(("rule", "error"), ERRORS)
def test_an_exception_is_explained(rule: str, error: str) -> None:
    cause = find_cause([*FRAME, error])
    assert cause is not None
    assert (cause.rule, cause.text, cause.line) == (rule, error, 3)
    assert cause.meaning
    assert "{" not in cause.meaning + cause.remedy


def test_every_row_has_an_example() -> None:
    assert {row.name for row in ROWS} - {"sklearn-version"} == {rule for rule, *_ in (*LINES, *ERRORS)}


def test_an_error_that_nobody_knows_is_not_explained() -> None:
    cause = find_cause([*FRAME, "ValueError: of the user's own"])
    assert cause is not None
    assert (cause.rule, cause.meaning, cause.remedy) == ("", "", "")


def test_the_words_name_what_it_is_about() -> None:
    cause = find_cause([*FRAME, "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"])
    assert cause is not None
    assert cause.meaning == "the image has no libGL.so.1"
    assert cause.remedy == "Install the system package that holds it in the image."
    cause = find_cause(["/serve: line 4:    12 Killed"])
    assert cause is not None
    assert cause.meaning == "a process was killed from outside, most likely because the memory was not enough"
    assert cause.remedy == MEMORY


WARNED = (
    "/usr/lib/python3/sklearn/base.py:442: InconsistentVersionWarning: Trying to unpickle estimator SimpleImputer "
    "from version 1.0.2 when using version 1.7.2. This might lead to breaking code or invalid results."
)


def test_a_model_of_another_version_is_told_by_the_warning_before() -> None:
    error = "AttributeError: 'SimpleImputer' object has no attribute '_fill_dtype'"
    said = "the model was saved with scikit-learn 1.0.2, and the image has 1.7.2"
    both = find_cause([WARNED, *FRAME, error])
    assert both is not None
    assert (both.rule, both.meaning) == ("sklearn-version", said)
    beside = find_cause([*FRAME, error], beside=[WARNED])
    assert beside is not None
    assert beside.meaning == said
    without = find_cause([*FRAME, error])
    assert without is not None
    assert without.rule == ""
    assert find_cause([WARNED]) is None


def test_what_a_program_in_python_followed_is_told_before_it() -> None:
    """pip's own words, not the toolkit's exception that follows from them."""
    log = [
        "ERROR: No matching distribution found for nope==9",
        *FRAME,
        "ValueError: failed to install required packages",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert cause.subject == "nope==9"


ATTACKS = [
    "(" * 4000,
    "Traceback (most recent call last):",
    "x Traceback (most recent call last):" + '  File "' * 500,
    '  File "' + "/a" * 2000,
    "a." * 2000,
    "A" * 4000 + ":",
    "Caused by: " * 400,
    "ERROR: Could not find a version that satisfies the requirement " + "(" * 3000,
    "unable to write " + "torch_1" * 500,
    '{"message": ' * 600,
    "[" * 4000,
    "exited " * 600,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_line_takes_long(attack: str) -> None:
    """A tenth of what is read of a huge log takes a tenth of a second."""
    count = (HEAD + TAIL) // 10 // min(len(attack), LONGEST)
    begun = time.process_time()
    find_cause([f"{number % 7} {attack}" for number in range(count)])
    assert time.process_time() - begun < 3


def test_of_a_huge_log_the_start_and_the_end_are_read() -> None:
    error = "ModuleNotFoundError: No module named 'nosuch'"
    noise = ["x" * 1000] * 2_000
    for log in ([*FRAME, error, *noise], [*noise, *FRAME, error]):
        cause = find_cause(log)
        assert cause is not None
        assert log[cause.index] == error
    assert find_cause([*noise, *FRAME, error, *noise]) is None


def test_rows_that_stand_alone_give_advice() -> None:
    for row in ROWS:
        if row.alone is not Alone.NOTHING:
            assert row.meaning
            assert row.remedy
