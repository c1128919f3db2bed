import re
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sm_ci.report import summary
from sm_ci.results import CaseResult, Failure, Fault, LogExcerpt, LogLine, Outcome, RunResult

markup = MarkdownIt("commonmark").enable("table")
DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def test_a_run_that_held(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    assert summary.markdown(replace(passed, cases=(make_case("known"), make_case("garbage_in", seconds=1.5)))) == (
        f"""\
## ✅ churn passed: 2 passed in 3.4 s

| | |
|---|---|
| Image | churn:1.9 |
| Digest | {DIGEST} |
| Size | 1.3 GiB, linux/amd64 |
| Model | ./model (2.0 KiB, 3 files) |
| Limits | ml.m5.large: 2 CPUs, 4.0 GiB memory, 64.0 MiB shared memory (scaled down to this machine) |
| Ready after | 1.2 s |
| Tests | 2 passed in 3.4 s |
| Spec | models/churn/sm-ci.yml |

### Tests

| Outcome | Test | Status | Time | Latency | |
|---|---|--:|--:|--:|---|
| passed | churn::known | 200 | 13 ms | 12 ms |  |
| passed | churn::garbage&#95;in | 200 | 1.5 s | 12 ms |  |

<details><summary>Log of the container, the last 2 of 1002 lines</summary>

```text
   1.000 serving
   2.000 POST /invocations 200
```

</details>
"""
    )


def test_failures_come_with_request_answer_and_difference(mixed: RunResult) -> None:
    shown = summary.markdown(mixed)
    assert shown.startswith("## ❌ churn failed: 2 passed, 1 failed, 1 errored, 1 skipped, 1 not run in 1 min 5 s\n")
    failures = shown[shown.index("### Failures") : shown.index("</details>")]
    assert failures == (
        """\
### Failures

<details><summary>churn::unknown &#124; customer: &#36;.score is 0.5, not 0.83 (&#42;&#42;&#42;) and 2 more</summary>

- ./models/churn/sm-ci.yml:21: &#36;.score is 0.5, not 0.83 (&#42;&#42;&#42;)
- ./models/churn/sm-ci.yml:20: took 12 ms, not &#60;5ms
- ./models/churn/sm-ci.yml:20: status is 200, not 201 second line

| Where | Expected | Got |
|---|---|---|
| json &#36;.score | 0.83 | 0.5 |
| latency | &#60;5ms | 12 ms |
| status | 201 | 200 |

```sh
curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***'"""
        """ --data-binary '{"instances": [[1]]}' http://localhost:8080/invocations
```

```text
HTTP 200, application/json, 14 B in 12 ms
{"score": 0.5}
```

"""
    )
    assert "t0ps3cret" not in shown


def test_warnings_and_the_rest(mixed: RunResult) -> None:
    shown = summary.markdown(mixed)
    assert shown[shown.index("### Warnings") : shown.index("### Tests")] == (
        """\
### Warnings

- warning: image: the tag can move; pin a digest
- warning: a ping was missed 2.5 s after the start: no answer in 2 s
- warning: ./models/churn/sm-ci.yml:60: idle: asserts nothing but the status

"""
    )
    assert shown[shown.index("<details><summary>Log") :] == (
        """\
<details><summary>Log of the container, the last 4 of 1004 lines</summary>

````text
   1.000 ready
   2.000 ::set-output name=a::b
   3.000 ```\\x00]]> ##[error]no \\ud800\\xe9
   4.000 key ***
````

</details>
"""
    )


def test_a_fault_is_told_with_its_log(dead: RunResult) -> None:
    shown = summary.markdown(dead)
    assert shown.startswith("## ❌ churn failed: the container exited with status 1 after 0.8 s\n")
    assert shown[shown.index("### Why") : shown.index("<details>")] == (
        """\
### Why the run stopped: container-exited

models/churn/sm-ci.yml:3:1: the container exited with status 1 after 0.8 s

Mend the error that its log shows.

```text
   0.700 ModuleNotFoundError: No module named '***'
```

"""
    )


def test_other_verdicts(dead: RunResult) -> None:
    assert dead.fault
    absent = replace(dead, fault=replace(dead.fault, exit_status=3, message="no Docker engine answers"))
    assert summary.markdown(absent).startswith("## ⚠️ churn could not be tested: no Docker engine answers\n")
    stopped = replace(dead, fault=replace(dead.fault, exit_status=130, message="SIGTERM"))
    assert summary.markdown(stopped).startswith("## ⚠️ churn was cancelled: SIGTERM\n")


def test_a_long_table_is_cut_between_rows(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    many = replace(passed, cases=tuple(make_case(f"case {n} é") for n in range(4000)))
    shown = summary.markdown(many, 100_000)
    assert len(shown.encode()) <= 100_000
    rows = re.findall(r"^\| passed \| churn::case \d+ é \| 200 \| 13 ms \| 12 ms \|  \|$", shown, re.MULTILINE)
    assert 1000 < len(rows) < 4000
    assert f"\n\n{4000 - len(rows):,} more tests: see result.json.\n" in shown
    assert "<summary>Log of the container" in shown


def test_many_failures_leave_room_for_the_table(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    wrong = Failure(check="status", path="", expected="201", got="200", message="status is 200, not 201")
    many = replace(passed, cases=tuple(make_case(f"case {n}", Outcome.FAILED, failures=(wrong,)) for n in range(2500)))
    shown = summary.markdown(many)
    assert len(shown.encode()) <= 1_000_000
    assert re.search(r"\n[\d,]+ more failures: see result\.json\.\n", shown)
    assert "\n### Tests\n" in shown
    assert shown.count("<details>") == shown.count("</details>")


OURS = ["h2", "h3", "table", "thead", "tbody", "tr", "th", "td", "p", "pre", "code", "ul", "li", "details", "summary"]
HOSTILE = [
    "</details>", "```", "~~~", "|", "\n\n# x", "<script>", "<!--", "@me", "#1", "GH-1", "http://evil.example", "www.evil.example",
    "[a](javascript:x)", "![a](https://evil.example/a.png)", "<https://evil.example>", "**b**", "`c`", "$x$", "\\", "&lt;b&gt;",
    "\n- [ ] x", "\n---\n", "[^1]: x", ":+1:",
]  # fmt: skip
anything = st.text(st.characters(), max_size=40) | st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(
    "".join
)


@given(anything, anything, st.sampled_from(Outcome), st.integers(0, 6000))
def test_whatever_is_said_stays_text_and_within_the_limit(
    passed: RunResult,
    make_case: Callable[..., CaseResult],
    one: str,
    other: str,
    outcome: Outcome,
    limit: int,
) -> None:
    assert passed.hosting
    failure = Failure(check=one, path=other, expected=one, got=other, message=one)
    case = make_case(one, outcome, failures=(failure,), reason=other)
    lines = (LogLine(at=0.0, stream="stdout", text=one), LogLine(at=0.0, stream="stdout", text=other))
    hosting = replace(passed.hosting, log=LogExcerpt(lines=2, tail=lines))
    fault = Fault(kind=one, message=other, remedy=one, exit_status=3, log=lines)
    run = replace(passed, name=one, cases=(case,), hosting=hosting, fault=fault)
    assert len(summary.markdown(run, limit).encode()) <= limit
    shown = summary.markdown(run)
    page = markup.render(shown)
    linked = re.findall(r"://|www\.|@\w|(?<!&)#\d|GH-\d|\]\(|\$\w", re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", shown))
    assert linked == []  # what GitHub makes links, mentions and formulas of, after Markdown
    tags = set(re.findall(r"</?\w+", page))
    assert tags <= {f"{start}{name}" for name in OURS for start in ("<", "</")}
    assert page.count("<details>") == page.count("</details>") == 1 + (outcome in {Outcome.FAILED, Outcome.ERRORED})
