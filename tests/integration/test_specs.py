"""Specs that are wrong, as a user and a runner see it: one process for many, status 2, the place, and no report."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, ROOT

HEAD = "version: 1\nimage: i\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LFS = "write lfs: true at actions/checkout, or run git lfs pull"
MEMORY = 2**30  # bytes of address space; who asks for more gets a MemoryError


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def findings(self) -> list[str]:
        """What is wrong, without the lines of the file and the carets below them."""
        ours = (line for line in self.stdout.splitlines() if not line.startswith(("  ", "::")))
        return [line for line in ours if not re.fullmatch(r"[\d,]+ errors?(, \d+ warnings?)?", line)]

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.stdout.splitlines() if line.startswith("::")]


def told(folder: Path, *arguments: str, runner: bool = False, environ: Mapping[str, str] | None = None) -> Told:
    """Runs `sm-ci ARGUMENTS` in the folder, with little memory, and as a step of a workflow if asked to."""
    environ = {**CLEAN_ENVIRON, "PYTHONPATH": str(ROOT), **(environ or {})}
    if runner:
        environ |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder)}
    begun = time.monotonic()
    command = ["prlimit", f"--as={MEMORY}", sys.executable, "-m", "sm_ci", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


FILES: dict[str, tuple[bytes, list[str]]] = {
    "empty.yml": (b"", ["1:1: is empty; write at least version and image"]),
    "comments.yml": (b"# one\n\n# two\n", ["1:1: is empty; write at least version and image"]),
    "binary.yml": (b"\x89PNG\r\n\x1a\n\0", ["1:1: is not UTF-8: the byte 0x89; save it as UTF-8"]),
    "large.yml": (
        b"#" * (2**20 + 1),
        ["1:1: is larger than 1 MiB; put large bodies into files and name them with file:"],
    ),
    "laughs.yml": (
        LAUGHS.encode(),
        ["7:17: g[4]: the aliases of this file expand to more than 4 MiB; put what repeats into a file"],
    ),
    "tabs.yml": (f"{HEAD}tests:\n\t- name: a\n".encode(), ["4:1: a tab indents this line; indent with spaces"]),
    "utf-16.yml": (HEAD.encode("utf-16"), ["1:1: is not UTF-8 but UTF-16; save it as UTF-8"]),
    "mark.yml": (
        b"\xef\xbb\xbfversion: 2\nimage: i\ntests: [{name: a}]\n",
        ["1:10: version: must be the number 1, not the number 2; this sm-ci reads version 1"],
    ),
    "twice.yml": (
        f"{HEAD}environment: {{A: x,\n  A: y}}\ntests: [{{name: a}}]\n".encode(),
        ["4:3: environment.A: is given twice; the first is in line 3; keep one of the two"],
    ),
    "old-yaml.yml": (
        (
            f"{HEAD}network_isolation: yes\nenvironment: {{A: no, B: 012, C: 1:30, D: 1e3, E: ~, F: on}}\n"
            "tests: [{name: no}, {name: 1:30}]\n"
        ).encode(),
        [
            "3:20: network_isolation: must be true or false, not the text 'yes'; write true",
            '4:25: environment.B: must be text, not the number 12; write it in quotes: "012"',
            '4:42: environment.D: must be text, not the number 1000.0; write it in quotes: "1e3"',
            '4:50: environment.E: must be text, not null; write "" for an empty text, or leave the key out',
        ],
    ),
    "merge.yml": (
        f"{HEAD}tests:\n  - &a {{name: a}}\n  - {{<<: *a, request: {{json: 1}}}}\n".encode(),
        ["5:6: tests[1]: '<<' merges mappings in YAML 1.1; a spec is YAML 1.2; write the keys out"],
    ),
    "tag.yml": (
        f"{HEAD}tests: [{{name: !!python/object/apply:os.system a}}]\n".encode(),
        [
            (
                "3:16: tests[0].name: has the tag '!!python/object/apply:os.system', which a spec cannot use; "
                "leave the tag out, or put a text that begins with '!' in quotes"
            )
        ],
    ),
    "two.yml": (f"{HEAD}---\n{HEAD}".encode(), ["3:1: a second document begins here; keep one spec in a file"]),
    "pointer.yml": (POINTER, [f"1:1: is a Git LFS pointer and not the file itself; {LFS}"]),
    "half.yml": (
        f'{HEAD}tests: [{{name: "a\\ud800b"}}]\n'.encode(),
        ["3:18: \\ud800 is half of a character, which YAML does not know; write the whole character"],
    ),
    "unlike.yml": (
        f"{HEAD}tests:\n  - {{name: a, request: {{json: 1, text: b}}}}\n  - {{name: a, expect: {{staus: 200}}}}\n".encode(),
        [
            "4:34: tests[0].request.text: a request has one body, and both json and text are given; keep one of them",
            "5:12: tests[1].name: 'a' is the name of the test in line 4 too; give each test a name of its own",
            "5:24: tests[1].expect.staus: is not a known key; did you mean 'status'?",
        ],
    ),
    "variables.yml": (
        (
            b"version: 1\nvariables: {A: null, B: '${A}', GITHUB_TOKEN: x}\nimage: i:${C}\n"
            b"model: ${HOME}\ntests: [{name: '${{ github.sha }}'}]\n"
        ),
        [
            (
                "2:13: variables.A: is required and has no value; "
                "give it with --var A=VALUE or in the environment variable A"
            ),
            "2:25: variables.B: a default cannot hold ${…}; write it out; $${ is a literal ${",
            "2:33: variables.GITHUB_TOKEN: is the name of a credential, which no spec can read; choose another name",
            "3:8: image: the variable 'C' is not declared; declare it: variables: {C: null}",
            "4:8: model: the variable 'HOME' is not declared; declare it: variables: {HOME: null}",
            (
                "5:16: tests[0].name: holds GitHub's ${{ … }}, which only workflow files know; "
                "declare a variable and give it with --var or env"
            ),
        ],
    ),
}
"""By name: the bytes of a spec, and what is said of it."""


def test_the_laughs_are_as_short_as_the_famous_ones() -> None:
    assert len(LAUGHS) < 442


def test_every_wrong_spec_is_told_at_its_place_and_nothing_is_run(tmp_path: Path) -> None:
    for name, (content, _) in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.yml").mkdir()
    os.mkfifo(tmp_path / "fifo.yml")
    expected = [f"{name}:{message}" for name, (_, messages) in FILES.items() for message in messages]
    expected += [f"{name}:1:1: is not a file; name the spec's YAML file" for name in ("folder.yml", "fifo.yml")]
    expected += ["none.yml:1:1: does not exist; name the spec's YAML file"]
    ended = told(tmp_path, "run", *FILES, "folder.yml", "fifo.yml", "none.yml", environ={"C": "x"})
    assert ended.findings == expected
    assert (ended.status, ended.stderr) == (2, "")
    assert ended.stdout.splitlines()[-1] == f"{len(expected)} errors"
    assert not (tmp_path / "sm-ci-results").exists()
    assert ended.seconds < 30


NAMES = list(FILES)


@pytest.mark.parametrize("names", [NAMES[:9], NAMES[9:-2], NAMES[-2:]], ids=["files", "yaml", "keys"])
def test_on_a_runner_each_is_an_annotation_at_its_place(tmp_path: Path, names: list[str]) -> None:
    """A runner takes ten of a step."""
    expected = []
    for name in names:
        content, messages = FILES[name]
        (tmp_path / name).write_bytes(content)
        for message in messages:
            line, column, said = message.split(":", 2)
            expected.append((f"::error file={name},line={line},col={column}", said.strip()))
    assert len(expected) <= 10
    ended = told(tmp_path, "validate", *names, runner=True)
    assert [(line.partition(",title=")[0], line.split("::", 2)[2]) for line in ended.annotations] == expected
    assert (ended.status, ended.stderr) == (2, "")


def test_hostile_names_start_no_command_and_end_none(tmp_path: Path) -> None:
    """Of the file, of keys and of values: one annotation each, in one line, its properties escaped."""
    name = "a,b:c%0A::error::x.yml"
    (tmp_path / name).write_text(
        f'{HEAD}"::error file=x::y": 1\n"##[error]z\\n::warning::w": 1\ntests:\n'
        '  - {name: "]]>\\n::error::v"}\n  - {name: "\\u202egnp.exe"}\n  - {name: "😀 \\"a\\" שלום", reqest: 1}\n'
    )
    ended = told(tmp_path, "validate", name, runner=True)
    file = "file=a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ax.yml"
    assert ended.annotations == [
        f'::error {file},line=3,col=1,title=unknown-key::["::error file=x::y"]: is not a known key',
        f'::error {file},line=4,col=1,title=unknown-key::["##[error]z\\n::warning::w"]: is not a known key',
        (
            f"::error {file},line=6,col=12,title=name::tests[0].name: holds the character U+000A, "
            "which reports cannot show: ']]>\\n::error::v'; write it in one line of visible characters"
        ),
        (
            f"::error {file},line=7,col=12,title=name::tests[1].name: holds the character U+202E, "
            "which reports cannot show: '\\u202egnp.exe'; write it in one line of visible characters"
        ),
        (
            f"::error {file},line=8,col=28,title=unknown-key::tests[2].reqest: is not a known key; "
            "did you mean 'request'?"
        ),
    ]
    shown = [line for line in ended.stdout.splitlines() if line not in ended.annotations]
    assert "##\\[error]z" in "\n".join(shown)
    assert [line for line in shown if "##[" in line] == []
    assert ended.status == 2


def test_five_thousand_tests_and_more_errors_than_anybody_reads(tmp_path: Path) -> None:
    tests = "".join(
        f"  - name: case {n}\n    request: {{json: {{instances: [[{n}, 0.2]]}}, custom_attributes: trace={n}}}\n"
        "    expect: {json: {predictions: [{score: {$approx: 0.83}}]}, latency: <250ms}\n"
        for n in range(5000)
    )
    (tmp_path / "many.yml").write_text(f"{HEAD}tests:\n{tests}")
    (tmp_path / "wrong.yml").write_text(f"{HEAD}tests: [{'1,' * 20_000}]\n")
    ended = told(tmp_path, "validate", "many.yml")
    assert (ended.status, ended.stdout) == (0, "✓ many.yml: 5000 tests, nothing wrong\n")
    assert ended.seconds < 30
    ended = told(tmp_path, "validate", "wrong.yml", runner=True)
    assert ended.status == 2
    assert len(ended.findings) == 1001 + 1  # beside them how many annotations are left out
    assert ended.findings[1000] == "and at least 19,000 more; mend these first"
    assert len(ended.annotations) == 10
    assert ended.seconds < 60


def test_files_that_lead_out_or_were_not_fetched(tmp_path: Path) -> None:
    """On a runner the workspace is the border; a pointer of Git LFS is told wherever a file is named."""
    outside, workspace = tmp_path / "outside.bin", tmp_path / "workspace"
    outside.write_bytes(b"x")
    (workspace / "model").mkdir(parents=True)
    (workspace / "link.bin").symlink_to(outside)
    (workspace / "loop.bin").symlink_to("loop.bin")
    for name in ("body.bin", "schema.json", "model.tar.gz", "model/weights"):
        (workspace / name).write_bytes(POINTER)
    (workspace / "s.yml").write_text(
        "version: 1\nimage: i\nmodel: model.tar.gz\ntests:\n"
        "  - {name: a, request: {file: ../outside.bin}}\n"
        f"  - {{name: b, request: {{file: {outside}}}}}\n"
        "  - {name: c, request: {file: link.bin}}\n"
        "  - {name: d, request: {file: loop.bin}}\n"
        "  - {name: e, request: {file: body.bin}, expect: {schema: schema.json}}\n"
        "  - {name: f, request: {file: bodi.bin}}\n"
    )
    (workspace / "folder.yml").write_text("version: 1\nimage: i\nmodel: model\ntests: [{name: a}]\n")
    ended = told(workspace, "validate", "s.yml", runner=True)
    assert ended.status == 2
    out, keep = f"leads out of the workspace {workspace}", "keep it in the repository, and links too"
    short = f"{str(outside)[:30]}…{str(outside)[-29:]}" if len(str(outside)) > 60 else str(outside)
    pointer = "is a Git LFS pointer and not the file itself"
    assert ended.findings == [
        f"s.yml:3:8: model: {pointer}: 'model.tar.gz'; {LFS}",
        f"s.yml:5:31: tests[0].request.file: {out}: '../outside.bin'; {keep}",
        f"s.yml:6:31: tests[1].request.file: {out}: '{short}'; {keep}",
        f"s.yml:7:31: tests[2].request.file: {out}: 'link.bin'; {keep}",
        "s.yml:8:31: tests[3].request.file: is a link that leads nowhere: 'loop.bin'; mend the link",
        f"s.yml:9:31: tests[4].request.file: {pointer}: 'body.bin'; {LFS}",
        f"s.yml:9:59: tests[4].expect.schema: {pointer}: 'schema.json'; {LFS}",
        "s.yml:10:31: tests[5].request.file: does not exist: 'bodi.bin'; did you mean 'body.bin'?",
    ]
    ended = told(workspace, "validate", "folder.yml", runner=True)
    said = f"model: holds a Git LFS pointer and not the file itself: 'weights'; {LFS}"
    assert ended.status == 0
    assert ended.findings == [f"warning: folder.yml:3:8: {said}", "✓ folder.yml: 1 test, nothing wrong"]
