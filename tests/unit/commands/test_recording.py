"""Recorded pairs of request and answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from sm_ci.commands.recording import Recorder, file_name
from sm_ci.errors import EnvironmentFault
from sm_ci.results import Answer, Blob, Exchange, NoAnswer, NoAnswerKind, Sent
from sm_ci.spec import Case, load
from sm_ci.text import Redactor


def a_case(folder: Path, name: str = "known customer", **request: object) -> Case:
    path = folder / "churn.yml"
    test = {"name": name, "request": request}
    path.write_text(yaml.safe_dump({"version": 1, "image": "churn:1", "tests": [test]}))
    return load(path, variables={}, environ={}).cases[0]


def blob(data: bytes) -> Blob:
    return Blob(size=len(data), sha256="", media_type="", head=data)


def exchange(asked: bytes = b"[1]", answered: bytes = b'{"score": "t0ps3cret"}') -> Exchange:
    headers = (
        ("Host", "model.aws.local:8080"),
        ("Content-Type", "application/json"),
        ("X-Amzn-SageMaker-Inference-Id", "1-2-3"),
        ("Authorization", "t0ps3cret"),
    )
    back = (("content-type", "application/json"), ("date", "now"), ("set-cookie", "a"), ("set-cookie", "b"))
    answer = Answer(status=200, headers=back, body=blob(answered), connect=0.0, first_byte=0.0, total=0.1)
    sent = Sent(method="POST", path="/invocations", headers=headers, body=blob(asked))
    return Exchange(sent=sent, outcome=answer, started=1.0)


def test_a_pair_without_secrets_and_what_differs_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "deep/golden"
    Recorder(folder=folder)(a_case(tmp_path), exchange(), Redactor(["t0ps3cret"]))
    assert [file.name for file in folder.iterdir()] == ["known customer.json"]
    assert json.loads((folder / "known customer.json").read_text()) == {
        "id": "churn::known customer",
        "request": {
            "method": "POST",
            "path": "/invocations",
            "headers": {"Content-Type": "application/json", "Authorization": "***"},
            "text": "[1]",
        },
        "answer": {
            "status": 200,
            "headers": {"content-type": "application/json", "set-cookie": ["a", "b"]},
            "text": '{"score": "***"}',
        },
    }
    owners = {file.stat().st_uid for file in (folder, *folder.iterdir())}
    assert owners == {tmp_path.stat().st_uid}


def test_bodies_are_whole_and_bytes_stay_bytes(tmp_path: Path) -> None:
    large = tmp_path / "spooled"
    large.write_bytes(b"x" * 200_000)
    one = exchange(asked=b"\x89PNG\xff")
    answer = one.outcome
    assert isinstance(answer, Answer)
    spooled = Blob(size=200_000, sha256="", media_type="", head=b"x", file=large)
    one = Exchange(
        sent=one.sent,
        outcome=Answer(status=200, headers=(), body=spooled, connect=0.0, first_byte=0.0, total=0.1),
        started=1.0,
    )
    Recorder(folder=tmp_path / "golden")(a_case(tmp_path, inference_id="mine"), one, Redactor(()))
    pair = json.loads((tmp_path / "golden/known customer.json").read_text())
    assert pair["request"]["base64"] == "iVBOR/8="
    assert pair["request"]["headers"]["X-Amzn-SageMaker-Inference-Id"] == "1-2-3"
    assert pair["answer"]["text"] == "x" * 200_000


def test_what_was_not_answered_is_not_recorded(tmp_path: Path) -> None:
    none = NoAnswer(kind=NoAnswerKind.TIMEOUT, after=1.0, detail="")
    one = Exchange(sent=exchange().sent, outcome=none, started=1.0)
    Recorder(folder=tmp_path / "golden")(a_case(tmp_path), one, Redactor(()))
    assert list((tmp_path / "golden").iterdir()) == []


def test_file_names_stay_below_the_folder_and_are_each_of_one_case(tmp_path: Path) -> None:
    names = ["../../escaped", "a/b", "a_b", "a:b", ".hidden", "é 1", "x" * 200, ".."]
    found = [file_name(a_case(tmp_path, name)) for name in names]
    assert len(set(found)) == len(names)
    assert found[2] == "a_b.json"
    assert all("/" not in name and not name.startswith(".") and len(name.encode()) < 256 for name in found)


def test_a_folder_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "golden").write_text("a file")
    with pytest.raises(EnvironmentFault) as caught:
        Recorder(folder=tmp_path / "golden")
    assert str(caught.value) == (
        f"{tmp_path / 'golden'}: the recorded pairs cannot be written: File exists\n"
        f"Make {tmp_path / 'golden'} a folder that this user can write to, or name another one with --record."
    )
