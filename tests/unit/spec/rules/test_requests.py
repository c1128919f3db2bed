from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sm_ci.spec import Spec

Told = Callable[..., list[str]]


def spec(request: str) -> str:
    return f"version: 1\nimage: i\ntests:\n  - name: a\n    request: {{{request}}}\n"


@pytest.mark.parametrize(
    ("request_", "messages"),
    [
        ("json: null", []),
        ("", []),
        (
            "json: 1, text: a",
            [
                (
                    "sm-ci.yml:5:24: tests[0].request.text: a request has one body, and both json and text are given; "
                    "keep one of them"
                )
            ],
        ),
        (
            "csv: a, base64: YQ==, text: a",
            [
                (
                    "sm-ci.yml:5:23: tests[0].request.base64: a request has one body, and both csv and base64 are given; "
                    "keep one of them"
                ),
                (
                    "sm-ci.yml:5:37: tests[0].request.text: a request has one body, and both csv and text are given; "
                    "keep one of them"
                ),
            ],
        ),
        (
            "text: ",
            ["sm-ci.yml:5:21: tests[0].request.text: has no value; write it, or leave the key out for an empty body"],
        ),
        ("base64: 'aGVs\n      bG8='", []),
        (
            "base64: a=b",
            ["sm-ci.yml:5:23: tests[0].request.base64: is not base64: 'a=b'; write what the command base64 prints"],
        ),
        (
            "base64: aGk",
            ["sm-ci.yml:5:23: tests[0].request.base64: is not base64: 'aGk'; write what the command base64 prints"],
        ),
        (
            "json: {a: [1.5, .nan]}",
            [
                "sm-ci.yml:5:31: tests[0].request.json.a[1]: JSON has no .nan; send text: or file: if the model must get it"
            ],
        ),
        (
            "json_: 1",
            ["sm-ci.yml:5:15: tests[0].request.json_: is not a known key; did you mean 'json'?"],
        ),
        ("session_id: NEW_SESSION", []),
        ("session_id: a--b-1", []),
        (
            "session_id: a_b",
            [
                (
                    "sm-ci.yml:5:27: tests[0].request.session_id: is not a session id that SageMaker takes: 'a_b'; "
                    "write NEW_SESSION, or letters and digits with '-' between them"
                )
            ],
        ),
        (
            "custom_attributes: é",
            [
                (
                    "sm-ci.yml:5:34: tests[0].request.custom_attributes: holds the character U+00E9 'é', "
                    "and SageMaker takes printable ASCII only; leave it out, or encode it"
                )
            ],
        ),
        (
            'accept: "a\\r\\nb"',
            [
                (
                    "sm-ci.yml:5:23: tests[0].request.accept: holds the character U+000D, "
                    "and SageMaker takes printable ASCII only; leave it out, or encode it"
                )
            ],
        ),
        (
            "custom_attributes: ' trace=1'",
            [
                (
                    "sm-ci.yml:5:34: tests[0].request.custom_attributes: begins or ends with white space, "
                    "which no header can hold: ' trace=1'; write 'trace=1'"
                )
            ],
        ),
        (
            'content_type: "text/csv\\t"',
            [
                (
                    "sm-ci.yml:5:29: tests[0].request.content_type: begins or ends with white space, "
                    "which no header can hold: 'text/csv\\t'; write 'text/csv'"
                )
            ],
        ),
        (
            "headers: {Accept: ' '}",
            [
                (
                    "sm-ci.yml:5:33: tests[0].request.headers.Accept: begins or ends with white space, "
                    "which no header can hold: ' '; write ''"
                )
            ],
        ),
        (
            'headers: {Accept: "\\xa0a"}',
            [
                (
                    "sm-ci.yml:5:33: tests[0].request.headers.Accept: begins or ends with white space, "
                    "which no header can hold: '\\xa0a'; write 'a'"
                )
            ],
        ),
        (
            """json: '{"a": 1}'""",
            [
                (
                    "sm-ci.yml:5:21: tests[0].request.json: is a text that holds JSON; "
                    "leave out the quotes if the value is meant"
                )
            ],
        ),
        ("headers: {X-Amzn-SageMaker-Adapter-Alias: b}", []),
        (
            "headers: {X-Api-Key: b}",
            [
                (
                    'sm-ci.yml:5:25: tests[0].request.headers["X-Api-Key"]: SageMaker strips this header, so it is not sent; '
                    "leave it out, or use custom_attributes"
                )
            ],
        ),
        (
            "headers: {a b: c}",
            ["sm-ci.yml:5:25: tests[0].request.headers[\"a b\"]: is not the name of a header: 'a b'"],
        ),
        (
            'headers: {accept: "a\\nb"}',
            [
                (
                    "sm-ci.yml:5:33: tests[0].request.headers.accept: holds the character U+000A, which no header can hold; "
                    "leave it out, or encode it"
                )
            ],
        ),
        (
            "headers: {accept: é€}",
            [
                (
                    "sm-ci.yml:5:33: tests[0].request.headers.accept: holds the character U+20AC '€', "
                    "which no header can hold; leave it out, or encode it"
                )
            ],
        ),
        (
            "file: data/rws.csv",
            ["sm-ci.yml:5:21: tests[0].request.file: does not exist: 'data/rws.csv'; did you mean 'rows.csv'?"],
        ),
        ("file: data/rows.csv", []),
        (
            "file: data",
            ["sm-ci.yml:5:21: tests[0].request.file: is a folder and not a file: 'data'; name a file in it"],
        ),
        (
            'file: "a\\0b"',
            [
                "sm-ci.yml:5:21: tests[0].request.file: does not exist: 'a\\x00b'; paths are relative to the folder of the spec"
            ],
        ),
        (
            f"file: {'x' * 5000}",
            [
                (
                    f"sm-ci.yml:5:21: tests[0].request.file: does not exist: '{'x' * 30}…{'x' * 29}'; "
                    "paths are relative to the folder of the spec"
                )
            ],
        ),
        (
            "file: big.bin",
            [
                (
                    "sm-ci.yml:5:21: tests[0].request.file: is a Git LFS pointer and not the file itself: 'big.bin'; "
                    "write lfs: true at actions/checkout, or run git lfs pull"
                )
            ],
        ),
    ],
)
def test_requests(told: Told, request_: str, messages: list[str]) -> None:
    files = {"data/rows.csv": "1,2", "big.bin": "version https://git-lfs.github.com/spec/v1\n"}
    assert told(spec(request_), files=files) == messages


