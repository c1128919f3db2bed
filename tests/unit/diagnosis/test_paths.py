"""Whose a file in the container is, and which of the user's files it comes from."""

import pytest

from sm_ci.diagnosis import best_match, is_users


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("/opt/ml/model/code/inference.py", True),
        ("/opt/program/predictor.py", True),
        ("/usr/local/bin/serve", True),
        ("/home/model-server/tmp/models/f0fd3b17/code/inference.py", True),
        ("/usr/lib/python3.11/importlib/__init__.py", False),
        ("/usr/local/lib/python3.11/dist-packages/mms/service.py", False),
        ("/opt/conda/lib/python3.10/site-packages/ts/service.py", False),
        ("/tmp/.djl.ai/python/0.27.0/djl_python_engine.py", False),
        ("/usr/local/bin/gunicorn", False),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", False),
        ("", False),
    ],
)
def test_whose_file_it_is(file: str, users: bool) -> None:
    assert is_users(file) is users


def test_the_file_whose_path_ends_most_alike() -> None:
    assert best_match("/opt/program/model.py", ["src/model.py"]) == "src/model.py"
    assert best_match("/opt/program/app/model.py", ["tests/model.py", "app/model.py"]) == "app/model.py"
    assert best_match("/opt/program/model.py", ["a/model.py", "b/model.py"]) is None
    assert best_match("/opt/program/model.py", ["src/my_model.py"]) is None
    assert best_match("/opt/program/model.py", []) is None
