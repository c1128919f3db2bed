import io
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cmarkgfm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import CaseResult, Failure, Fault, ImageFacts, Outcome, RunResult
from sm_ci.runner import Runner, file_commands
from tests.e2e.reading import records

RUN = RunResult(
    schema=1,
    tool="sm-ci 0.1.0",
    id="1",
    name="churn",
    spec="sm-ci.yml",
    started=datetime(2026, 1, 2, tzinfo=UTC),
    seconds=3.4119,
    secrets=("t0ps3cret",),
)


def case(name: str, outcome: Outcome, line: int = 4, **more: str) -> CaseResult:
    at = Location(path="/repo/models/sm-ci.yml", line=line, column=5)
    failure = Failure(
        check="status",
        path="",
        expected="200",
        got="500",
        message="status is 500,\nnot 200: 100% t0ps3cret",
        at=replace(at, line=line + 3),
    )
    failures = (failure,) if outcome is Outcome.FAILED else ()
    return CaseResult(id=f"churn::{name}", name=name, outcome=outcome, at=at, failures=failures, **more)  # type: ignore[arg-type]


def runner(folder: Path = Path("/repo"), **files: Path) -> Runner:
    return Runner(workspace=folder, **files)  # type: ignore[arg-type]


def annotated(subject: RunResult | list[Finding]) -> list[str]:
    stream = io.StringIO()
    runner().annotations(subject, stream)
    return stream.getvalue().splitlines()


def read_outputs(path: Path) -> dict[str, str]:
    """As actions/runner reads them."""
    found = {}
    lines = iter(path.read_bytes().decode().split("\n"))
    for line in lines:
        if not line:
            continue
        name, delimiter = line.split("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def test_only_a_runner_is_a_runner() -> None:
    assert Runner.detect({}) is None
    assert Runner.detect({"GITHUB_ACTIONS": "false"}) is None
    assert Runner.detect({"GITHUB_ACTIONS": "true"}) == Runner(workspace=Path.cwd())
    assert Runner.detect(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/o",
            "GITHUB_STATE": "/github/file_commands/t",
            "GITHUB_STEP_SUMMARY": "/github/file_commands/s",
            "GITHUB_REPOSITORY": "a/b",
            "RUNNER_DEBUG": "1",
        }
    ) == Runner(
        workspace=Path("/github/workspace"),
        output=Path("/github/file_commands/o"),
        state=Path("/github/file_commands/t"),
        step_summary=Path("/github/file_commands/s"),
        repository="a/b",
        debug=True,
    )


def test_annotations_of_a_run_the_worst_first() -> None:
    fault = Fault(kind="container-exited", message="the container exited", remedy="Mend it.", exit_status=1)
    finding = Finding(
        rule="tag",
        severity=Severity.WARNING,
        message="can move",
        path="image",
        remedy="pin it",
        at=Location(path="a.yml", line=3, column=8),
    )
    cases = (
        case("errored", Outcome.ERRORED, reason="no answer"),
        case("fine", Outcome.PASSED),
        case("a, b: c", Outcome.FAILED),
    )
    here = os.path.relpath(Path.cwd(), "/repo") if Path.cwd().is_relative_to("/repo") else str(Path.cwd()).lstrip("/")
    assert annotated(replace(RUN, fault=fault, cases=cases, findings=(finding,))) == [
        "::error title=churn%3A container-exited::the container exited%0AMend it.",
        "::error file=models/sm-ci.yml,line=7,col=5,title=churn%3A%3Aa%2C b%3A c::status is 500,%0Anot 200: 100%25 ***",
        "::error file=models/sm-ci.yml,line=4,col=5,title=churn%3A%3Aerrored::no answer",
        f"::warning file={here}/a.yml,line=3,col=8,title=tag::image: can move; pin it",
    ]


def test_ten_annotations_of_a_kind_and_not_more() -> None:
    wrong = tuple(case(f"case {n}", Outcome.FAILED) for n in range(12))
    odd = tuple(Finding(rule="odd", severity=Severity.WARNING, message=f"odd {n}") for n in range(11))
    lines = annotated(replace(RUN, cases=wrong, findings=odd))
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert lines[10] == "2 more errors: see the reports."
    assert lines[21] == "1 more warning: see the reports."


