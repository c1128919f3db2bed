"""Files as they come and go: their bytes, modes, owners and links; all are written, or none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sm_ci.differences import Written
from sm_ci.errors import EnvironmentFault, Severity, SpecError
from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing import Outside, Plan, check, plan, read, write

CURRENT, NEW = "registry.example.com/ml/churn:1.9", "registry.example.com/ml/churn:1.10"
NOTHING = Outside(variables={}, environ={})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which is the current folder."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def put(files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def prepared(
    names: Sequence[str], *, outside: Outside = NOTHING, workspace: Path | None = None, new: str = NEW
) -> Plan:
    return plan(read(names, Path(), workspace), Reference.parse(CURRENT), Reference.parse(new), outside)


def upgraded(*names: str, outside: Outside = NOTHING, workspace: Path | None = None) -> tuple[Written, ...]:
    return write(prepared(names, outside=outside, workspace=workspace), outside, workspace)


def checked(*names: str, outside: Outside = NOTHING, new: str = NEW) -> Plan:
    """What is told before anything is hosted."""
    return check(names, Path(), None, current=Reference.parse(CURRENT), new=Reference.parse(new), outside=outside)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts)


BYTES = {
    "Windows line ends": (b"a: x # b\r\n\r\nimage: '%s'\r\n\tno yaml\r\n", "a.txt"),
    "a byte order mark": (b"\xef\xbb\xbfimage: %s\n", "a.yml"),
    "a byte order mark before FROM": (b"\xef\xbb\xbfFROM %s\r\nRUN \\\r\n  a\r\n", "Dockerfile"),
    "no line end at the end": (b"image: %s", "a.yml"),
    "old line ends": (b"image: %s\rb: 1\r", "a.yml"),
    "tabs": (b'\tx\t=\t"%s"\t# y\r\n', "a.tf"),
    "UTF-8": ("# Grüße 🙂\nü: {é: '%s'} # 日本\n".encode(), "a.yml"),
    "not UTF-8": (b'# Gr\xfc\xdfe\nx = "%s" # \xff\n', "a.tf"),
    "line separators": ("a: '\u2028'\nb: \x85 %s\n".encode(), "a.txt"),
}


@pytest.mark.parametrize(("content", "name"), BYTES.values(), ids=BYTES.keys())
def test_every_other_byte_stays(here: Path, content: bytes, name: str) -> None:
    put({name: content % CURRENT.encode()})
    (written,) = upgraded(name)
    assert Path(name).read_bytes() == content % NEW.encode()
    assert (written.path, CURRENT in written.before, NEW in written.after) == (name, True, True)
    assert left(here) == [name]


def test_all_files_at_once_with_the_lines_that_changed(here: Path) -> None:
    put(
        {
            "sm-ci.yml": f"version: 1\nvariables: {{TAG: '1.9'}}\nimage: {CURRENT[:-3]}${{TAG}}\n",
            "infra/main.tf": f'x = "{CURRENT}"\n',
            "container/Dockerfile": f"FROM a\nFROM {CURRENT}\n",
            "same": "",
        }
    )
    Path("same").unlink()
    Path("same").symlink_to("infra/main.tf")
    assert upgraded("sm-ci.yml", "infra/main.tf", "./container/../container/Dockerfile", "same") == (
        Written(path="sm-ci.yml", line=2, before="variables: {TAG: '1.9'}", after="variables: {TAG: '1.10'}"),
        Written(path="infra/main.tf", line=1, before=f'x = "{CURRENT}"', after=f'x = "{NEW}"'),
        Written(path="container/Dockerfile", line=2, before=f"FROM {CURRENT}", after=f"FROM {NEW}"),
    )
    assert Path("same").is_symlink()
    assert Path("same").read_text() == f'x = "{NEW}"\n'
    assert left(here) == ["container", "container/Dockerfile", "infra", "infra/main.tf", "same", "sm-ci.yml"]


def test_the_lines_that_are_told_can_be_shown(here: Path) -> None:
    put({"a.txt": b"Gr\xfc\xdfe " + CURRENT.encode() + b"\r\n"})
    (written,) = upgraded("a.txt")
    assert written == Written(path="a.txt", line=1, before=f"Gr\ufffd\ufffde {CURRENT}", after=f"Gr\ufffd\ufffde {NEW}")


def test_mode_and_owner_stay(here: Path) -> None:
    put({"a.json": CURRENT})
    Path("a.json").chmod(0o640)
    if os.geteuid() == 0:
        os.chown("a.json", 1234, 4321)
    before = Path("a.json").stat()
    upgraded("a.json")
    now = Path("a.json").stat()
    assert (stat.S_IMODE(now.st_mode), now.st_uid, now.st_gid) == (0o640, before.st_uid, before.st_gid)
    assert now.st_ino != before.st_ino


def test_a_file_that_is_read_only_keeps_all_from_being_written(here: Path) -> None:
    put({"a.json": CURRENT, "b.json": CURRENT})
    Path("b.json").chmod(0o444)
    with pytest.raises(EnvironmentFault) as raised:
        upgraded("a.json", "b.json")
    assert str(raised.value) == (
        "b.json:1:1: b.json is read-only; nothing is written\nRun chmod u+w b.json, or leave it out of upgrade.write."
    )
    assert raised.value.exit_status == 3
    with pytest.raises(EnvironmentFault) as early:
        checked("a.json", "b.json")
    assert str(early.value) == str(raised.value)
    assert (Path("a.json").read_text(), left(here)) == (CURRENT, ["a.json", "b.json"])


def test_a_check_leaves_everything_as_it_is_and_says_what_would_be_done(here: Path) -> None:
    pinned = f"{CURRENT}@sha256:{'a' * 64}"
    put({"a.json": CURRENT, "b.json": pinned, "c.json": "{}", "sm-ci.yml": f"version: 1\nimage: {CURRENT}\n"})
    before = {name: (Path(name).read_bytes(), Path(name).stat().st_mtime_ns) for name in left(here)}
    made = checked("a.json", "b.json", "c.json", "sm-ci.yml")  # the digest of what will be written is not known yet
    assert [change.source.path for change in made.changes] == ["a.json", "b.json", "sm-ci.yml"]
    assert [str(finding) for finding in made.findings] == [
        f"c.json:1:1: names {CURRENT} nowhere; it was looked for as a whole word; nothing is changed in it"
    ]
    assert {name: (Path(name).read_bytes(), Path(name).stat().st_mtime_ns) for name in left(here)} == before


def test_a_check_tells_what_a_write_would(here: Path) -> None:
    put(
        {
            "sm-ci.yml": "version: 1\nvariables: {TAG: '1.9'}\nmodel: ./m-${TAG}\nimage: registry.example.com/ml/churn:${TAG}\n"
        }
    )
    Path("m-1.9").mkdir()
    with pytest.raises(SpecError) as raised:
        checked("sm-ci.yml")
    assert "model: after the change: does not exist: './m-1.10'" in str(raised.value)
    with pytest.raises(SpecError) as raised:
        checked("none.json")
    assert str(raised.value) == (
        "none.json:1:1: cannot be read: No such file or directory; name a file that names the image"
    )
    assert left(here) == ["m-1.9", "sm-ci.yml"]


def test_a_file_system_that_is_read_only_is_told(here: Path) -> None:
    put({"frozen/a.json": CURRENT})
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            'mount --bind -o ro frozen frozen && exec "$@"',
            "sh",
            sys.executable,
            "-c",
            CHECKED,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == (
        "frozen/a.json:1:1: frozen/a.json cannot be written: Read-only file system; nothing is written\n"
        "Mend that, or leave it out of upgrade.write.\n"
    ), done.stderr


CHECKED = f"""
from pathlib import Path
from sm_ci.errors import EnvironmentFault
from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing import Outside, check
try:
    check(
        ["frozen/a.json"],
        Path(),
        None,
        current=Reference.parse("{CURRENT}"),
        new=Reference.parse("{NEW}"),
        outside=Outside(variables={{}}, environ={{}}),
    )
