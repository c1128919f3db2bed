import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sm_ci.report import result_json
from sm_ci.results import Answer, Blob, CaseResult, Exchange, Failure, Fault, LogLine, Outcome, RunResult, Sent
from sm_ci.text import encodable


def body_of(passed: RunResult, make_case: Callable[..., CaseResult], body: Blob) -> dict[str, Any]:
    sent = Sent(method="POST", path="/invocations", headers=(), body=body)
    answer = Answer(status=200, headers=(), body=body, connect=0.0, first_byte=0.0, total=float("nan"))
    case = make_case("a", exchanges=(Exchange(sent=sent, outcome=answer, started=0.0),))
    document = json.loads(result_json.render(replace(passed, cases=(case,), secrets=("hunter2",))))
    assert document["cases"][0]["exchanges"][0]["outcome"]["total"] is None
    found: dict[str, Any] = document["cases"][0]["exchanges"][0]["sent"]["body"]
    return found


def test_the_top_of_a_result(mixed: RunResult) -> None:
    document = json.loads(result_json.render(mixed))
    assert list(document) == [
        "schema",
        "conclusion",
        "exit_status",
        "counts",
        "tool",
        "id",
        "name",
        "spec",
        "started",
        "seconds",
        "image",
        "model",
        "hosting",
        "cases",
        "load",
        "contract",
        "findings",
        "fault",
        "diagnoses",
    ]
    assert document["schema"] == 1
    assert document["conclusion"] == "failure"
    assert document["exit_status"] == 1
    assert document["started"] == "2026-01-02T03:04:05.678Z"
    assert document["counts"] == {
        "total": 6,
        "passed": 2,
        "failed": 1,
        "errored": 1,
        "skipped": 1,
        "not_run": 1,
    }
    assert document["hosting"]["log"]["tail"][2]["text"] == "```\x00]]> ##[error]no \\ud800\\xe9"
    assert document["hosting"]["pings"]["missed"] == [[2.5, "no answer in 2 s"]]


def test_a_case(mixed: RunResult) -> None:
    case = json.loads(result_json.render(mixed))["cases"][2]
    sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert case == {
        "id": "churn::cut",
        "name": "cut",
        "outcome": "errored",
        "at": {"path": "./models/churn/sm-ci.yml", "line": 30, "column": 5},
        "seconds": 0.0134,
        "tags": [],
        "exchanges": [
            {
                "sent": {
                    "method": "POST",
                    "path": "/invocations",
                    "headers": [
                        ["Content-Type", "application/json"],
                        ["Content-Length", "20"],
                        ["Authorization", "Bearer ***"],
                    ],
                    "body": {
                        "size": 11,
                        "sha256": sha,
                        "media_type": "application/json",
                        "truncated": False,
                        "base64": "AAH//oBiaW5hcnk=",
                    },
                },
                "outcome": {
                    "kind": "truncated",
                    "after": 0.2,
                    "detail": "5 of 9 bytes",
                    "partial": {
                        "status": 200,
                        "headers": [["content-type", "application/json"]],
                        "body": {
                            "size": 10,
                            "sha256": sha,
                            "media_type": "application/json",
                            "truncated": False,
                            "base64": base64.b64encode(b"\x1b[31mhalf\xff").decode(),
                        },
                        "connect": 0.001,
                        "first_byte": 0.01,
                        "total": 0.2,
                        "chunks": [],
                        "stream": None,
                    },
                },
                "started": 2.0,
                "attempt": 1,
                "step": 1,
            }
        ],
        "failures": [],
        "reason": "the answer was cut off after 5 of 9 bytes",
        "asserts_nothing": False,
    }


def test_secrets_are_nowhere(mixed: RunResult) -> None:
    document = result_json.render(mixed)
    assert "t0ps3cret" not in document
    assert '"secrets"' not in document


def test_a_large_text_is_cut_where_a_character_ends(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    data = b"x" + "é".encode() * 100_000
    body = body_of(passed, make_case, Blob(size=len(data), sha256="0", media_type="text/plain", head=data))
    assert body == {
        "size": 200_001,
        "sha256": "0",
        "media_type": "text/plain",
        "truncated": True,
        "text": "x" + "é" * 32_767,
    }


def test_what_a_body_says_of_itself_is_text_without_secrets(
    passed: RunResult, make_case: Callable[..., CaseResult]
) -> None:
    body = body_of(passed, make_case, Blob(size=1, sha256="hunter2\udc80", media_type="hunter2\udc80", head=b"x"))
    assert (body["sha256"], body["media_type"]) == ("***\\x80", "***\\x80")


def test_a_spooled_binary(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    data = b"\x00\xff hunter2"
    body = body_of(passed, make_case, Blob(size=10**9, sha256="0", media_type="x/y", head=data))
    assert body == {
        "size": 10**9,
        "sha256": "0",
        "media_type": "x/y",
        "truncated": True,
        "base64": base64.b64encode(b"\x00\xff ***").decode(),
    }


def strings(node: Any) -> Iterator[str]:
    """Every text of a document, keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from strings(value)


@given(
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=12, max_size=30).filter(
        lambda text: len(set(text)) > 8
    ),
    st.text(max_size=5),
)
def test_a_secret_is_nowhere_whatever_it_is_and_stands_beside(
    passed: RunResult, make_case: Callable[..., CaseResult], secret: str, beside: str
) -> None:
    said = f"{beside}{secret}{beside}"
    failure = Failure(check=said, path=said, expected=said, got=said, message=said)
    fault = Fault(kind=said, message=said, remedy=said, exit_status=1, log=(LogLine(at=0, stream="stdout", text=said),))
    body = Blob(size=9, sha256="0", media_type=said, head=said.encode())
    sent = Sent(method="POST", path="/invocations", headers=(("X", said),), body=body)
    answer = Answer(status=200, headers=(("Y", said),), body=body, connect=0.0, first_byte=0.0, total=1.0)
    exchange = Exchange(sent=sent, outcome=answer, started=0.0)
    case = make_case(said, Outcome.FAILED, failures=(failure,), reason=said, exchanges=(exchange,))
    run = replace(passed, name=said, cases=(case,), fault=fault, secrets=(secret,))
    document = json.loads(result_json.render(run))
    assert [text for text in strings(document) if secret in text] == []
    if not {"\x1b", "\x9b"} & set(beside):  # an escape sequence may swallow the secret's start, and is then removed
        assert document["name"] == f"{beside}***{beside}"


@given(st.text(st.characters(), max_size=40), st.binary(max_size=40))
def test_whatever_is_said_can_be_written_and_read(
    passed: RunResult, make_case: Callable[..., CaseResult], said: str, data: bytes
) -> None:
    failure = Failure(check=said, path=said, expected=said, got=said, message=said)
    case = make_case(said, Outcome.FAILED, failures=(failure,))
    document = json.loads(result_json.render(replace(passed, cases=(case,), secrets=())).encode())
    assert document["cases"][0]["failures"][0]["message"] == encodable(said)
    body = body_of(passed, make_case, Blob(size=len(data), sha256="0", media_type="", head=data))
    back = body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
    assert back == data
