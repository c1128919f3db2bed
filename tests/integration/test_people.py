"""Where and how people run it: terminals, locales, streams that are closed or full, folders that cannot be used."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tarfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness import CLEAN_ENVIRON, ROOT, Ended, Spec, do, echo

SM_CI = (sys.executable, "-m", "sm_ci")
ENVIRON = {**CLEAN_ENVIRON, "PYTHONPATH": str(ROOT)}
SOMEBODY = ("unshare", "--user", "--map-user=54321")
"""A user of a number alone, without a name, a home or any right to override permissions; its files stay the tester's."""
NAMES = ["naïve 😀 日本", "wrong שלום 😀"]
WRONG = "$[1]: expected 3, got 2"
SIGNS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def one_right_one_wrong() -> list[dict[str, Any]]:
    """One that passes and one that fails, of names that not every terminal can show."""
    return [echo(NAMES[0]), echo(NAMES[1], json=[1, 3])]


def ended(
    command: Sequence[str | Path],
    out: Path,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    redirect: str = "",
) -> Ended:
    """Runs a command to its end through a shell that redirects; `output` is both streams, as bytes in Latin-1."""
    begun = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirect}', "bash", *map(str, command)],
        cwd=cwd,
        env=ENVIRON | dict(environ or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="latin-1",
        timeout=120,
        check=False,
    )
    return Ended(status=done.returncode, output=done.stdout, seconds=time.monotonic() - begun, out=out)


def ran(spec: Path, folder: Path, *prefix: str, **more: Any) -> Ended:
    return ended([*prefix, *SM_CI, "run", spec, "--out", folder / "out"], folder / "out", **more)


@pytest.fixture(scope="session")
def somebody() -> tuple[str, ...]:
    """What starts a command as that user."""
    found = subprocess.run([*SOMEBODY, "id", "-u"], capture_output=True, text=True, check=False)
    if found.stdout != "54321\n":
        pytest.skip("this machine lets nobody make a user namespace")
    return SOMEBODY


def assert_told(ended: Ended) -> None:
    """The verdict on those two: it stands in every report, whatever the terminal could show."""
    assert ended.status == 1, ended.output
    assert ended.cases == {NAMES[0]: "passed", NAMES[1]: "failed"}
    assert [case.get("name") for case in ended.junit.iter("testcase")][1:] == NAMES
    assert NAMES[1] in ended.summary
    assert "Traceback" not in ended.output


@pytest.mark.parametrize(
    ("environ", "live", "coloured"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["xterm", "no-colour", "dumb"],
)
def test_a_terminal_of_20_columns(
    spec: Spec, tmp_path: Path, environ: dict[str, str], live: bool, coloured: bool
) -> None:
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    command = [*SM_CI, "run", str(spec(tests=one_right_one_wrong())), "--out", str(tmp_path / "out")]
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=ENVIRON | environ, stdin=child, stdout=child, stderr=child)
    os.close(child)
    seen = b""
    while piece := read(parent):
        seen += piece
    os.close(parent)
    text = seen.decode()
    assert_told(Ended(process.wait(60), text, time.monotonic() - begun, tmp_path / "out"))
    frames = [SIGNS.sub("", frame) for frame in re.findall(r"(?:\x1b\[2K|\x1b\[\?25l)([⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏][^\r\n]*)", text)]
    assert max(map(len, frames), default=0) == (20 if live else 0)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")
    assert ("\x1b[31m" in text) == coloured
    assert ("\x1b" in text) == live
    lines = SIGNS.sub("", text).replace("\r\n", "\n").split("\n")
    assert f"✗ {NAMES[1]}: {WRONG}" in "\n".join(lines)
    assert "1 passed, 1 failed in" in text


