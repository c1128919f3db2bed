import re
from dataclasses import replace
from functools import cache

import cmarkgfm
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sm_ci.differences import (
    Change,
    Comparison,
    Judgement,
    Measure,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.report.versions.page import BODY, SUMMARY, markdown
from sm_ci.results import Diagnosis, Fault, LogLine
from tests.unit.report import versions_made as made

OURS = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "pre", "code", "strong",
        "details", "summary", "br", "a"}  # fmt: skip
FENCED = re.compile(r"(?ms)^(`{3,})\w*\n.*?^\1$")
HOSTILE = [
    "</details></td></table>", "<script>alert(1)</script>", "| a | b |", "@org/team #1 GH-2", "[x](https://e.com)",
    "```\n</details>\n", "https://e.com www.e.com", "\n\n# head\n- list\n", "::error::x\n##[error]x", "$x$ \\| `a`",
    "\x1b[31m\u202e\ud800", "<!--", "&lt;b&gt;", "~~~\n", "1. a", "![](x)", "",
]  # fmt: skip
hostile = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=30)
FAULT = Fault(
    kind="container-exited",
    message="the container exited with status 1",
    remedy="Mend the error that its log shows.",
    exit_status=1,
    at=made.at(3),
    log=(LogLine(at=0.7, stream="stderr", text="ImportError: t0ps3cret"),),
)


def shown(document: str) -> str:
    """As GitHub renders it, before it makes mentions links."""
    page: str = cmarkgfm.github_flavored_markdown_to_html(
        document.encode(errors="backslashreplace").decode(), options=cmarkgfm.Options.CMARK_OPT_UNSAFE
    )
    return page


def check(document: str) -> str:
    """Only our own elements, all of them closed; no link, mention, issue or formula that we did not write."""
    page = shown(document)
    tags = re.findall(r"<(/?)([a-zA-Z!][\w-]*)", page)
    assert {name for _, name in tags} <= OURS
    for name in OURS - {"br"}:
        assert tags.count(("", name)) == tags.count(("/", name)), name
    assert page.count("<details>") == page.count("<summary>")
    prose = FENCED.sub("", document)
    links = re.findall(r"://|www\.|@\w|(?<!&)#\d|GH-\d|\]\(|\$\w", prose.replace("<https://", ""))
    assert links == []
    return page


def part(document: str, title: str) -> str:
    """What is folded under a title."""
    start = document.index(f"<details><summary>{title}")
    return document[start : document.index("\n</details>", start)]


def test_one_table_under_the_verdict() -> None:
    document = markdown(made.comparison())
    assert document[: document.index("<details>")] == (
        """\
## Refused: churn, image:churn:2.0 in place of image:churn:1.9

the answer of 'known customer' changed at &#36;.predictions&#91;0&#93;.score: 0.8301 is 0.8402 (&#42;&#42;&#42;) (and 1 more reason)

|  | Baseline | Candidate | Change | Allowed | Verdict |
|---|---|---|---|---|---|
| Version | image:churn:1.9 | image:churn:2.0 |  |  |  |
| Answers |  | 1 of 5 changed | 1 identical, 1 within tolerance, 1 within noise, 1 changed, 1 not compared | within tolerance | refused |
| p50 | 12.1 ms | 12.4 ms | &#43;2.5% (+1.0% to +4.0%) | &#43;10% | allowed |
| p95 | 34.2 ms | 68.1 ms | &#43;99.1% (+91.0% to +107%) | &#43;10% | refused |
| Start-up | 2.60 s | 2.40 s | &#45;&#8203;7.7% |  |  |
| Throughput | 71.2/s | 70.9/s | &#45;&#8203;0.42% |  |  |
| Peak memory | 1.0 GiB | not measured |  | &#43;20% | undecided |
| Image size | 1.3 GiB | 1.5 GiB | &#43;14.3% | &#43;20% | allowed |
| Tests | 5 passed | 4 passed, 1 failed | 1 changed |  | refused |
| Contract | 2 held | 1 held, 1 warning | 1 changed |  | refused |
| Python | 3.10.12 | 3.11.9 | changed |  |  |
| CUDA | 12.1 | 12.1 |  |  |  |
| OS | Debian GNU/Linux 12 (bookworm) | Debian GNU/Linux 12 (bookworm) |  |  |  |
| Packages | 2 | 2 | 1 changed, 1 added, 1 removed |  |  |
| Layers | 2 | 2 | 1 added, 1 removed |  |  |
| Configuration |  |  | 3 changed, 1 removed |  |  |

"""
    )
    page = check(document)
    assert re.findall("<summary>(.*?)</summary>", page) == [
        "Why it is refused",
        "Answers to look at (2)",
        "Other answers",
        "Tests to look at (1)",
        "Contract (1)",
        "Figures of single tests",
        "Packages: 1 changed, 1 added, 1 removed",
        "Environment and configuration: 3 changed, 1 removed",
        "Layers: 1 added, 1 removed",
        "Warnings",
        "How it was compared",
    ]
    assert page.count("<table>") == 1 + 9  # what is folded too, but for reasons and warnings