except EnvironmentFault as fault:
    print(fault)
"""


def test_a_file_that_somebody_changes_meanwhile(here: Path) -> None:
    put({"a.json": CURRENT, "b.json": CURRENT})
    made = prepared(["a.json", "b.json"])
    Path("b.json").write_text("theirs")
    with pytest.raises(EnvironmentFault) as raised:
        write(made, NOTHING, None)
    assert str(raised.value) == (
        "b.json:1:1: b.json was changed by somebody else meanwhile; nothing is written\nRun it again."
    )
    assert (Path("a.json").read_text(), Path("b.json").read_text()) == (CURRENT, "theirs")
    assert left(here) == ["a.json", "b.json"]


def test_a_file_that_somebody_removes_meanwhile(here: Path) -> None:
    put({"a.json": CURRENT})
    made = prepared(["a.json"])
    Path("a.json").unlink()
    with pytest.raises(EnvironmentFault) as raised:
        write(made, NOTHING, None)
    assert str(raised.value) == (
        "a.json:1:1: a.json cannot be read any more: No such file or directory; nothing is written\nRun it again."
    )


WORSE = {
    "a folder that is not there then": (
        "variables: {TAG: '1.9'}\nmodel: ./model-${TAG}\nimage: registry.example.com/ml/churn:${TAG}\n",
        "sm-ci.yml:3:8: model: after the change: does not exist: './model-1.10'; did you mean 'model-1.9'?",
    ),
    "a number that is text then": (
        "variables: {W: 9}\ndefaults: {warmup: '${W}'}\nimage: registry.example.com/ml/churn:1.${W}x\n",
        (
            "sm-ci.yml:3:20: defaults.warmup: after the change: must be a whole number, not the text '10.1'; "
            "a variable is a number or a boolean when its default is one: give W such a default"
        ),
    ),
}


@pytest.mark.parametrize(("text", "message"), WORSE.values(), ids=WORSE.keys())
def test_a_spec_that_would_not_load_afterwards_keeps_all_from_being_written(
    here: Path, text: str, message: str
) -> None:
    put({"a.json": CURRENT, "sm-ci.yml": f"version: 1\n{text}", "model-1.9/x": ""})
    current, new = (CURRENT, NEW) if "TAG" in text else (f"{CURRENT}x", f"{NEW}.1x")
    sources = read(["a.json", "sm-ci.yml"], Path(), None)
    made = plan(sources, Reference.parse(current), Reference.parse(new), NOTHING)
    with pytest.raises(SpecError) as raised:
        write(made, NOTHING, None)
    errors = [finding for finding in raised.value.findings if finding.severity is Severity.ERROR]
    assert [str(finding) for finding in errors] == [message]
    assert Path("a.json").read_text() == CURRENT
    assert left(here) == ["a.json", "model-1.9", "model-1.9/x", "sm-ci.yml"]


def test_a_spec_that_would_name_another_image_keeps_all_from_being_written(here: Path) -> None:
    """The first of two keys is what is found, the last one what a spec has; the loader refuses that, so a variable it is."""
    put({"sm-ci.yml": "version: 1\nvariables: {A: '1', B: '9'}\nimage: registry.example.com/ml/churn:${A}.${B}\n"})
    made = prepared(["sm-ci.yml"])
    with pytest.raises(SpecError) as raised:
        write(made, Outside(variables={"B": "11"}, environ={}), None)
    assert str(raised.value) == (
        f"sm-ci.yml:3:8: would name {CURRENT[:-3]}1.11 and not {NEW} after the change, so nothing is written"
    )
    assert "B: '9'" in Path("sm-ci.yml").read_text()


BUILT = "version: 1\nvariables: {TAG: '1.9'}\nimage: {build: c, args: {TAG: '${TAG}', TOOLS: registry.example.com/ml/churn:1.9}}\n"


def test_a_spec_that_would_go_on_building_on_the_old_image_keeps_all_from_being_written(here: Path) -> None:
    put({"sm-ci.yml": BUILT, "c/Dockerfile": "ARG TAG=1.8\nFROM registry.example.com/ml/churn:${TAG}\n"})
    outside = Outside(variables={"TAG": "1.9"}, environ={})
    with pytest.raises(SpecError) as raised:
        upgraded("sm-ci.yml", "c/Dockerfile", outside=outside)
    assert str(raised.value) == (
        f"sm-ci.yml:3:8: would build on {CURRENT} and not {NEW} after the change, so nothing is written"
    )
    assert Path("sm-ci.yml").read_text() == BUILT


@pytest.mark.parametrize("dockerfile", ["ARG TAG\nFROM registry.example.com/ml/churn:${TAG}\n", "FROM debian:12\n"])
def test_a_spec_whose_build_arguments_change_is_written(here: Path, dockerfile: str) -> None:
    put({"sm-ci.yml": BUILT, "c/Dockerfile": dockerfile})
    changed = {(one.path, one.after) for one in upgraded("sm-ci.yml", "c/Dockerfile")}
    arguments = "image: {build: c, args: {TAG: '${TAG}', TOOLS: registry.example.com/ml/churn:1.10}}"
    variables = {("sm-ci.yml", "variables: {TAG: '1.10'}")} if "TAG" in dockerfile else set()
    assert changed == {("sm-ci.yml", arguments), *variables}


def test_a_spec_needs_no_secrets_and_takes_its_own_variables(here: Path) -> None:
    outside = Outside(variables={"ECR": "registry.example.com/ml", "OTHER": "x"}, environ={})
    put({"sm-ci.yml": "version: 1\nsecrets: [HF_TOKEN]\nvariables: {ECR: null}\nimage: ${ECR}/churn:1.9\n"})
    (written,) = upgraded("sm-ci.yml", outside=outside)
    assert written.after == "image: ${ECR}/churn:1.10"


def test_errors_of_the_plan_keep_all_from_being_written(here: Path) -> None:
    pinned = f"{CURRENT}@sha256:{'a' * 64}"
    put({"a.json": CURRENT, "b.json": pinned})
    with pytest.raises(SpecError) as raised:
        upgraded("a.json", "b.json")
    assert str(raised.value) == (
        f"b.json:1:1: {pinned} is pinned by a digest, and that of {NEW} is not known; take the digest away here"
    )
    assert Path("a.json").read_text() == CURRENT


def test_nothing_to_write(here: Path) -> None:
    put({"a.json": "{}"})
    assert upgraded("a.json") == ()


def test_links_are_followed_inside_of_the_repository_alone(here: Path, tmp_path: Path) -> None:
    put({"../theirs.json": CURRENT, "sub/ours.json": CURRENT})
    Path("out.json").symlink_to("../theirs.json")
    Path("in.json").symlink_to("sub/ours.json")
    upgraded("in.json")
    assert (Path("in.json").is_symlink(), Path("sub/ours.json").read_text()) == (True, NEW)
    with pytest.raises(SpecError) as raised:
        read(["in.json", "out.json", "none.json"], Path(), None)
    assert str(raised.value) == (
        f"out.json:1:1: is reached by a link that leads out of {here}; name the file itself\n"
        "none.json:1:1: cannot be read: No such file or directory; name a file that names the image"
    )


def test_a_file_outside_is_an_error_on_a_runner(here: Path) -> None:
    put({"../theirs.json": CURRENT})
    assert [source.content for source in read(["../theirs.json"], Path(), None)] == [CURRENT.encode()]
    with pytest.raises(SpecError) as raised:
        read(["../theirs.json"], Path(), here)
    assert str(raised.value).endswith(
        f"theirs.json:1:1: leads out of the workspace {here}; keep it in the repository, and links too"
    )
    assert raised.value.exit_status == 2


def test_what_is_no_text_and_what_is_too_large(here: Path) -> None:
    put({"binary": b"a\0b", "large": b" " * (8 * 2**20 + 1), "folder/x": ""})
    os.mkfifo("pipe")
    with pytest.raises(SpecError) as raised:
        read(["binary", "large", "folder", "pipe", "/dev/zero"], Path(), None)
    assert str(raised.value) == (
        "binary:1:1: is no text: it holds a NUL character; save it as UTF-8, or leave it out\n"
        "large:1:1: is larger than 8 MiB; name the file that names the image\n"
        "folder:1:1: cannot be read: Is a directory; name a file that names the image\n"
        "pipe:1:1: is no file but a device, a socket or a pipe; name a file that names the image\n"
        "/dev/zero:1:1: is no file but a device, a socket or a pipe; name a file that names the image"
    )
