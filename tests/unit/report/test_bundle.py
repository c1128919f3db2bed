"""The zip of a run: the same bytes for the same run, and nothing that is secret in it."""

from __future__ import annotations

import base64
import io
import json
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from sm_ci.report import bundle, replay
from sm_ci.report.bundle import Member, write
from sm_ci.report.inspection import credentials, is_credential, redacted, variables
from sm_ci.results import Answer, Blob, CaseResult, Exchange, ImageFacts, NoAnswer, RunResult, Sent
from sm_ci.text import Redactor

SECRET = "t0p secret/value+1"


def zipped(*members: Member) -> bytes:
    buffer = io.BytesIO()
    write(members, buffer)
    return buffer.getvalue()


def no_hurry() -> bool:
    return False


def log_of(text: str, clean: Redactor, note: str = "", hurry: Callable[[], bool] = no_hurry) -> str:
    return b"".join(bundle.log(io.BytesIO(text.encode()), clean, note, hurry)).decode()


def test_the_same_members_are_the_same_bytes_in_their_order() -> None:
    members = (
        Member(name="b.sh", data=b"#!/bin/sh\n", executable=True),
        Member(name="a/c.log", data=(piece for piece in (b"one\n", b"two\n"))),
    )
    first = zipped(*members)
    again = zipped(members[0], Member(name="a/c.log", data=iter([b"one\ntwo\n"])))
    archive = zipfile.ZipFile(io.BytesIO(first))
    assert [info.filename for info in archive.infolist()] == ["b.sh", "a/c.log"]
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert [oct(info.external_attr >> 16) for info in archive.infolist()] == ["0o100755", "0o100644"]
    assert archive.read("a/c.log") == b"one\ntwo\n"
    assert first == again