def test_a_changed_answer_has_its_values_and_its_request() -> None:
    assert part(markdown(made.comparison()), "Answers to look at (2)") == (
        """\
<details><summary>Answers to look at (2)</summary>

**churn::known customer**: refused. 2 places differ beyond the tolerance in 6 of 6 pairs

| Value | Baseline | Candidate | Difference |
|---|---|---|---|
| &#36;.predictions&#91;0&#93;.score | 0.8301 | 0.8402 | 0.0101 (1.22%) |
| &#36;.predictions&#91;0&#93;.label | "churn" | "stays &#124; &#64;&#8203;here &#60;b&#62;" |  |

Of 3 places that differ 1 are not shown.

```sh
curl -sS -H 'Content-Type: application/json' -H 'Accept: application/json' --data-binary '{"instances": [[1, 0.762]]}' """
        """http://localhost:8080/invocations
```

**churn::slow**: undecided. the candidate gave no answer

```sh
curl -sS -H 'Content-Type: application/json' -H 'Accept: application/json' --data-binary '{"instances": [[3, 0.217]]}' """
        """http://localhost:8080/invocations
```

Baseline:

```text
HTTP 200, application/json, 54 B in 23 ms
{"predictions": [{"label": "churn", "score": 0.4221}]}
```

Candidate:

```text
no answer after 1 min 0 s: timeout, no byte came
```

"""
    )


def test_what_changed_in_the_images_without_what_looks_like_a_credential() -> None:
    document = markdown(made.comparison())
    assert part(document, "Environment") == (
        """\
<details><summary>Environment and configuration: 3 changed, 1 removed</summary>

|  | Name | Baseline | Candidate |
|---|---|---|---|
| environment | OMP&#95;NUM&#95;THREADS | 1 | 4 |
| environment | HF&#95;TOKEN | &#42;&#42;&#42; | &#42;&#42;&#42; |
| entrypoint |  | &#91;"python","serve.py"&#93; | &#91;"serve"&#93; |
| working dir |  | /opt | not there |
"""
    )
    assert part(document, "Packages").endswith("| nltk (pip) | 3.8 | not there |\n")
    assert made.TOKEN not in document
    assert made.SECRET not in document


def test_one_that_holds_says_so_and_folds_little() -> None:
    document = markdown(made.allowed())
    assert document.startswith(
        "## Allowed: churn, image:churn:2.0 in place of image:churn:1.9\n\n"
        "none of 2 answers changed: 1 identical, 1 within tolerance.\n\n|  | Baseline |"
    )
    assert re.findall("<summary>(.*?)</summary>", check(document)) == ["Other answers", "How it was compared"]
    assert "| Requests | each 6 times in the order A B B A to both in service at once |\n" in document
    apart = replace(made.allowed(), together=False, rounds=1, answers=(), verdict=Verdict.UNDECIDED)
    document = markdown(apart)
    assert document.startswith(
        "## Undecided: churn, image:churn:2.0 in place of image:churn:1.9\n\nno answers were compared.\n"
    )
    assert "| Requests | each 1 time to each, hosted in turns |\n" in document


