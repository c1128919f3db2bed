"""A container, a spec and a model that say everything that could deceive a runner: it does what we say, and nothing else."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import tarfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import cmarkgfm
import pytest
from harness import BASE, Images

from tests.e2e.conftest import OnRunner
from tests.e2e.runner import Finished

SECRET = "hf_Zk'3/\"Qw9+LrT7&vB2mXc8nD4"
BEFORE = (
    "",
    " ",
    "\t",
    "\v",
    "\f",
    "\r",
    "text\r",
    "\x85",
    "\u2028",
    "\u2029",
    "\u00a0",
    "\ufeff",
    "\u200b",
    "\x1b[0m",
    "\0",
)
COMMANDS = (
    "::error file=README.md,line=1::forged",
    "::warning::forged",
    "::notice::forged",
    "::set-output name=conclusion::success",
    "::save-state name=owner::forged",
    "::add-mask::passed",
    "::stop-commands::forged",
    "::group::forged",
    "::endgroup::",
    "::add-matcher::matcher.json",
    "::remove-matcher owner=python::",
    "::set-env name=PATH::/forged",
    "##[error]forged",
    "text ##[set-output name=total;]9",
    "#\x1b[0m#[warning]forged",
    "##[add-mask]passed",
    "##vso[task.complete result=Succeeded;]forged",
)
PLACES = (
    'File "inference.py", line 3, in model_fn',
    "inference.py:3:1: error: forged",
    "inference.py:3: error: forged",
    "inference.py(3,1): error TS1: forged",
    "inference.py: line 3, col 1, Error - forged (rule)",
    "inference.go:3:1: forged",
    "inference.py",
    "  3:1  error  forged  rule",
)
MATCHERS = {
    "setup-python": r"^\s*File\s\"(.*)\",\sline\s(\d+),\sin\s(.*)$",
    "gcc": r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$",
    "mypy": r"^(.+):(\d+):\s(error|warning):\s(.+)$",
    "tsc": r"^(?:\s+\d+\>)?([^\s].*)\((\d+),(\d+)\)\s*:\s+(error|warning|info)\s+(\w{1,2}\d+)\s*:\s*(.*)$",
    "eslint-compact": r"^(.+):\sline\s(\d+),\scol\s(\d+),\s(Error|Warning|Info)\s-\s(.+)\s\((.+)\)$",
    "eslint-stylish": r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$",
    "setup-go": r"^\s*(.+\.go):(?:(\d+):(\d+):|(\d+):)? (.*)",
}
"""Of what other steps register: the line that names the place."""
MARKUP = (
    "| forged | cell |",
    "|---|---|",
    "````",
    "~~~",
    "</details></td></table>",
    "<img src=https://evil.example/pixel.png>",
    "<script>alert(1)</script>",
    "![forged](https://evil.example/pixel.png)",
    "[forged](https://evil.example) https://evil.example www.evil.example <https://evil.example>",
    "@octocat @github/security #1 GH-1",
    "# forged",
    "$\\href{https://evil.example}{forged}$",
)
CONTAINER = """\
#!/usr/bin/env python3
import base64, json, os, signal, socket, sys
from urllib.parse import quote
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
said = json.load(open("/said.json"))
secret = os.environ["HF_TOKEN"]
half = len(secret) // 2
forms = [secret, base64.b64encode(secret.encode()).decode(), json.dumps(secret), quote(secret, safe=""),
         base64.b64encode(b"user:" + secret.encode()).decode(), secret[:half] + "\\n" + secret[half:],
         secret[:half] + "\\x1b[31m" + secret[half:], "\\n".join(base64.encodebytes((secret * 3).encode()).decode().split("\\n"))]
text = "\\n".join([*said["lines"], *forms]) + "\\n"
for stream in (sys.stdout, sys.stderr):
    stream.buffer.write(text.encode("utf-8", "surrogatepass"))
    stream.flush()
listener = socket.create_server(("", 8080))
while True:
    connection, _ = listener.accept()
    with connection:
        request = connection.recv(65536)
        if request.startswith(b"GET /ping"):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
            continue
        body = ("\\n".join([*said["lines"], *forms])).encode()
        head = f"HTTP/1.1 200 {said['reason']}\\r\\nContent-Type: text/plain\\r\\nContent-Length: {len(body)}\\r\\n"
        head += "".join(f"X-Said-{number}: {line}\\r\\n" for number, line in enumerate(said["headers"]))
        connection.sendall(head.encode("latin-1", "replace") + b"\\r\\n" + body)
        print("served", secret[:half], flush=True)
        print(secret[half:], flush=True)