def test_a_log_is_redacted_across_lines_and_blocks() -> None:
    """The secret is broken between the last line of a block of a mebibyte and the first of the next."""
    filler = "x" * 63 + "\n"
    text = filler * (2**20 // 64 - 1) + "y" * 50 + SECRET[:9] + "\n" + SECRET[9:] + "z\n" + filler * 3 + SECRET + "\n"
    clean = log_of(text, Redactor([SECRET]))
    assert clean.count("\n") == text.count("\n")
    assert clean.splitlines()[2**14 - 1 :] == ["y" * 50 + "***", "***z", *["x" * 63] * 3, "***"]
    assert clean.startswith(filler * 1000)


def test_an_escape_sequence_that_goes_on_over_lines_moves_no_line() -> None:
    """A terminal would take all up to the bell for a title; without it the secret's two halves meet."""
    text = f"a\n{SECRET[:8]}\x1b]0;title\nmore\x07{SECRET[8:]}\nb\n"
    assert log_of(text, Redactor([SECRET])).split("\n")[0] == "a"
    assert log_of(text, Redactor([SECRET])).split("\n")[-2] == "b"


def test_a_log_that_is_not_whole_says_so_and_a_hurried_one_ends() -> None:
    assert log_of("a\n", Redactor(()), "the log could not be written: No space") == (
        "a\n[sm-ci: the log could not be written: No space]\n"
    )
    text = ("x" * 1023 + "\n") * 66 * 1024
    assert log_of(text, Redactor(())) == text
    hurried = log_of(text, Redactor(()), hurry=lambda: True)
    assert 64 * 2**20 <= len(hurried) < 66 * 2**20
    assert hurried.splitlines()[-1].startswith("[sm-ci: the run was interrupted: only the first 6")


@pytest.mark.parametrize(
    ("name", "value", "looks"),
    [
        ("HF_TOKEN", "whatever-it-is", True),
        ("DB_PASSWORD", "x", True),
        ("AWS_SECRET_ACCESS_KEY", "abc/def", True),
        ("api-key", "0123456789abcdef", True),
        ("DATABASE_URL", "postgres://me:pw@db/x", True),
        ("PLAIN", "AKIAIOSFODNN7EXAMPLE", True),
        ("PLAIN", "-----BEGIN RSA PRIVATE KEY-----", True),
        ("MAX_TOKENS", "4096", False),
        ("TOKENIZERS_PARALLELISM", "false", False),
        ("SSL_KEY", "/etc/ssl/key.pem", False),
        ("KEYBOARD", "qwerty-layout", False),
        ("PATH", "/usr/bin:/bin", False),
        ("EMPTY_TOKEN", "", False),
    ],
)
def test_what_looks_like_a_credential(name: str, value: str, looks: bool) -> None:
    assert is_credential(name, value) is looks


def test_an_inspection_keeps_names_and_no_value_of_a_credential() -> None:
    document = {
        "Config": {
            "Env": ["MODE=ok", "DB_PASSWORD=pw", f"NOTE=it is {SECRET}", "URL=https://a:b@c/", "BARE"],
            "Labels": {"org.secret": "s3", "maintainer": SECRET},
        },
        "State": {"ExitCode": 0, "OOMKilled": False, "Health": None},
    }
    assert redacted(document, Redactor([SECRET])) == {
        "Config": {
            "Env": ["MODE=ok", "DB_PASSWORD=***", "NOTE=it is ***", "URL=***", "BARE"],
            "Labels": {"org.secret": "***", "maintainer": "***"},
        },
        "State": {"ExitCode": 0, "OOMKilled": False, "Health": None},
    }
    given = variables(json.dumps(document))
    assert given["DB_PASSWORD"] == "pw"
    assert list(credentials({**given, "TOKEN": "long-enough"})) == ["https://a:b@c/", "long-enough"]


# The script.


CONTAINER = {
    "Config": {
        "Env": [
            "MODE=it's $HOME `x`",
            "HF_TOKEN=***",
            "PATH=/bin",
            "SAGEMAKER_BIND_TO_PORT=8080",
        ]
    },
    "HostConfig": {
        "Memory": 268435456,
        "NanoCpus": 1500000000,
        "ShmSize": 67108864,
        "DeviceRequests": [{"Count": -1}],
    },
    "Mounts": [
        {"Destination": "/opt/ml/model", "RW": False},
        {"Destination": "/opt/ml/additional-model-data-sources/draft-1", "RW": False},
        {"Destination": "/opt/ml/.sagemaker_infra/endpoint-metadata.json", "RW": False},
        {"Destination": "/cache", "RW": True},
    ],
}
IMAGE = {"Config": {"Env": ["PATH=/bin"]}, "RepoDigests": ["other/churn@sha256:1", "reg:5000/churn@sha256:2"]}


def hosted(result: RunResult, **more: object) -> replay.Hosted:
    fields = {"container": json.dumps(CONTAINER), "image": json.dumps(IMAGE)} | more
    return replay.Hosted(result=result, **fields)  # type: ignore[arg-type]


def sound(script: str, tmp_path: Path) -> str:
    """The script, which shellcheck has read."""
    file = tmp_path / "replay.sh"
    file.write_text(script)
    unused = "SC2034"  # the script's own folder, when there is nothing in it that is needed
    checked = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "-S", "warning", "-e", unused, file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout == ""
    return script


def asked(name: str, said: str) -> str:
    return f'[ -n "${{{name}:-}}" ] || fail {shlex.quote(said)}'


def test_the_script_hosts_as_the_run_did(passed: RunResult, tmp_path: Path) -> None:
    result = replace(passed, image=ImageFacts(reference="reg:5000/churn:1.9", id="sha256:9"))
    script = sound(replay.script(hosted(result, isolated=True, role="arn:aws:iam::1:role/r"), Redactor(())), tmp_path)
    for line in (
        "# The image's id was sha256:9.",
        'IMAGE="${IMAGE:-reg:5000/churn@sha256:2}"',
        asked(
            "MODEL_DRAFT_1",
            "set MODEL_DRAFT_1 to the folder that stood at /opt/ml/additional-model-data-sources/draft-1",
        ),
        asked("MODEL", "set MODEL to the folder that stood at /opt/ml/model"),
        asked("HF_TOKEN", "set HF_TOKEN: its value is a secret, and not in this bundle"),
        "# The run's container had the credentials of arn:aws:iam::1:role/r. This one has none.",
        "docker network create --internal sm-ci-replay >/dev/null 2>&1 || true",
        "  --memory 268435456 --memory-swap 268435456 \\",
        "  --cpus 1.5 \\",
        "  --shm-size 67108864 \\",
        "  --gpus all \\",
        "  --network sm-ci-replay \\",
        '  --mount "type=bind,source=$(cd "$MODEL" && pwd),target=/opt/ml/model,readonly" \\',
        "  -e HF_TOKEN \\",
        f"  -e {shlex.quote('''MODE=it's $HOME `x`''')} \\",
        '  "$IMAGE" serve)',
    ):
        assert line in script.splitlines()
    assert "PATH=" not in script  # the image has it
    assert "/cache" not in script
    assert "-p " not in script


def test_the_script_of_a_run_that_made_no_container(passed: RunResult, tmp_path: Path) -> None:
    result = replace(passed, image=None)
    script = sound(replay.script(hosted(result, container="", image=""), Redactor(())), tmp_path)
    assert "# The run made no container: its limits, variables and model are not known here." in script
    assert asked("IMAGE", "set IMAGE to the image to host: the image of the spec") in script.splitlines()
    assert '  -p "127.0.0.1:$PORT:8080" \\' in script.splitlines()


def test_the_script_for_a_server_that_ran_already(passed: RunResult, tmp_path: Path) -> None:
    script = sound(replay.script(hosted(passed, target="model.local:8080"), Redactor(())), tmp_path)
    assert 'ADDRESS="${ADDRESS:-model.local:8080}"' in script.splitlines()
    assert "docker " not in script.partition("\n")[2].partition("\n")[2]


def test_a_request_of_the_script_is_what_was_sent_whatever_it_holds(
    passed: RunResult, make_case: Callable[..., CaseResult], tmp_path: Path
) -> None:
    """Names that end a line or a quote, bodies of all kinds; sent by the script's own `post` to a curl that prints."""

    def case(name: str, data: bytes, size: int = 0) -> CaseResult:
        body = Blob(size=size or len(data), sha256=str(len(data)), media_type="", head=data)
        sent = Sent(method="POST", path="/invocations", headers=(("X-Odd", "it's; $(id)"),), body=body)
        return make_case(name, exchanges=(Exchange(sent=sent, outcome=passed_answer(passed), started=0.0),))

    long = b"l" * 5000
    cases = (
        case("quote ' and\nline $(id)", b"it's\n$HOME `x`\\"),
        case("binary", bytes(range(256))),
        case("empty", b""),
        case("long", long),
        case("lost", b"start", size=9000),
    )
    script = replay.script(
        hosted(replace(passed, cases=cases), target="h:1", bodies={"5000": "bodies/1"}), Redactor(())
    )
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies/1").write_bytes(long)
    (tmp_path / "curl").write_text(
        '#!/bin/bash\nfor last; do :; done\nwhile [ "$1" != --data-binary ]; do printf "%s|" "$1"; shift; done\n'
        'case "$2" in @-) cat ;; @*) cat "${2#@}" ;; *) printf %s "$2" ;; esac\n'
    )
    (tmp_path / "curl").chmod(0o755)
    file = tmp_path / "replay.sh"
    file.write_text(sound(script, tmp_path))
    ran = subprocess.run(
        ["bash", str(file)], capture_output=True, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    parts = ran.stdout.split(b"\n--- ")[1:]
    assert [part.partition(b"\n")[0].decode() for part in parts] == [
        "quote ' and line $(id) (in the run: passed, status 200)",
        "binary (in the run: passed, status 200)",
        "empty (in the run: passed, status 200)",
        "long (in the run: passed, status 200)",
    ]
    given = b"-sS|-i|-m|60|-A|AHC/2.0|-H|Host: model.aws.local:8080|-H|Expect:|-X|POST|-H|X-Odd: it's; $(id)|"
    options = given + b"-H|Content-Type:|-H|Accept:|"
    assert [part.partition(b"\n")[2] for part in parts] == [
        options + b"it's\n$HOME `x`\\",
        options + bytes(range(256)),
        options,
        options + long,
    ]
    assert "# lost (in the run: passed, status 200): of its body, 9,000 bytes, only the start was kept" in script


def passed_answer(result: RunResult) -> Answer | NoAnswer:
    return next(case for case in result.cases if case.exchanges).exchanges[0].outcome


def test_the_script_holds_no_secret(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    data = json.dumps(
        {"key": SECRET, "url": quote(SECRET), "coded": base64.b64encode(SECRET.encode()).decode()}
    ).encode()
    body = Blob(size=len(data), sha256="1", media_type="", head=data)
    sent = Sent(method="POST", path="/invocations", headers=(("X-Key", SECRET),), body=body)
    case = make_case(SECRET, exchanges=(Exchange(sent=sent, outcome=passed_answer(passed), started=0.0),))
    script = replay.script(hosted(replace(passed, cases=(case,))), Redactor([SECRET]))
    forms = (SECRET, quote(SECRET), base64.b64encode(SECRET.encode()).decode())
    assert [form for form in forms if form in script] == []
    assert script.count("***") >= 5
