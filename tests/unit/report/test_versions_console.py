import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.differences import Agreement, Change, Comparison, UpgradeResult, UpgradeVerdict, Verdict
from sm_ci.report.console import Console, Level
from sm_ci.report.padding import columns
from sm_ci.report.versions import masking
from sm_ci.report.versions.columns import aligned
from sm_ci.results import Fault, LogLine
from sm_ci.runner import Runner
from tests.unit.report import versions_made as made

FAULT = Fault(
    kind="registry-unreachable",
    message="the registry does not answer (t0ps3cret)",
    remedy="Try again.",
    exit_status=3,
    log=(LogLine(at=0.7, stream="stderr", text="ImportError"),),
)
FILES = [Path("out/junit.xml"), Path("out/summary.md")]


def said(subject: Comparison | UpgradeResult, *, files: list[Path] | None = None, **more: object) -> str:
    stream = io.StringIO()
    with Console(stream, **{"environ": {}, **more}) as console:  # type: ignore[arg-type]
        if isinstance(subject, Comparison):
            console.compared(subject, files or [])
        else:
            console.upgraded(subject, files or [])
    return stream.getvalue()


def test_the_end_of_a_comparison() -> None:
    assert said(made.comparison(), files=FILES) == (
        """
               Baseline             Candidate            Change     Allowed           Verdict
Version        image:churn:1.9      image:churn:2.0
Answers                             1 of 5 changed                  within tolerance  refused
p50            12.1 ms              12.4 ms              +2.5%      +10%              allowed
p95            34.2 ms              68.1 ms              +99.1%     +10%              refused
Start-up       2.60 s               2.40 s               -7.7%
Throughput     71.2/s               70.9/s               -0.42%
Peak memory    1.0 GiB              not measured                    +20%              undecided
Image size     1.3 GiB              1.5 GiB              +14.3%     +20%              allowed
Tests          5 passed             4 passed, 1 failed   1 changed                    refused
Contract       2 held               1 held, 1 warning    1 changed                    refused
Python         3.10.12              3.11.9               changed
CUDA           12.1                 12.1
OS             Debian GNU/Linux 12  Debian GNU/Linux 12
Packages       2                    2                    3 changes
Layers         2                    2                    2 changes
Configuration                                            4 changes

✗ known customer: 2 places differ beyond the tolerance in 6 of 6 pairs
  $.predictions[0].score: was 0.8301, is 0.8402, by 0.0101 (1.22%)
  $.predictions[0].label: was "churn", is "stays | @here <b>"

- slow: the candidate gave no answer

- the answer of 'known customer' changed at $.predictions[0].score: 0.8301 is 0.8402 (***)
- p95 grew by 99%, and +10% is allowed

Refused: churn, image:churn:2.0 in place of image:churn:1.9
1 of 5 answers changed: 1 identical, 1 within tolerance, 1 within noise, 1 changed, 1 not compared; took 1 min 5 s
written: out/junit.xml, out/summary.md
"""
    )


def test_the_end_of_an_upgrade() -> None:
    assert said(made.upgrade()) == (
        """
          Baseline         Candidate        Change  Allowed           Verdict
Version   image:churn:1.9  image:churn:2.0
Answers                    0 of 2 changed           within tolerance  allowed
p50       12.1 ms          12.4 ms          +2.5%   +10%              allowed
Tests     5 passed         5 passed
Contract  2 held           2 held

Tag                       Level   Pushed      Support ends  Verdict
1.9                               2026-01-01  2025-12-31    current
2.0                       major   2026-01-01                refused
1.11                      minor   2026-01-01  2026-06-30    passed
1.10                      minor                             errored
1.9, sha256:999999999999  digest                            untried
- 2.0: refused: the answer of 'known customer' changed at $.predictions[0].score: 0.8301 is 0.8402 (***) (and 1 more reason)
- 1.11: passed: none of 2 answers changed: 1 identical, 1 within tolerance.
- 1.10: errored: the registry did not give the image (***)
- 1.9, sha256:999999999999: untried: a newer one passed
the oldest that did not pass is 2.0
passed over: 12 tags hold another python (py312)
changed sm-ci.yml:2: image: churn:1.11 # kept

Upgraded: churn, churn:1.11 in place of churn:1.9
4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried; took 2 min 10 s
"""
    )


def test_one_that_came_to_no_end_says_why() -> None:
    current = replace(
        made.upgrade(), verdict=UpgradeVerdict.CURRENT, candidates=(), chosen=None, written=(), fault=FAULT
    )
    assert said(replace(current, passed_over=())) == (
        """
✗ the registry does not answer (***)
  Try again.
  |    0.700 ImportError

Not upgraded: churn, which stays at churn:1.9
took 2 min 10 s
"""
    )
    document = said(replace(made.allowed(), fault=FAULT))
    assert "\n✗ the registry does not answer (***)\n  Try again.\n" in document
    assert "\nNot compared: churn, image:churn:2.0 in place of image:churn:1.9\n" in document


