"""The bundle of a run: everything to look at it elsewhere, whatever came of it, and no secret."""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import socket
import subprocess
import time
import zipfile
from pathlib import Path
from urllib.parse import quote, quote_plus

from harness import CLEAN_ENVIRON, Run, Spec, do, echo, finish, launch, read_until

SECRET, WRITTEN, RUNNERS = "hf_Zk9 quite+secret/value", "tok-in-the-spec-0123", "ghs-of-the-runner-0123"
PASSWORD = "it's the registry's"
ALWAYS = ["README.txt", "replay.sh", "endpoint-metadata.json", "spec/spec.yml", "spec/expanded.json"]
ENGINES = ["container.log", "inspect/container.json", "inspect/image.json"]
REPORTS, ENDS = ["junit.xml", "summary.md", "report.html", "result.json"], ["versions.json", "command.txt"]


def read(path: Path) -> dict[str, str]:
    """The members by name; what is no UTF-8 has a place holder, and no secret can hide there."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8", "surrogateescape") for name in archive.namelist()}


def told(members: dict[str, str]) -> list[tuple[str, str]]:
    """Which member holds a value that none may hold, in any form."""
    forms = {
        form
        for value in (SECRET, WRITTEN, RUNNERS, PASSWORD)
        for shift in range(3)
        for form in (
            value,
            shlex.quote(value),
            quote(value, safe=""),
            quote_plus(value),
            json.dumps(value)[1:-1],
            base64.b64encode(value.encode()).decode(),
            base64.b64encode(b"." * shift + value.encode()).decode()[4:-4],
        )
    }
    return [(name, form) for name, text in members.items() for form in forms if form in text]


def test_a_bundle_holds_the_run_and_no_secret_and_its_script_does_it_again(
    spec: Spec, run: Run, tmp_path: Path
) -> None:
    """The container tells its secret in log and answers; one is written into the spec, one is the runner's own."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").write_text("42")
    (tmp_path / "long.txt").write_text("ä" * 50_000)
    tests = [
        echo("same"),
        do("log_env", "log", variable="HF_TOKEN"),
        do("env", expect={"query": {"MY_TOKEN": "something else"}}),
        do("headers", "fails / oddly", expect={"json": {"method": "GET"}}),
        {"name": "long", "request": {"file": "long.txt", "custom_attributes": SECRET}, "expect": {"status": 200}},
        {**do("sleep", "late", seconds=30), "request": {"json": {"do": "sleep", "seconds": 30}, "timeout": "1s"}},
    ]
    path = spec(
        environment={"MY_TOKEN": WRITTEN, "WHO": "${WHO}"},
        variables={"WHO": "nobody"},
        secrets=["HF_TOKEN"],
        resources={"memory": "256MiB", "cpus": 0.5},
        model="model",
        tests=tests,
    )
    out = tmp_path / "theirs/replay.zip"
    out.parent.mkdir()
    if os.geteuid() == 0:
        os.chown(out.parent, 4321, 4321)
    environ = {"HF_TOKEN": SECRET, "RUNNERS_TOKEN": RUNNERS, "GITHUB_TOKEN": RUNNERS}
    login = ("--registry-username", "me", "--registry-password", PASSWORD)
    ended = run(path, "--bundle", str(out), "--var", "WHO=me", *login, environ=environ)
    assert ended.status == 1, ended.output
    assert set(ended.cases.values()) == {"passed", "failed", "errored"}
    assert f"bundle: {out} (" in ended.output
    members = read(out)
    exchanges = [name for name in members if name.startswith("exchanges/")]
    assert list(members) == [*ALWAYS, *exchanges, "bodies/1", *REPORTS, *ENGINES, *ENDS]
    assert [name.rpartition("-")[0] or name for name in exchanges] == [
        *("exchanges/same.json", "exchanges/log.json", "exchanges/env.json", "exchanges/fails _ oddly"),
        *("exchanges/long.json", "exchanges/late.json"),
    ]
    assert told(members) == []
    assert members["container.log"].splitlines() == ["fixture ready", "***"]
    assert json.loads(members["spec/expanded.json"])["environment"] == {"MODE": "ok", "MY_TOKEN": "***", "WHO": "me"}
    assert "WHO: ${WHO}" in members["spec/spec.yml"]
    assert json.loads(members["result.json"])["conclusion"] == "failure"
    asked = json.loads(members["exchanges/late.json"])
    assert (asked["request"]["text"], asked["no_answer"]["kind"]) == ('{"do": "sleep", "seconds": 30}', "timeout")
    long = json.loads(members["exchanges/long.json"])
    assert (long["request"]["size"], long["request"]["text"][-1]) == (100_000, "…")
    assert members["bodies/1"] == "ä" * 50_000
    inspected = json.loads(members["inspect/container.json"])
    assert inspected["State"]["Status"] == "exited"
    assert {"HF_TOKEN=***", "MY_TOKEN=***", "WHO=me", "MODE=ok"} <= set(inspected["Config"]["Env"])
    versions = json.loads(members["versions.json"])
    assert (versions["kernel"], versions["engine"]["kernel"]) == (os.uname().release, os.uname().release)
    assert members["command.txt"] == (
        f"sm-ci run --var WHO=me --out {tmp_path}/out --bundle {out} --registry-username me --registry-password '***' {path}\n"
    )
    assert [entry.name for entry in out.parent.iterdir()] == ["replay.zip"]
    assert out.stat().st_uid == out.parent.stat().st_uid
    replayed(out, tmp_path)