def test_defaults_become_headers_too(told: Told) -> None:
    text = "version: 1\nimage: i\ndefaults: {request: {accept: ' a'}}\ntests: [{name: a}]\n"
    assert told(text) == [
        (
            "sm-ci.yml:3:30: defaults.request.accept: begins or ends with white space, "
            "which no header can hold: ' a'; write 'a'"
        )
    ]
    text = "version: 1\nimage: i\ndefaults: {request: {accept: é}}\ntests: [{name: a}]\n"
    assert told(text) == [
        (
            "sm-ci.yml:3:30: defaults.request.accept: holds the character U+00E9 'é', "
            "and SageMaker takes printable ASCII only; leave it out, or encode it"
        )
    ]


@pytest.mark.parametrize(
    ("size", "messages"),
    [
        (25_000_000, []),
        (
            25_000_001,
            [
                (
                    "sm-ci.yml:5:21: tests[0].request.file: has 25,000,001 bytes, "
                    "and SageMaker refuses more than 25,000,000; send a smaller file"
                )
            ],
        ),
        (
            10**12,
            [
                (
                    "sm-ci.yml:5:21: tests[0].request.file: has 1,000,000,000,000 bytes, "
                    "and SageMaker refuses more than 25,000,000; send a smaller file"
                )
            ],
        ),
    ],
)
def test_a_file_that_is_larger_than_a_request_can_be_is_odd(
    told: Told, loaded: Callable[..., Spec], tmp_path: Path, size: int, messages: list[str]
) -> None:
    (tmp_path / "repository").mkdir()
    with (tmp_path / "repository" / "big.bin").open("wb") as file:
        file.truncate(size)
    assert told(spec("file: big.bin")) == messages
    assert all(finding.severity == "warning" for finding in loaded(spec("file: big.bin")).findings)
