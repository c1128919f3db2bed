"""The cause in a log, as real servers write it."""

import json

import pytest

from sm_ci.diagnosis import find_cause, model_file

MMS = "com.amazonaws.ml.mms.wlm"
HANDLER = "/opt/ml/model/code/inference.py"


def mms(*said: str, thread: str = "W-9000-model-stdout", level: str = "INFO ") -> list[str]:
    """Multi Model Server passes its worker's output on, a line of its own for each."""
    return [
        f"2026-11-22T14:50:02,{number:03} [{level}] {thread} {MMS}.WorkerLifeCycle - {line}"
        for number, line in enumerate(said, 101)
    ]


def traceback(*frames: tuple[str, int], error: str) -> list[str]:
    shown = [
        line for file, number in frames for line in (f'  File "{file}", line {number}, in f', "    g()", "    ^^^")
    ]
    return ["Traceback (most recent call last):", *shown, error]


def test_the_users_line_under_the_noise_of_multi_model_server() -> None:
    """Lines of other threads stand between those of the traceback; Java's own exceptions come after it."""
    log = [
        f"2026-11-22T14:50:01,100 [INFO ] main {MMS}.ModelServer - Model server started.",
        *mms(
            "Traceback (most recent call last):",
            '  File "/usr/local/lib/python3.11/dist-packages/mms/model_loader.py", line 145, in load',
            "    model_service.initialize(service.context)",
            f'  File "{HANDLER}", line 12',
        ),
        f"2026-11-22T14:50:02,105 [INFO ] W-9000-model {MMS}.WorkerThread - Backend response time: 2",
        *mms("    def model_fn(model_dir)", "                           ^", "SyntaxError: expected ':'"),
        f"2026-11-22T14:50:02,110 [ERROR] W-9000-model {MMS}.WorkerThread - Backend worker error",
        f"{MMS}.WorkerInitializationException: Backend worker startup time out.",
        f"        at {MMS}.WorkerThread.run(WorkerThread.java:113)",
        f"2026-11-22T14:50:02,111 [WARN ] W-9000-model {MMS}.BatchAggregator - Load model failed: model, error: Worker died.",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.index, cause.file, cause.line) == ("SyntaxError: expected ':'", 8, HANDLER, 12)
    assert model_file(cause) == "code/inference.py"


def test_two_workers_of_a_server_write_between_each_others_lines() -> None:
    one = mms(*traceback((HANDLER, 7), error="OSError: one"))
    other = mms(*traceback((HANDLER, 9), error="OSError: other"), thread="W-9001-model-stdout")
    cause = find_cause([line for pair in zip(one, other, strict=True) for line in pair])
    assert cause is not None
    assert (cause.text, cause.line, cause.index) == ("OSError: one", 7, 8)


def in_turn(one: list[str], other: list[str]) -> list[str]:
    return [line for pair in zip(one, other, strict=True) for line in pair]


def two_processes() -> dict[str, list[str]]:
    """Two tracebacks line by line in turn, as several servers tell their processes apart."""
    one, other = traceback((HANDLER, 7), error="OSError: one"), traceback((HANDLER, 9), error="OSError: other")
    return {
        "pid in brackets": in_turn([f"[33] {line}" for line in one], [f"[34] {line}" for line in other]),
        "pid and time": in_turn(
            [f"2026-11-22 10:00:0{at},12 [33] {line}" for at, line in enumerate(one)],
            [f"2026-11-22 10:00:1{at},12 [34] {line}" for at, line in enumerate(other)],
        ),
        "ranks of MPI": in_turn(
            [f"W-17-m-stderr: [1,0]<stderr>:{line}" for line in one],
            [f"W-17-m-stderr: [1,1]<stderr>:{line}" for line in other],
        ),
        "vllm": in_turn(
            [f"(EngineCore pid=33) ERROR 11-22 10:00:00 [core.py:708] {line}" for line in one],
            [f"(EngineCore pid=34) ERROR 11-22 10:00:00 [core.py:708] {line}" for line in other],
        ),
        "json records": in_turn(
            [json.dumps({"level": "ERROR", "pid": 33, "message": line}) for line in one],
            [json.dumps({"level": "ERROR", "pid": 34, "message": line}) for line in other],
        ),
        "json of threads": in_turn(
            [json.dumps({"threadName": "w-1", "msg": line}) for line in one],
            [json.dumps({"threadName": "w-2", "msg": line}) for line in other],
        ),
    }