def test_a_candidate_that_never_served_is_told_with_its_log_and_the_cause() -> None:
    given = made.allowed()
    cause = Diagnosis(
        id="no-module",
        cause="a module is not installed (t0ps3cret)",
        remedy="Add it.",
        link="https://example.com/d#no-module",
        confidence=0.95,
        explains=("container-exited",),
    )
    broken = replace(given.candidate.result, fault=FAULT, diagnoses=(cause,), cases=())
    candidate = replace(given.candidate, result=broken)
    for whole in (None, FAULT):
        document = markdown(replace(given, candidate=candidate, fault=whole, verdict=Verdict.REFUSED, answers=()))
        title = "Why it ended" if whole else "Why the candidate ended"
        assert document[document.index("### ") : document.index("<details>")] == (
            f"""\
### {title}: container-exited

models/churn/sm-ci.yml:3:5: the container exited with status 1

Mend the error that its log shows.

```text
   0.700 ImportError: ***
```

"""
        )
        assert (
            "- **diagnosis no-module (95 %): a module is not installed (&#42;&#42;&#42;)**\n"
            in check(document) + document
        )


@pytest.mark.parametrize(
    ("status", "word"), [(1, "Not compared"), (3, "Not compared"), (130, "Cancelled")], ids=["1", "3", "130"]
)
def test_one_that_came_to_no_end(status: int, word: str) -> None:
    document = markdown(replace(made.comparison(), fault=replace(FAULT, exit_status=status)))
    assert document.startswith(
        f"## {word}: churn, image:churn:2.0 in place of image:churn:1.9\n\nthe container exited with status 1\n"
    )


def test_an_upgrade_lists_its_candidates_and_shows_the_chosen_one() -> None:
    document = markdown(made.upgrade())
    assert document[: document.index("<details>")] == (
        """\
## Upgraded: churn, churn:1.11 in place of churn:1.9

4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried.

| Tag | Level | Pushed | Support ends | Verdict | Why |
|---|---|---|---|---|---|
| 1.9 |  | 2026-01-01 | 2025-12-31 | current |  |
| 2.0 | major | 2026-01-01 |  | refused | the answer of 'known customer' changed at &#36;.predictions&#91;0&#93;.score: """
        """0.8301 is 0.8402 (&#42;&#42;&#42;) (and 1 more reason) |
| 1.11 | minor | 2026-01-01 | 2026-06-30 | passed | none of 2 answers changed: 1 identical, 1 within tolerance. |
| 1.10 | minor |  |  | errored | the registry did not give the image (&#42;&#42;&#42;) |
| 1.9, sha256:999999999999 | digest |  |  | untried | a newer one passed |

The oldest that did not pass is 2.0.

### 1.11 beside 1.9: passed

none of 2 answers changed: 1 identical, 1 within tolerance.

|  | Baseline | Candidate | Change | Allowed | Verdict |
|---|---|---|---|---|---|
| Version | image:churn:1.9 | image:churn:2.0 |  |  |  |
| Answers |  | 0 of 2 changed | 1 identical, 1 within tolerance | within tolerance | allowed |
| p50 | 12.1 ms | 12.4 ms | &#43;2.5% (+1.0% to +4.0%) | &#43;10% | allowed |
| Tests | 5 passed | 5 passed |  |  |  |
| Contract | 2 held | 2 held |  |  |  |

"""
    )
    assert part(document, "What was written").endswith(
        "| sm-ci.yml:2 | image: churn:1.9 # kept | image: churn:1.11 # kept |\n"
    )
    assert part(document, "What was passed over").endswith("\n- 12 tags hold another python (py312)\n")
    assert part(document, "Warnings of the upgrade").endswith("\n- warning: the digest of 1.9 moved\n")
    check(document)