def test_annotations_of_a_wrong_spec() -> None:
    finding = Finding(
        rule="unknown-key",
        severity=Severity.ERROR,
        path="tests[1].expect.staus",
        message="is not a known key",
        remedy="did you mean 'status'?",
        at=Location(path="/repo/sm-ci.yml", line=12, column=9),
    )
    assert annotated([finding]) == [
        "::error file=sm-ci.yml,line=12,col=9,title=unknown-key::tests[1].expect.staus: is not a known key; did you mean 'status'?"
    ]


@given(st.text(st.characters(), max_size=50))
@settings(max_examples=2 * settings().max_examples)
def test_no_text_makes_a_second_command(said: str) -> None:
    at = Location(path=said, line=0, column=0)
    fault = Fault(kind=said, message=said, remedy="", exit_status=3, at=at)
    finding = Finding(rule=said, severity=Severity.NOTICE, message=said, path=said, at=at)
    lines = annotated(replace(RUN, name=said, fault=fault, findings=(finding,)))
    assert [re.match("::([a-z]+) ", line)[1] for line in lines] == ["error", "notice"]  # type: ignore[index]
    assert all(len(line.split("::")[1].split(",")) <= 4 for line in lines)


def test_outputs(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.write_text("before<<x\ny\nx\n")
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_RUN)
    result = replace(
        RUN,
        cases=tuple(case(str(n), outcome) for n, outcome in enumerate(outcomes)),
        image=ImageFacts(reference="churn", id="sha256:0", digest="sha256:1\nconclusion=success"),
    )
    files = [tmp_path / "sm-ci-results" / name for name in ("junit.xml", "summary.md", "report.html", "result.json")]
    stream = io.StringIO()
    runner(tmp_path, output=output).write_outputs([result], files, stream)
    assert stream.getvalue() == ""
    assert read_outputs(output) == {
        "before": "y",
        "conclusion": "failure",
        "total": "5",
        "passed": "1",
        "failed": "2",
        "skipped": "2",
        "time": "3.412",
        "directory": "sm-ci-results",
        "junit": "sm-ci-results/junit.xml",
        "summary": "sm-ci-results/summary.md",
        "html": "sm-ci-results/report.html",
        "json": "sm-ci-results/result.json",
        "image-digest": "sha256:1\nconclusion=success",
    }
    delimiters = re.findall("<<(ghadelimiter_.*)", output.read_text())
    assert len(set(delimiters)) == 12


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    stream = io.StringIO()
    broken = runner(tmp_path, output=tmp_path, step_summary=tmp_path / "none" / "summary")
    broken.write_outputs([RUN], [], stream)
    broken.append_summary("# x\n", stream)
    runner(tmp_path).append_summary("# x\n", stream)
    hint = "Does the runner's engine map root to another user (rootless, userns-remap)?"
    assert stream.getvalue() == (
        f"::warning title=sm-ci::GITHUB_OUTPUT={tmp_path} cannot be written: Is a directory. {hint}\n"
        f"::warning title=sm-ci::GITHUB_STEP_SUMMARY={tmp_path}/none/summary cannot be written:"
        f" No such file or directory. {hint}\n"
        "::warning title=sm-ci::GITHUB_STEP_SUMMARY is not set: the runner gets nothing of it.\n"
    )


def test_the_summary_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    with_summary = runner(tmp_path, step_summary=path)
    assert with_summary.summary_room() == 1_047_552
    with_summary.append_summary("# one\n")
    with_summary.append_summary("# two\n")
    assert path.read_text() == "# one\n\n# two\n"