def read(terminal: int) -> bytes:
    """What came; nothing when the other side is closed."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "C", "PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=["POSIX", "ascii"],
)
def test_a_locale_without_these_characters_changes_no_verdict(
    spec: Spec, tmp_path: Path, environ: dict[str, str]
) -> None:
    told = ran(spec(tests=one_right_one_wrong()), tmp_path, environ=environ)
    assert_told(told)
    assert told.output.isascii()
    assert "ok na\\xefve \\U0001f600 \\u65e5\\u672c " in told.output
    assert f"FAILED wrong \\u05e9\\u05dc\\u05d5\\u05dd \\U0001f600: {WRONG}" in told.output


@pytest.mark.parametrize("redirect", ["<&- 2>&-", "<&- >&- 2>&-"], ids=["all but output", "all"])
def test_streams_that_are_closed(spec: Spec, tmp_path: Path, redirect: str) -> None:
    told = ran(spec(tests=one_right_one_wrong()), tmp_path, environ={"LANG": "C"}, redirect=redirect)
    assert_told(told)
    shown = told.output.encode("latin-1").decode()  # Python takes UTF-8 in this locale
    assert (f"✗ {NAMES[1]}: {WRONG}" in shown) == (redirect == "<&- 2>&-")


FULL = (
    "sm-ci: standard output cannot be written: No space left on device\n"
    "Send it to where there is room; a run's reports are written all the same.\n"
)


def test_a_full_disk_behind_standard_output(spec: Spec, tmp_path: Path) -> None:
    """The run goes on, and its reports tell; but a run of which nobody saw the log is not called green."""
    passed = ran(spec(), tmp_path, redirect=">/dev/full")
    assert (passed.status, passed.output) == (3, FULL)
    assert passed.cases == {"echo": "passed"}
    assert passed.result["conclusion"] == "success"
    failed = ran(spec(tests=one_right_one_wrong()), tmp_path, redirect=">/dev/full 2>&1")
    assert failed.output == ""
    assert_told(failed)


def test_commands_that_only_print_into_a_full_disk_or_a_closed_pipe(spec: Spec, tmp_path: Path) -> None:
    path = spec()
    for command in (["schema"], ["validate", path], ["--help"]):
        told = ended([*SM_CI, *command], tmp_path, redirect=">/dev/full")
        assert (told.status, told.output) == (3, FULL)
    told = ended([*SM_CI, "validate", tmp_path / "none.yml"], tmp_path, redirect=">/dev/full 2>&1")
    assert (told.status, told.output) == (2, "")
    told = ended([*SM_CI, "schema"], tmp_path, redirect="| head -c 1; exit ${PIPESTATUS[0]}")
    assert (told.status, told.output) == (0, "{")


def test_neither_a_home_nor_a_folder_for_temporary_files(spec: Spec, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "nope"), "TMPDIR": str(tmp_path / "nope"), "XDG_CONFIG_HOME": ""}
    told = ran(spec(model="model.tar.gz", tests=[weights()]), packed(tmp_path), environ=environ)
    assert told.status == 0, told.output


READ_ONLY = """
mount --bind "$0" "$0"
for folder in /tmp /var/tmp "$PWD"; do
    mount --rbind "$folder" "$folder"
    mount -o remount,bind,ro "$folder"