def test_other_upgrades() -> None:
    given = made.upgrade()
    blocked = replace(given, verdict=UpgradeVerdict.BLOCKED, chosen=None, candidates=given.candidates[:1])
    document = markdown(blocked)
    assert document.startswith("## Blocked: churn, which stays at churn:1.9\n\n1 newer version: 1 refused.\n")
    assert "\n### 2.0 beside 1.9: refused\n" in document
    assert "<summary>Why it is refused</summary>" in document
    current = replace(given, verdict=UpgradeVerdict.CURRENT, chosen=None, candidates=(), written=(), first_bad=None)
    assert markdown(current).startswith(
        "## Current: churn, nothing is known to be newer than churn:1.9\n\nNo newer version was found.\n"
    )
    stopped = replace(given, fault=replace(FAULT, exit_status=3, message="the registry does not answer"))
    assert markdown(stopped).startswith(
        "## Not upgraded: churn, which stays at churn:1.9\n\nthe registry does not answer\n\n### Why it ended: "
    )


@cache
def test_a_candidate_that_never_served_is_told_with_its_log() -> None:
    document = markdown(made.crashed())
    why = (
        "the container exited with code 1 before GET /ping answered 200; the log says: "
        "AttributeError: module 'numpy' has no attribute 'float' &#124; &#60;b&#62; &#42;&#42;&#42;"
    )
    assert f"| 2.0 | major | 2026-01-01 |  | refused | {why} |\n" in document
    assert document[document.index("### Why 1.11") : document.index("<details>")] == (
        """\
### Why 1.11 ended: exited-at-start

model/inference.py:7:1: the container exited with code 1 before GET /ping answered 200

Read the container's log.

```text
   0.500 loading (***)
   0.700 AttributeError: module 'numpy' has no attribute 'float' | <b> ***
   0.800 bye
```

"""
    )
    assert (
        document.index("### 2.0 beside 1.9: refused")
        < document.index("### Why 2.0 ended")
        < document.index("### Why 1.11")
    )
    check(document)


def test_of_very_many_that_never_served_so_many_are_told_in_full() -> None:
    given = made.crashed()
    noisy = replace(made.CRASH, log=made.CRASH.log * 50, message="it exited\n" * 500)
    (one, _) = given.candidates
    assert one.comparison
    side = replace(one.comparison.candidate, result=replace(one.comparison.candidate.result, fault=noisy))
    many = (replace(one, comparison=replace(one.comparison, candidate=side)),) * 40
    for limit in (3000, BODY):
        document = markdown(replace(given, candidates=many), limit)
        assert len(document.encode()) <= limit
        assert document.count("### Why 2.0 ended") == (5 if limit == BODY else 0)
        check(document)


@pytest.mark.parametrize(("number", "shown", "left"), [(5, 5, 0), (6, 6, 0), (40, 5, 35)])
def test_of_many_reasons_a_few_lead(number: int, shown: int, left: int) -> None:
    reasons = tuple(f"row {n}: changed" for n in range(number))
    document = markdown(replace(made.comparison(), reasons=reasons))
    folded = part(document, "Why it is refused")
    assert folded.count("changed") == shown
    assert (f"\n- {left} more: in the parts below, and in comparison.json\n" in folded) is bool(left)
    assert f"\nrow 0: changed (and {number - 1} more reasons)\n" in document


def test_reasons_that_were_left_out_count() -> None:
    reasons = (*(f"row {n}: changed" for n in range(50)), "and 1,200 more")
    document = markdown(replace(made.comparison(), reasons=reasons))
    assert "\nrow 0: changed (and 1,249 more reasons)\n" in document
    assert "\n- 1,245 more: in the parts below, and in comparison.json\n" in document


def test_what_was_not_done_is_said() -> None:
    for writing, told in (
        (False, "Nothing was written; with --write it is."),
        (True, "Nothing was written: the warnings say why."),
    ):
        document = markdown(made.unwritten(writing=writing))
        assert document.startswith(
            "## Can be upgraded: churn, churn:1.11 in place of churn:1.9\n\n"
            f"4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried. {told}\n\n"
        )
    assert markdown(made.listed()).startswith(
        "## Not tried: churn, 4 versions are newer than churn:1.9\n\n4 newer versions: 4 untried.\n"
    )


def test_what_could_not_be_decided_and_what_is_not_asked_any_more() -> None:
    assert "| passed | not decided: p95 grew by 2 % (&#42;&#42;&#42;) (and 1 more reason) |\n" in markdown(
        made.undecided()
    )
    assert markdown(made.without("rows")).startswith(
        "## Allowed: churn, image:churn:2.0 in place of image:churn:1.9\n\n"
        "none of 2 answers changed: 1 identical, 1 within tolerance. "
        "1 test of the baseline is not among the candidate's: rows.\n"
    )