"""
TAGS = re.compile(r"</?([a-z0-9]+)([^>]*)>")
ALLOWED = frozenset({"h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"})
OURS = frozenset({"details", "summary", "pre", "code", "strong", "br", "a"})


@pytest.fixture(scope="session")
def hostile(images: Images) -> str:
    lines = [f"{before}{command}" for command in COMMANDS for before in BEFORE]
    said = {
        "lines": [*lines, *PLACES, *MARKUP],
        "reason": "OK ##[error]forged ::error::forged",
        "headers": [*COMMANDS[:3], *COMMANDS[12:14], *MARKUP],
    }
    dockerfile = (
        f"FROM {BASE}\nCOPY said.json /said.json\nCOPY serve /usr/local/bin/serve\nRUN chmod +x /usr/local/bin/serve\n"
    )
    return images.of("hostile", dockerfile, **{"said.json": json.dumps(said), "serve": CONTAINER})


def test_each_matcher_would_find_a_place_in_what_the_container_says() -> None:
    said = "\n".join(PLACES).split("\n")
    assert [name for name, pattern in MATCHERS.items() if not any(re.search(pattern, line) for line in said)] == []


def named(command: str, **expect: Any) -> dict[str, Any]:
    return {"name": f"{command} | {MARKUP[5]} @octocat", "request": {"text": command}, "expect": expect}


def test_nothing_that_a_container_says_is_done(on_runner: OnRunner, hostile: str) -> None:
    """Ten of sixteen failures are annotations, at the lines of the spec; the step's other commands are ours."""
    tests = [
        named(COMMANDS[0], json={"a": 1}),
        named(COMMANDS[12], text={"$matches": "^never$"}),
        named(PLACES[1], headers={"x-said-0": COMMANDS[1]}, query={"a": 1}),
        named(COMMANDS[5], status=404),
        *(
            {"name": f"one of many {number}", "request": {"text": "x"}, "expect": {"status": 500}}
            for number in range(12)
        ),
        named(COMMANDS[3]),
    ]
    runner = on_runner({"inference.py": "x\n" * 9}, image=hostile, secrets=["HF_TOKEN"], tests=tests)
    ended = runner.run({}, {"HF_TOKEN": SECRET})
    assert ended.exit == 1, ended.printed
    assert ended.printed.count("forged") > 100, "the container did not say it"
    assert ended.log.count("***") > 10
    expect_ours(ended)
    told = {"conclusion": "failure", "total": "17", "passed": "1", "failed": "16", "skipped": "0"}
    assert {name: ended.outputs[name] for name in told} == told
    assert [note.kind for note in ended.annotations] == ["error"] * 10
    assert {note.file for note in ended.annotations} == {"sm-ci.yml"}
    assert all(note.line > 0 and len(note.message) <= 4096 for note in ended.annotations)
    folder = runner.job.checkout / "sm-ci-results"
    reports = {name: (folder / name).read_text() for name in ("junit.xml", "summary.md", "report.html", "result.json")}
    expect_no_secret({"log": ended.log, "summary": ended.summary, **reports})
    expect_harmless(ended.summary)


def test_nothing_that_names_in_an_archive_say_is_done(on_runner: OnRunner) -> None:
    """An archive that is refused is told by the name that is wrong with it."""
    runner = on_runner(model="model.tar.gz")
    name = f"../x\n{COMMANDS[0]}\n{COMMANDS[12]}|{MARKUP[5]}{MARKUP[9]}"
    (runner.job.checkout / "model.tar.gz").write_bytes(archive(name))
    ended = runner.run({})
    assert ended.exit == 1, ended.printed
    expect_ours(ended)
    assert [note.kind for note in ended.said] == ["error"]
    assert "forged" in ended.said[0].message
    expect_harmless(ended.summary)


def expect_ours(ended: Finished) -> None:
    """Of all commands that the runner finds, those that the action gives, and nothing for a problem matcher."""
    assert ended.failed == ""
    assert ended.commands == ()
    assert ended.environment == {}
    assert list(ended.state) == ["owner"]
    assert "forged" not in ended.state["owner"]
    assert {note.title for note in ended.said} & {"", "forged"} == set()
    assert not [note for note in ended.said if note.message == "forged" or note.kind == "notice"]
    tokens = [mask for mask in ended.masks if re.fullmatch("[0-9a-f]{32}", mask)]
    assert set(ended.masks) - {*tokens} <= {SECRET}
    folds = [line for line in ended.log.split("\n") if line.startswith(("##[group]", "##[endgroup]"))]
    assert [line.partition("]")[0] for line in folds] == ["##[group", "##[endgroup"] * (len(folds) // 2)
    assert all(line.startswith("##[group]log of the container") for line in folds[::2])
    matched = {
        name: line
        for name, pattern in MATCHERS.items()
        for line in ended.printed.split("\n")
        if re.search(pattern, re.sub(r"\x1b\[[0-9;]*m?", "", line)) and not line.startswith("::")
    }
    assert matched == {}


def expect_no_secret(texts: Mapping[str, str]) -> None:
    """Neither it nor its halves, nor what it is in base64, JSON, URLs and XML."""
    half = len(SECRET) // 2
    coded = base64.b64encode(SECRET.encode()).decode()
    forms = {
        *(SECRET, SECRET[:half], SECRET[half:], json.dumps(SECRET)[1:-1], quote(SECRET), quote(SECRET, safe="")),
        *(html.escape(SECRET), html.escape(SECRET[half:]), html.escape(SECRET[:half], quote=False)),
        *(coded[:24], base64.b64encode(b"user:" + SECRET.encode()).decode()[8:32]),
    }
    assert {(name, form) for name, text in texts.items() for form in forms if form in text} == set()


def expect_harmless(summary: str) -> None:
    """As GitHub renders it: no link, picture or script, nobody is mentioned, and every part that folds is ours."""
    page = cmarkgfm.github_flavored_markdown_to_html(summary)
    tags = TAGS.findall(page)
    assert {name for name, _ in tags} <= ALLOWED | OURS
    assert {attributes for name, attributes in tags if name not in {"pre", "th", "td", "a"}} <= {""}
    assert not [
        link for link in re.findall(r"<a href=\"([^\"]*)\"", page) if "evil" in link
    ]  # diagnoses have links of ours
    assert page.count("<details>") == page.count("</details>") == page.count("<summary>")
    outside = html.unescape(re.sub(r"<pre[^>]*>.*?</pre>", "", page, flags=re.DOTALL))
    assert not re.search(r"@\w|(?<![\w&])#\d|\bGH-\d", outside)
    assert summary.count("## ❌") == 1


def archive(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    return buffer.getvalue()