def replayed(bundle: Path, tmp_path: Path) -> None:
    """Unpacks it and runs the script, as somebody does who has the secrets and the model."""
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = folder / "replay.sh"
    asked = subprocess.run(["bash", script], capture_output=True, text=True, env=CLEAN_ENVIRON, check=False)
    assert (asked.returncode, asked.stderr) == (2, "set MODEL to the folder that stood at /opt/ml/model\n")
    own = {"HF_TOKEN": "mine", "MY_TOKEN": "mine too", "MODEL": str(tmp_path / "model"), "PORT": str(port)}
    text = script.read_text().partition("post 'late")[0]  # which would take its 30 s
    script.write_text(text)
    ran = subprocess.run(
        ["bash", script], capture_output=True, text=True, env={**CLEAN_ENVIRON, **own}, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    parts = ran.stdout.split("\n--- ")[1:]
    assert parts[0].startswith("same (in the run: passed, status 200)\nHTTP/1.1 200 OK\n")
    assert parts[0].endswith("\n\n[1, 2]")
    assert parts[1].endswith('{"value": "mine"}')
    seen = json.loads(parts[2].rpartition("\n\n")[2])
    assert (seen["MODE"], seen["WHO"], seen["MY_TOKEN"]) == ("ok", "me", "mine too")
    headers = dict(json.loads(parts[3].rpartition("\n\n")[2])["headers"])
    assert (headers["Host"], headers["User-Agent"]) == ("model.aws.local:8080", "AHC/2.0")
    assert "Accept" not in headers
    assert parts[4].rstrip("\n").endswith("ä" * 50_000)


def test_an_interrupted_run_has_its_bundle_in_time(spec: Spec, tmp_path: Path) -> None:
    """A log of 5 MB, and a request in the middle: a runner sends SIGKILL 10 s after the first signal."""
    process = launch(
        spec(tests=[do("log", "flood", text="x" * 99, n=50_000), do("sleep", seconds=50)]),
        tmp_path,
        *("--bundle", str(tmp_path / "bundle.zip"), "--log-level", "verbose"),
    )
    read_until(process, "flood")
    time.sleep(0.5)  # the second request is on its way
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    ended = finish(process, tmp_path, begun)
    assert ended.status == 130, ended.output
    assert ended.seconds < 9
    members = read(tmp_path / "bundle.zip")
    assert set(members) == {*ALWAYS, "exchanges/flood.json", *REPORTS, *ENGINES, *ENDS}
    assert json.loads(members["result.json"])["conclusion"] == "cancelled"
    assert members["container.log"].startswith("fixture ready\n" + ("x" * 99 + "\n") * 1000)
    assert "# sleep: no request was sent" in members["replay.sh"]


def test_a_container_that_never_serves_and_two_specs_without_one(spec: Spec, run: Run, tmp_path: Path) -> None:
    ended = run(spec("crash", name="a"), "--bundle", str(tmp_path / "b/replay.zip"))
    assert ended.status == 1, ended.output
    members = read(tmp_path / "b/replay.zip")
    assert list(members) == [*ALWAYS, *REPORTS, *ENGINES, *ENDS]
    assert members["container.log"] == "fixture: could not load the model\n"
    assert json.loads(members["inspect/container.json"])["State"]["ExitCode"] == 1
    assert "a failed: the container exited with code 1 before GET /ping answered 200" in members["README.txt"]
    spec(name="a", image="sm-ci-test/nowhere:1").rename(tmp_path / "one.yml")
    spec(name="b b", image="sm-ci-test/nowhere:1").rename(tmp_path / "two.yml")
    ended = run(tmp_path / "one.yml", str(tmp_path / "two.yml"), "--bundle", str(tmp_path / "c/replay.zip"))
    assert ended.status == 3, ended.output
    assert sorted(file.name for file in (tmp_path / "c").iterdir()) == ["replay-a.zip", "replay-b b.zip"]
    members = read(tmp_path / "c/replay-b b.zip")
    assert list(members) == [*ALWAYS[:3], "spec/two.yml", ALWAYS[4], *REPORTS, *ENDS]
    assert "# The run made no container: its limits, variables and model are not known here." in members["replay.sh"]
    ended = run(tmp_path / "one.yml", "--bundle", str(tmp_path / "c"))
    assert ended.status == 2
    assert ended.output.endswith(
        f"sm-ci: --bundle '{tmp_path}/c' is a folder\nName the file, for example replay.zip.\n"
    )


def test_where_it_cannot_be_written_the_reports_stay(spec: Spec, tmp_path: Path) -> None:
    """In the middle of the run somebody makes a folder of that name, of which no file can take the place."""
    bundle = tmp_path / "there/replay.zip"
    process = launch(spec(tests=[do("sleep", seconds=1)]), tmp_path, "--bundle", str(bundle))
    read_until(process, "running 1 test")
    bundle.mkdir()
    ended = finish(process, tmp_path, time.monotonic())
    assert ended.status == 3, ended.output
    assert ended.output.endswith(
        f"sm-ci: {bundle}: the bundle cannot be written: Is a directory\n"
        f"Make {bundle.parent} a folder that this user can write to, or name another one with --bundle.\n"
    )
    assert ended.result["conclusion"] == "success"
    assert ended.cases == {"sleep": "passed"}
    assert [entry.name for entry in bundle.parent.iterdir()] == ["replay.zip"]