def test_the_summary_never_grows_beyond_what_github_shows(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_bytes(b"x" * 1_000_000)
    stream = io.StringIO()
    with_summary = runner(tmp_path, step_summary=path)
    with_summary.append_summary("## é\n" + "| é |\n" * 9000 + "\n<details>\n" + "é" * 40_000, stream)
    added = path.read_bytes()[1_000_000:].decode()
    assert added.startswith("\n## é\n| é |\n")
    assert added.endswith("| é |\n\n\nThe summary is cut: a job's summary holds 1 MiB.\n")
    assert path.stat().st_size <= 1_048_576
    path.write_bytes(b"x" * 1_048_576)
    with_summary.append_summary("## more\n", stream)
    assert path.stat().st_size == 1_048_576
    assert stream.getvalue() == (
        "::warning title=sm-ci::The job's summary is full (1 MiB); see summary.md among the reports.\n"
    )


@given(st.dictionaries(st.from_regex("[a-z-]{1,9}", fullmatch=True), st.text(st.characters(), max_size=50), max_size=4))
def test_no_value_adds_a_name_of_its_own(values: dict[str, str]) -> None:
    """Read by the rules of actions/runner FileCommandManager.cs: garbage arrives as it is, but for what is no Unicode."""
    text = file_commands.records(values).encode(errors="backslashreplace").decode()
    expected = {name: value.encode(errors="backslashreplace").decode() for name, value in values.items()}
    assert records(text) == (expected, "")


@pytest.mark.parametrize(
    "value", ["a\nconclusion=success", "a\nb<<c", "x\r", "", "\0", "ghadelimiter_0\nx=y", "\ud800"]
)
def test_garbage_in_an_output_stays_in_it(tmp_path: Path, value: str) -> None:
    result = replace(RUN, image=ImageFacts(reference="x", id="sha256:0", digest=value))
    runner(tmp_path, output=tmp_path / "output").write_outputs([result], [], io.StringIO())
    found, why = records((tmp_path / "output").read_bytes().decode())
    assert why == ""
    assert found["image-digest"] == value.encode(errors="backslashreplace").decode()
    assert found["conclusion"] == "success"
    assert set(found) == {"conclusion", "total", "passed", "failed", "skipped", "time", "directory", "image-digest"}


def test_the_post_step_is_told_a_state(tmp_path: Path) -> None:
    """A runner without such a file, as act has in some places, is not complained about."""
    stream = io.StringIO()
    runner(tmp_path, state=tmp_path / "state").save_state({"owner": "a/b/1/2/"}, stream)
    assert records((tmp_path / "state").read_text()) == ({"owner": "a/b/1/2/"}, "")
    runner(tmp_path).save_state({"owner": "x"}, stream)
    assert stream.getvalue() == ""


PAGE = """\
## ❌ head

| a | b |
|---|---|
| 1 | `` |

````text
</details>
```
<details>
````

<details><summary>x</summary>

```sh
</details>
```
| c |

</details>

last
"""


def test_a_summary_is_cut_where_nothing_is_open() -> None:
    for octets in range(len(PAGE.encode()) + 2):
        part = file_commands.fitting(PAGE, octets)
        assert PAGE.startswith(part)
        assert len(part.encode()) <= octets
        assert part == "" or part.endswith("\n")
        assert part == PAGE or octets < len(PAGE.encode())
        page = f"{part}\nafter\n"
        shown = cmarkgfm.github_flavored_markdown_to_html(page, options=cmarkgfm.Options.CMARK_OPT_UNSAFE)
        assert shown.endswith("<p>after</p>\n")
        assert shown.count("<details>") == shown.count("</details>") == shown.count("<summary>")


def test_masks_are_exact_and_say_something() -> None:
    stream = io.StringIO()
    runner().mask(["", " \n", "p%w", "line one\nline two", "{\n  the key\n}"], stream)
    assert stream.getvalue() == "::add-mask::p%25w\n::add-mask::line one%0Aline two\n::add-mask::the key\n"


def test_groups_and_untrusted_text_end_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()

    def break_off() -> None:
        with runner().group("a\n::b", stream), runner().untrusted(stream):
            stream.write("::error::x\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    start, stop, text, go, end = stream.getvalue().splitlines()
    token = stop.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert [start, text, go, end] == ["::group::a%0A::b", "::error::x", f"::{token}::", "::endgroup::"]
    with runner().group("to the real thing"):
        pass
    assert capsys.readouterr().out == "::group::to the real thing\n::endgroup::\n"