done
exec "$@"
"""
NOWHERE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", READ_ONLY)


def test_no_place_at_all_for_temporary_files_names_those_that_were_tried(
    spec: Spec, tmp_path: Path, somebody: tuple[str, ...]
) -> None:
    """Nobody may write to the usual ones, the one of TMPDIR is not there, and the current one is a read-only checkout."""
    path, out = spec(), tmp_path / "out"
    out.mkdir()
    told = ran(path, tmp_path, *NOWHERE, str(out), environ={"TMPDIR": "/nowhere"}, cwd=tmp_path)
    assert told.status == 3, told.output
    tried = ["/nowhere", "/tmp", "/var/tmp", "/usr/tmp", str(tmp_path)]
    assert told.fault["message"] == f"no folder for temporary files: No usable temporary directory found in {tried}"
    assert told.fault["remedy"] == "Set TMPDIR to a folder that this user can write to."
    assert told.cases == {"echo": "not_run"}
    assert f"✗ {told.fault['message']}\n  {told.fault['remedy']}\n" in told.output.encode("latin-1").decode()


def weights() -> dict[str, Any]:
    return do("read", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})


def packed(folder: Path) -> Path:
    """The folder, with a model.tar.gz in it."""
    (folder / "weights").write_text("42")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "weights", "weights")
    return folder


def test_a_read_only_checkout_and_a_user_without_a_name(spec: Spec, tmp_path: Path, somebody: tuple[str, ...]) -> None:
    """Nothing is written but the reports, and they go elsewhere. No folder of the user's own can be used either."""
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    checkout.mkdir()
    elsewhere.mkdir()
    path = spec(model="model.tar.gz", tests=[weights()]).rename(packed(checkout) / "spec.yml")
    checkout.chmod(0o555)
    environ = {"HOME": str(checkout), "TMPDIR": str(checkout)}
    before = sorted(checkout.iterdir())
    told = ran(path, elsewhere, *somebody, environ=environ, cwd=checkout)
    assert told.status == 0, told.output
    assert sorted(checkout.iterdir()) == before
    assert sorted(file.name for file in told.out.iterdir()) == ["junit.xml", "report.html", "result.json", "summary.md"]

    refused = ended([*somebody, *SM_CI, "run", path], checkout, environ=environ, cwd=checkout)
    assert (refused.status, refused.output) == (
        3,
        (
            "sm-ci: sm-ci-results: the reports cannot be written: Permission denied\n"
            "Make sm-ci-results a folder that this user can write to, or name another one with --out.\n"
        ),
    )
    assert sorted(checkout.iterdir()) == before
    checkout.chmod(0o755)


def test_what_this_user_may_not_read_is_told_by_its_place(
    spec: Spec, tmp_path: Path, somebody: tuple[str, ...]
) -> None:
    path = spec()
    path.chmod(0)
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
    told = ended([*somebody, *SM_CI, "run", path.name], tmp_path, environ=environ, cwd=tmp_path)
    said = "cannot be read: Permission denied; name the spec's YAML file"
    assert (told.status, told.output) == (
        2,
        f"spec.yml:1:1: {said}\n1 error\n::error file=spec.yml,line=1,col=1,title=unreadable::{said}\n",
    )
    path.chmod(0o644)
    (tmp_path / "out").mkdir(mode=0)
    told = ran(path, tmp_path, *somebody)
    assert (told.status, told.output) == (
        3,
        (
            f"sm-ci: {tmp_path}/out: the reports cannot be written: Permission denied\n"
            f"Make {tmp_path}/out a folder that this user can write to, or name another one with --out.\n"
        ),
    )
    (tmp_path / "out").chmod(0o755)


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_current_folder_that_somebody_has_removed(spec: Spec, tmp_path: Path, command: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    told = ended(
        ["bash", "-c", 'rmdir "$0"; exec "$@"', gone, *SM_CI, command, spec()],
        gone,
        cwd=gone,
        environ={"GITHUB_ACTIONS": "true"},
    )
    said = "the current folder cannot be used: No such file or directory"
    assert (told.status, told.output) == (
        3,
        (
            f"sm-ci: {said}\nGo to one that is there, with cd.\n"
            f"::error title=sm-ci::{said}%0AGo to one that is there, with cd.\n"
        ),
    )


def test_a_umask_that_lets_nobody_else_read(spec: Spec, tmp_path: Path) -> None:
    path = spec(model="model.tar.gz", tests=[weights()])
    told = ended(
        ["bash", "-c", 'umask 077; exec "$@"', "bash", *SM_CI, "run", path, "--out", packed(tmp_path) / "out"],
        tmp_path / "out",
        environ={"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert told.status == 0, told.output
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in told.out.iterdir()} == dict.fromkeys(
        ["junit.xml", "report.html", "result.json", "summary.md"], "0o600"
    )