def long() -> Comparison:
    """Far more of everything than anybody reads."""
    given = made.comparison()
    changes = tuple(
        Change(kind=kind, name=f"{kind} {n} é" + "x" * 50, baseline="1", candidate=None)
        for kind in ("package", "environment", "layer")
        for n in range(3000)
    )
    (answer,) = (one for one in given.answers if one.values)
    measures = tuple(
        Measure(metric=f"p{n / 100:.2f}", unit="seconds", judgement=Judgement.REFUSED, baseline=1.0, candidate=2.0,
                case=case)
        for case in ("", "a")
        for n in range(1, 2000)
    )  # fmt: skip
    return replace(
        given,
        changes=changes,
        answers=tuple(replace(answer, case=f"churn::{n}") for n in range(3000)),
        measures=measures,
        tests=given.tests * 2000,
        contract=given.contract * 2000,
        reasons=tuple(f"{n} é" * 500 for n in range(2000)),
        findings=given.findings * 2000,
    )


@pytest.mark.parametrize("limit", [200, 700, 3000, 10_000, BODY, SUMMARY])
def test_it_fits_and_says_how_much_did_not(limit: int) -> None:
    upgrade = made.upgrade()
    assert upgrade.chosen
    chosen = replace(upgrade.chosen, comparison=long())
    many = (chosen, *upgrade.candidates * 300)
    for subject in (long(), replace(upgrade, candidates=many, chosen=chosen, passed_over=("é" * 999,) * 999)):
        document = markdown(subject, limit)
        assert len(document.encode()) <= limit
        assert limit == SUMMARY or len(document) > limit // 3
        page = check(document)
        if limit >= 10_000:
            assert "<td>" in page
            name = "comparison" if isinstance(subject, Comparison) else "upgrade"
            assert re.search(rf"<p>[\d,]+ more [a-z ]+: see {name}\.json\.</p>", page)
            assert page.index("<table>") < page.index("<summary>")


def test_of_packages_so_many_are_listed_and_all_counted() -> None:
    changes = tuple(Change(kind="package", name=f"p{n} (pip)", baseline="1", candidate="2") for n in range(1234))
    document = markdown(replace(made.allowed(), changes=changes, candidate=made.comparison().candidate), SUMMARY)
    assert "| Packages | not read | 2 | 1,234 changed |  |  |\n" in document
    packages = part(document, "Packages: 1,234 changed")
    assert packages.count("| p") == 200
    assert packages.endswith("| p199 (pip) | 1 | 2 |\n\n1,034 more packages: see comparison.json.\n")


@given(hostile)
@settings(max_examples=settings().max_examples // 4)
@example("</details>")
@example("@a #1 | `x` <b> \n```\n")
def test_nothing_said_elsewhere_gets_out(said: str) -> None:
    """Every text of every field, also of the candidates' comparisons."""
    for kind in (Comparison, UpgradeResult):
        subject = made.filled(kind, said)
        for limit in (2000, BODY):
            document = markdown(subject, limit)
            assert len(document.encode(errors="backslashreplace")) <= limit
            check(document)


@given(st.text(st.characters(categories=["L", "N"]), min_size=12, max_size=30).filter(lambda text: len(set(text)) > 8))
@settings(max_examples=settings().max_examples // 4)
def test_a_secret_of_any_side_is_nowhere(secret: str) -> None:
    comparison = made.filled(Comparison, f"x {secret} y")
    assert secret in markdown(comparison)
    masked = replace(comparison.candidate.result, secrets=(secret,))
    hidden = replace(comparison, candidate=replace(comparison.candidate, result=masked))
    assert secret not in markdown(hidden)
    upgrade = made.filled(UpgradeResult, f"x {secret} y")
    assert secret in markdown(upgrade)
    (candidate,) = upgrade.candidates
    upgrade = replace(upgrade, candidates=(replace(candidate, comparison=hidden),), chosen=None)
    assert secret not in markdown(upgrade)
