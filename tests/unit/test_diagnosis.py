"""The cause in a log, as real servers write it."""

from sm_ci.diagnosis import Cause, find_cause, model_file

LIFE = "W-9000-model-stderr com.amazonaws.ml.mms.wlm.WorkerLifeCycle"
MMS_SYNTAX_ERROR = f"""\
2026-11-22T14:50:01,100 [INFO ] main com.amazonaws.ml.mms.ModelServer - Model server started.
2026-11-22T14:50:02,101 [WARN ] {LIFE} - Traceback (most recent call last):
2026-11-22T14:50:02,101 [WARN ] {LIFE} -   File "/usr/lib/python3/dist-packages/mms/service.py", line 108, in predict
2026-11-22T14:50:02,102 [WARN ] {LIFE} -   File "/opt/ml/model/code/inference.py", line 12
2026-11-22T14:50:02,102 [WARN ] {LIFE} -     def model_fn(model_dir)
2026-11-22T14:50:02,102 [WARN ] {LIFE} -                            ^
2026-11-22T14:50:02,103 [WARN ] {LIFE} - SyntaxError: expected ':'
2026-11-22T14:50:02,105 [ERROR] W-9000-model com.amazonaws.ml.mms.wlm.WorkerThread - Backend worker error
com.amazonaws.ml.mms.wlm.WorkerInitializationException: Backend worker startup time out.
2026-11-22T14:50:02,105 [WARN ] W-9000-model com.amazonaws.ml.mms.wlm.BatchAggregator - Load model failed: model, error: Worker died.
""".splitlines()


def test_the_users_line_under_the_noise_of_multi_model_server() -> None:
    cause = find_cause(MMS_SYNTAX_ERROR)
    assert cause == Cause(text="SyntaxError: expected ':'", index=6, file="/opt/ml/model/code/inference.py", line=12)
    assert model_file(cause) == "code/inference.py"


def test_the_last_frame_of_the_users_file_counts_not_the_librarys() -> None:
    log = [
        "Traceback (most recent call last):",
        '  File "/opt/program/predictor.py", line 20, in load',
        '  File "/opt/ml/model/code/inference.py", line 7, in model_fn',
        "    return joblib.load(path)",
        '  File "/usr/lib/python3.11/site-packages/joblib/numpy_pickle.py", line 650, in load',
        "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert (cause.file, cause.line) == ("/opt/ml/model/code/inference.py", 7)
    assert cause.text == "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'"


def test_the_first_of_several_tracebacks_is_the_cause() -> None:
    def raised(what: str) -> list[str]:
        return ["Traceback (most recent call last):", '  File "/opt/program/a.py", line 3, in f', what]

    cause = find_cause([*raised("ModuleNotFoundError: No module named 'xgboost'"), *raised("OSError: again")])
    assert cause is not None
    assert cause.text == "ModuleNotFoundError: No module named 'xgboost'"
    assert model_file(cause) is None


def test_warnings_and_mentions_of_errors_are_no_cause() -> None:
    assert find_cause(["x.py:1: InconsistentVersionWarning: trying to unpickle", "no ValueError here", ""]) is None
    assert find_cause([]) is None


def test_fatal_lines_without_a_traceback() -> None:
    for line, said in (
        ("exec /opt/program/serve: no such file or directory", "/opt/program/serve: no such file or directory"),
        ("exec /opt/program/serve: exec format error", "/opt/program/serve: exec format error"),
        ('2026/11/22 nginx: [emerg] unexpected end of file, expecting ";"', 'unexpected end of file, expecting ";"'),
        ("ERROR: No matching distribution found for nope==9", "ERROR: No matching distribution found for nope==9"),
    ):
        cause = find_cause(["starting", line])
        assert cause is not None
        assert (cause.text, cause.index) == (said, 1)