@pytest.mark.parametrize("server", two_processes())
def test_lines_of_two_processes_are_told_apart(server: str) -> None:
    cause = find_cause(two_processes()[server])
    assert cause is not None
    assert (cause.text, cause.file, cause.line, cause.index) == ("OSError: one", HANDLER, 7, 8)


def test_a_launcher_that_only_tells_that_its_program_failed_is_not_the_cause() -> None:
    """`serve` is the user's own, and the server that it called had said why before."""
    for error in (
        "subprocess.CalledProcessError: Command '['gunicorn']' returned non-zero exit status 1.",
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
    ):
        log = [
            "[2026-11-22 10:00:00 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8080)",
            *traceback(("/usr/local/bin/serve", 3), ("/usr/local/bin/gunicorn", 8), error=error),
        ]
        cause = find_cause(log)
        assert cause is not None
        assert cause.rule == "port-in-use"


def test_the_last_frame_of_the_users_file_counts_not_the_librarys() -> None:
    log = traceback(
        ("/opt/program/predictor.py", 20),
        (HANDLER, 7),
        ("/usr/lib/python3.11/site-packages/joblib/numpy_pickle.py", 650),
        error="FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'",
    )
    cause = find_cause(log)
    assert cause is not None
    assert (cause.file, cause.line) == (HANDLER, 7)
    assert cause.text == "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'"
    assert (cause.rule, cause.subject) == ("no-file", "/opt/ml/model/model.joblib")


def test_the_first_of_several_tracebacks_is_the_cause() -> None:
    log = [
        *traceback(("/opt/program/a.py", 3), error="ModuleNotFoundError: No module named 'xgboost'"),
        *traceback(("/opt/program/a.py", 4), error="OSError: again"),
    ]
    cause = find_cause(log)
    assert cause is not None
    assert cause.text == "ModuleNotFoundError: No module named 'xgboost'"
    assert model_file(cause) is None


def test_an_exception_of_the_users_comes_before_a_librarys() -> None:
    log = [
        *traceback(("/opt/conda/lib/python3.11/site-packages/flash.py", 3), error="ImportError: no kernel"),
        *traceback((HANDLER, 4), error="ValueError: no weights"),
    ]
    cause = find_cause(log)
    assert cause is not None
    assert cause.text == "ValueError: no weights"


@pytest.mark.parametrize(
    "link",
    [
        "The above exception was the direct cause of the following exception:",
        "During handling of the above exception, another exception occurred:",
    ],
)
def test_of_a_chain_the_first_that_went_through_the_users_file(link: str) -> None:
    library = "/usr/lib/python3/dist-packages/urllib3/connection.py"
    log = [
        *traceback((library, 9), error="socket.gaierror: [Errno -3] Temporary failure in name resolution"),
        *("", link, ""),
        *traceback((HANDLER, 5), (library, 30), error="ConnectionError: Max retries exceeded (NameResolutionError)"),
        *("", link, ""),
        *traceback(("/usr/lib/python3/dist-packages/mms/service.py", 1), (HANDLER, 99), error="RuntimeError: wrapped"),
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.line, cause.rule) == (
        "ConnectionError: Max retries exceeded (NameResolutionError)",
        5,
        "network",
    )


def test_of_a_chain_within_libraries_the_first() -> None:
    link = "The above exception was the direct cause of the following exception:"
    library = "/usr/lib/python3/dist-packages/x.py"
    log = [
        *traceback((library, 1), error="OSError: disk"),
        "",
        link,
        "",
        *traceback((library, 2), error="LoadError: x"),
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.file, cause.line) == ("OSError: disk", library, 1)


def test_a_syntax_error_of_the_first_file_has_no_head() -> None:
    log = [
        "starting",
        '  File "/opt/program/serve", line 3',
        "    def f(",
        "         ^",
        "SyntaxError: '(' was never closed",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.index) == ("SyntaxError: '(' was never closed", 4)
    assert (cause.file, cause.line, cause.rule) == ("/opt/program/serve", 3, "syntax-error")


def test_a_message_that_begins_in_the_next_line() -> None:
    cause = find_cause(
        mms(
            *traceback((HANDLER, 35), error="NotImplementedError: "),
            "Please provide a model_fn implementation.",
            "See documentation",
        )
    )
    assert cause is not None
    assert cause.text == "NotImplementedError: Please provide a model_fn implementation."