def test_what_ended_both_sides_is_told_once_each() -> None:
    given = made.comparison()
    late = replace(FAULT, kind="never-listened", message="it did not listen", remedy="Wait.", log=())
    whole = replace(FAULT, message=f"the baseline image:churn:1.9 cannot serve: {FAULT.message}")
    sides = [
        replace(side, result=replace(side.result, fault=fault, diagnoses=()))
        for side, fault in ((given.baseline, FAULT), (given.candidate, late))
    ]
    reasons = (whole.message,)
    comparison = replace(given, baseline=sides[0], candidate=sides[1], fault=whole, answers=(), reasons=reasons)
    document = said(comparison)
    assert document[document.index("\n\n✗") :] == (
        """

✗ the baseline image:churn:1.9 cannot serve: the registry does not answer (***)
  Try again.
  |    0.700 ImportError

✗ the candidate: it did not listen
  Wait.

Not compared: churn, image:churn:2.0 in place of image:churn:1.9
no answers were compared; took 1 min 5 s
"""
    )
    refused = replace(comparison, baseline=given.baseline, fault=None, reasons=("the candidate cannot serve: it did…",))
    assert said(refused).count("it did") == 1


def test_what_could_not_be_judged_says_what_to_do() -> None:
    undecided = replace(made.allowed(), verdict=Verdict.UNDECIDED, reasons=("p95 grew by 2 %",))
    assert said(undecided).endswith(
        """
- p95 grew by 2 %

Undecided: churn, image:churn:2.0 in place of image:churn:1.9
nothing is refused; to decide what is open, ask more often (rounds, measure-for) or allow more (allow)
none of 2 answers changed: 1 identical, 1 within tolerance; took 1 min 5 s
"""
    )


def test_one_that_ended_before_it_knew_what_is_in_use_names_no_image() -> None:
    listed = made.listed()
    assert said(replace(listed, verdict=UpgradeVerdict.CURRENT)) == said(listed)
    unknown = replace(listed, candidates=(), current=replace(listed.current, reference=""), fault=FAULT)
    assert "\nNot upgraded: churn\n" in said(unknown)


def test_variables_of_any_number_and_length_are_looked_at_in_no_time() -> None:
    token = Change(kind="environment", name="HUB", baseline=made.TOKEN, candidate=None)
    many = tuple(
        Change(kind="label", name=f"notes-{n}", baseline=f"{n} ://a" * 20_000, candidate=None) for n in range(1000)
    )
    told = Change(kind="package", name="numpy", baseline=made.TOKEN, candidate="2")
    begun = time.process_time()
    clean = masking.redactor(replace(made.allowed(), changes=(token, *many, told)))
    assert clean(f"a {made.TOKEN} b") == "a *** b"
    assert time.process_time() - begun < 10


def test_a_quiet_one_says_the_verdict_or_all_that_is_wrong() -> None:
    assert said(made.allowed(), files=FILES, level=Level.QUIET) == (
        "Allowed: churn, image:churn:2.0 in place of image:churn:1.9: "
        "none of 2 answers changed: 1 identical, 1 within tolerance.\n"
    )
    assert said(made.comparison(), files=FILES, level=Level.QUIET).startswith("\n               Baseline   ")


def test_on_a_narrow_terminal_the_table_is_a_list() -> None:
    assert said(made.allowed(), width=40) == (
        """
Version
  baseline: image:churn:1.9
  candidate: image:churn:2.0
Answers
  candidate: 0 of 2 changed
  allowed: within tolerance
  verdict: allowed
p50
  baseline: 12.1 ms
  candidate: 12.4 ms
  change: +2.5%
  allowed: +10%
  verdict: allowed
Tests
  baseline: 5 passed
  candidate: 5 passed
Contract
  baseline: 2 held
  candidate: 2 held

Allowed: churn, image:churn:2.0 in place of image:churn:1.9
none of 2 answers changed: 1 identical, 1 within tolerance; took 1 min 5 s
"""
    )


@given(
    st.lists(st.tuples(*[st.text(st.sampled_from("aé日😀 \u0301"), max_size=80)] * 3), min_size=1, max_size=4),
    st.integers(8, 120),
)
def test_no_line_of_a_table_is_wider_than_its_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    for encodable in (str, lambda text: text.encode("ascii", "backslashreplace").decode()):
        for line in aligned(("", "Baseline", "Candidate"), rows, width, encodable):
            assert columns(line) <= max(width, 12)