def test_exceptions_whose_names_are_odd() -> None:
    for error in (
        "numpy._core._exceptions._UFuncNoLoopError: ufunc 'add' did not contain a loop",
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
        "Nope: of the user's own",
        "KeyError: 'age'",
        "AssertionError",
    ):
        cause = find_cause(traceback((HANDLER, 1), error=error))
        assert cause is not None
        assert (cause.text, cause.line) == (error, 1)


def test_an_exception_group_is_told_by_what_is_in_it() -> None:
    log = [
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "/usr/lib/python3/dist-packages/anyio/x.py", line 2, in run',
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        f'    |   File "{HANDLER}", line 8, in load',
        "    |     return 1 / 0",
        "    | ZeroDivisionError: division by zero",
        "    +------------------------------------",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.line, cause.index) == ("ZeroDivisionError: division by zero", 8, 7)


def server_logs() -> dict[str, list[str]]:
    """The same error as several servers pass it on."""
    raised = traceback((HANDLER, 4), error="ModuleNotFoundError: No module named 'nosuch'")
    whole = "\n".join(raised)
    return {
        "gunicorn": ["[2026-11-22 10:00:00 +0000] [7] [ERROR] Exception in worker process", *raised],
        "flask": ["[2026-11-22 10:00:00,123] ERROR in app: Exception on /invocations [POST]", *raised],
        "uvicorn": ["\x1b[31mERROR\x1b[0m:    Exception in ASGI application", *raised],
        "torchserve": [
            f"2026-11-22T10:00:00,12{n} [INFO ] W-9000-m_1.0-stdout MODEL_LOG - {t}" for n, t in enumerate(raised)
        ],
        "djl": [f"[WARN ] PyProcess - W-17-m-stderr: [1,0]<stderr>:{text}" for text in raised],
        "tgi": [
            "2026-11-22T10:00:00Z ERROR shard-manager: text_generation_launcher: Shard complete standard error output:",
            "",
            *raised,
        ],
        "tgi json": [
            json.dumps({"level": "ERROR", "fields": {"message": f"Shard complete:\n\n{whole}"}, "target": "x"})
        ],
        "json logger": [json.dumps({"levelname": "ERROR", "message": "failed", "exc_info": whole})],
        "syslog": [f"Nov 22 10:00:0{n} host app[17]: {text}" for n, text in enumerate(raised)],
    }


@pytest.mark.parametrize("server", server_logs())
def test_whatever_a_server_writes_before_each_line(server: str) -> None:
    before = ["starting", '{"level": "INFO", "message": "ready"}', "{not json}"]
    cause = find_cause([*before, *server_logs()[server]])
    assert cause is not None
    assert cause.text == "ModuleNotFoundError: No module named 'nosuch'"
    assert (cause.file, cause.line, cause.rule) == (HANDLER, 4, "no-module")


def test_triton_names_the_frames_after_the_error() -> None:
    log = [
        "E1122 10:00:00.1 1 x.cc:638] failed to load 'iris' version 1: Internal: ModuleNotFoundError: No module named 'nosuch'",
        "",
        "At:",
        "  /opt/ml/model/iris/1/model.py(3): <module>",
        "  <frozen importlib._bootstrap>(241): _call_with_frames_removed",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.file, cause.line) == (
        "ModuleNotFoundError: No module named 'nosuch'",
        "/opt/ml/model/iris/1/model.py",
        3,
    )


def test_java_is_told_by_its_innermost_cause() -> None:
    log = [
        'Exception in thread "main" java.lang.IllegalStateException: cannot start',
        "\tat com.example.Server.main(Server.java:10)",
        "Caused by: java.net.BindException: cannot bind",
        "\tat java.base/sun.nio.ch.Net.bind0(Native Method)",
        "\t... 12 more",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.text, cause.index) == ("java.net.BindException: cannot bind", 2)


def test_what_hangs_up_or_was_logged_as_a_warning_is_the_cause_only_when_nothing_else_is() -> None:
    handled = [
        "WARNING:root:no flash attention, going on without",
        *traceback((HANDLER, 2), error="ImportError: flash_attn"),
    ]
    hung_up = traceback((HANDLER, 3), error="BrokenPipeError: [Errno 32] Broken pipe")
    real = traceback((HANDLER, 4), error="ValueError: the cause")
    for log in ([*handled, *real], [*hung_up, *real], [*handled, *hung_up, *real]):
        cause = find_cause(log)
        assert cause is not None
        assert cause.text == "ValueError: the cause"
    alone = find_cause(handled)
    assert alone is not None
    assert alone.text == "ImportError: flash_attn"


def test_mentions_of_errors_are_no_cause() -> None:
    assert find_cause(["x.py:1: InconsistentVersionWarning: trying to unpickle", "no ValueError here", ""]) is None
    assert find_cause(["ValueError: said without a traceback", "Traceback (most recent call last):"]) is None
    assert find_cause([]) is None


HEALTHY = {
    "multi-model-server": [
        "WARNING: sun.reflect.Reflection.getCallerClass is not supported. This will impact performance.",
        "MMS Home: /usr/local/lib/python3.11/dist-packages",
        "Blacklist Regex: N/A",
        *mms(
            "model_service_worker started with args: --handler sagemaker_inference.default_handler_service", "[PID] 33"
        ),
        "2026-11-22T14:50:03,001 [WARN ] pool-3-thread-1 com.amazonaws.ml.mms.metrics.MetricCollector - worker pid is not available yet.",
        '2026-11-22T14:50:03,120 [INFO ] W-9000-model ACCESS_LOG - /172.17.0.1:48332 "POST /invocations HTTP/1.1" 200 4',
    ],
    "torchserve": [
        "2026-11-22T10:00:00,001 [DEBUG] main org.pytorch.serve.wlm.ModelManager - updateModel: model, count: 1",
        "2026-11-22T10:00:00,002 [WARN ] pool-3-thread-1 org.pytorch.serve.metrics.MetricCollector - worker pid is not available yet.",
        "2026-11-22T10:00:00,003 [INFO ] W-9000-model_1.0-stdout MODEL_LOG - Transformers version 4.36.0",
        "2026-11-22T10:00:00,004 [INFO ] W-9000-model_1.0-stdout MODEL_LOG - proceeding without onnxruntime",
    ],
    "djl": [
        "INFO  ModelServer Starting model server ...",
        "INFO  PyModel Loading model in MPI mode, TP: 1.",
        "WARN  SecurityUtils Local model loading is allowed",
        "INFO  PyProcess W-99-model-stdout: Python engine started.",
    ],
    "triton": [
        "W1122 10:00:00.1 1 x.cc:237] Unable to allocate pinned memory: CUDA driver version is insufficient for CUDA runtime version",
        "I1122 10:00:00.2 1 cuda_memory_manager.cc:117] CUDA memory pool disabled",
        "I1122 10:00:00.3 1 model_lifecycle.cc:835] successfully loaded 'iris'",
        "| iris  | 1       | READY  |",
    ],
    "tensorflow serving": [
        "2026-11-22 10:00:00.1: I external/org_tensorflow/tensorflow/core/util/port.cc:113] oneDNN custom operations are on.",
        "2026-11-22 10:00:00.2: E cuda_driver.cc:274] failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
        "2026-11-22 10:00:00.3: I tensorflow_serving/loader_harness.cc:95] Successfully loaded servable version {name: model version: 1}",
    ],
    "text generation inference": [
        '{"level":"WARN","fields":{"message":"Unable to use Flash Attention V2: CUDA capability 7 5 is not supported"}}',
        '{"level":"INFO","fields":{"message":"Shard ready in 12s","error":null},"target":"text_generation_launcher"}',
    ],
    "gunicorn behind nginx": [
        "[2026-11-22 10:00:00 +0000] [7] [INFO] Booting worker with pid: 9",
        "2026/11/22 10:00:00 [crit] 18#18: *1 connect() to unix:/tmp/gunicorn.sock failed (2: No such file or directory)",
        '172.17.0.1 - - [22/Nov/2026:10:00:01 +0000] "GET /ping HTTP/1.1" 200 1 "-" "-"',
    ],
    "uvicorn": [
        "INFO:     Started server process [1]",
        "WARNING:  No module named 'uvloop': using asyncio",
        'INFO:     172.17.0.1:4242 - "POST /invocations HTTP/1.1" 422 Unprocessable Entity',
    ],
    "pip": [
        "WARNING: Running pip as the 'root' user can result in broken permissions",
        "ERROR: pip's dependency resolver does not currently take into account all the packages that are installed.",
        "Successfully installed xgboost-2.1.0",
    ],
}


@pytest.mark.parametrize("server", HEALTHY)
def test_a_healthy_log_has_no_cause(server: str) -> None:
    assert find_cause(HEALTHY[server]) is None