def test_colour_is_the_environments_to_say() -> None:
    for environ, red in (({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({}, False)):
        stream = io.StringIO()
        Console(stream, environ=environ).compared(made.comparison(), [])
        assert ("\x1b[31mRefused: churn" in stream.getvalue()) is red
        assert ("\x1b[33mPeak memory" in stream.getvalue()) is red
        assert ("\x1b" in stream.getvalue()) is red
    undecided = io.StringIO()
    Console(undecided, environ={"FORCE_COLOR": "1"}).compared(replace(made.allowed(), verdict=Verdict.UNDECIDED), [])
    assert "\x1b[33mUndecided: churn" in undecided.getvalue()


@pytest.mark.parametrize("hostile", ["\n::error::x", "\x1b[2J\r##[error]x", "a.py:3:4: error", "\ud800\u202e|"])
def test_on_a_runner_nothing_of_theirs_is_a_command(hostile: str) -> None:
    runner = Runner.detect({"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/repo"})
    for kind in (Comparison, UpgradeResult):
        lines = said(made.filled(kind, f"x{hostile}"), runner=runner).split("\n")
        assert [line for line in lines if line.lstrip().startswith("::") or "##[" in line or "\x1b" in line] == []
        assert [line for line in lines if ".py:3:4" in line] == []
        assert any("a.py" in line or "x" in line for line in lines)


def test_a_stream_that_knows_only_ascii_keeps_its_columns() -> None:
    raw = io.BytesIO()
    given = made.allowed()
    console = Console(io.TextIOWrapper(raw, encoding="ascii"), environ={})
    console.compared(replace(given, candidate=replace(given.candidate, label="image:日本")), [])
    lines = raw.getvalue().decode().splitlines()
    head, version, answers = lines[1:4]
    assert version.index("image:\\u65e5\\u672c") == head.index("Candidate") == answers.index("0 of 2")


def test_a_candidate_that_never_served_is_told_with_its_exception() -> None:
    exception = "AttributeError: module 'numpy' has no attribute 'float' | <b> ***"
    document = said(made.crashed())
    assert (
        f"- 2.0: refused: the container exited with code 1 before GET /ping answered 200; the log says: {exception}\n"
        f"- 1.11: refused: the container exited with code 1 before GET /ping answered 200; the log says: {exception}\n"
    ) in document
    assert f"  |    0.700 {exception}\n" in document


@pytest.mark.parametrize(
    ("subject", "end"),
    [
        (
            made.unwritten(writing=False),
            """
Can be upgraded: churn, churn:1.11 in place of churn:1.9
4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried. Nothing was written; with --write it is; took 2 min 10 s
""",
        ),
        (
            made.unwritten(writing=True),
            """
Can be upgraded: churn, churn:1.11 in place of churn:1.9
4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried. Nothing was written: the warnings say why; took 2 min 10 s
""",
        ),
        (
            made.listed(),
            """
Not tried: churn, 4 versions are newer than churn:1.9
4 newer versions: 4 untried; took 2 min 10 s
""",
        ),
    ],
    ids=["not asked to write", "asked to write", "listed"],
)
def test_what_was_not_done_is_said(subject: UpgradeResult, end: str) -> None:
    assert said(subject).endswith(end)


def test_what_passed_without_being_decided_is_no_plain_green() -> None:
    document = said(made.undecided(), environ={"FORCE_COLOR": "1"})
    assert "- 1.11: passed: not decided: p95 grew by 2 % (***) (and 1 more reason)\n" in document
    assert "\x1b[33mUpgraded: churn" in document


def test_a_test_that_the_candidate_has_not_is_told() -> None:
    assert said(made.without("rows")).endswith(
        """
Allowed: churn, image:churn:2.0 in place of image:churn:1.9
1 test of the baseline is not among the candidate's: rows
none of 2 answers changed: 1 identical, 1 within tolerance; took 1 min 5 s
"""
    )
    many = said(made.without(*(f"row {n}" for n in range(7))), level=Level.QUIET)
    assert many == (
        "Allowed: churn, image:churn:2.0 in place of image:churn:1.9: none of 2 answers changed: 1 identical, 1 within "
        "tolerance. 7 tests of the baseline are not among the candidate's: row 0, row 1, row 2, row 3, row 4 and 2 more.\n"
    )


def test_answers_that_agree_in_one_way_say_it_in_the_table_too() -> None:
    given = made.allowed()
    noisy = replace(given, answers=tuple(replace(one, agreement=Agreement.NOISE) for one in given.answers))
    assert "\nAnswers                    0 of 2 changed   2 within noise  within tolerance  allowed\n" in said(noisy)
