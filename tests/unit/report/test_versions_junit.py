import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sm_ci.differences import CandidateOutcome, Comparison, UpgradeResult, UpgradeVerdict, Verdict
from sm_ci.report.junit.versions import render
from sm_ci.results import Fault, LogLine
from tests.unit.report import versions_made as made
from tests.unit.report.test_junit import check, counts, suite_of
from tests.unit.report.test_junit_readers import dorny, enricomi, mikepenz

FAULT = Fault(
    kind="container-exited",
    message="the container exited with status 1",
    remedy="Mend the error that its log shows.",
    exit_status=1,
    log=(LogLine(at=0.7, stream="stderr", text="ImportError: t0ps3cret"),),
)


def told(document: str, name: str) -> tuple[str, str, str]:
    """What a testcase says: the element, its message, its text."""
    (case,) = (case for case in suite_of(document).iter("testcase") if case.get("name") == name)
    (child,) = (child for child in case if child.tag != "system-out")
    return child.tag, child.get("message") or "", child.text or ""


def outcomes(document: str) -> dict[str, str]:
    return {name: outcome for name, (outcome, _, _) in dorny(document).items()}


def test_a_case_each_for_hostings_answers_figures_tests_and_checks() -> None:
    document = render(made.comparison(), hostname="runner-1")
    check(document)
    assert counts(document) == {"tests": 16, "failures": 4, "errors": 0, "skipped": 2}
    suite = suite_of(document)
    assert suite.get("name") == "compare"
    assert (suite.get("hostname"), suite.get("file")) == ("runner-1", "models/churn/sm-ci.yml")
    assert {case.get("classname") for case in suite.iter("testcase")} == {"churn"}
    assert outcomes(document) == {
        "baseline comes into service": "success",
        "candidate comes into service": "success",
        "answer: churn::same": "success",
        "answer: churn::near": "success",
        "answer: churn::noisy": "success",
        "answer: churn::known customer": "failed",
        "answer: churn::slow": "skipped",
        "figure: p50": "success",
        "figure: p95": "failed",
        "figure: Start-up": "success",
        "figure: Throughput": "success",
        "figure: Peak memory": "skipped",
        "figure: Image size": "success",
        "figure: p95 of known customer": "success",
        "test: churn::golden[0]": "failed",
        "contract: ping-under-load": "failed",
    }
    totals, notes = enricomi(document)
    assert totals == {"tests": 16, "failures": 4, "errors": 0, "skipped": 2}
    assert notes == mikepenz(document) == [(made.SPEC, line) for line in (18, 1, 12, 1)]
    assert made.SECRET not in document


def test_what_a_refusal_says() -> None:
    document = render(made.comparison())
    curl = (
        "curl -sS -H 'Content-Type: application/json' -H 'Accept: application/json' "
        "--data-binary '{\"instances\": [[2, 0.945]]}' http://localhost:8080/invocations"
    )
    assert told(document, "answer: churn::known customer") == (
        "failure",
        "2 places differ beyond the tolerance in 6 of 6 pairs",
        f"""\
2 places differ beyond the tolerance in 6 of 6 pairs
$.predictions[0].score: was 0.8301, is 0.8402, by 0.0101 (1.22%)
$.predictions[0].label: was "churn", is "stays | @here <b>"

{curl}
 models/churn/sm-ci.yml:18""",
    )
    assert told(document, "figure: p95") == (
        "failure",
        "p95 grew by 99%, and +10% is allowed",
        """\
p95 grew by 99%, and +10% is allowed
was 34.2 ms, is 68.1 ms, +99.1% (+91.0% to +107%)
allowed: +10%
 models/churn/sm-ci.yml:1""",
    )
    assert told(document, "figure: Peak memory") == ("skipped", "the candidate's memory could not be measured", "")
    assert told(document, "test: churn::golden[0]")[2] == (
        "passed, and fails now\nwas passed, is failed\n models/churn/sm-ci.yml:12"
    )
    assert told(document, "contract: ping-under-load")[2] == (
        "/ping took 3.1 s\nanswers /ping under load\nwas held, is broken\n models/churn/sm-ci.yml:1"
    )
    properties = {item.get("name"): item.get("value") for item in suite_of(document).iter("property")}
    assert (properties["verdict"], properties["baseline"], properties["candidate"]) == (
        "refused",
        "image:churn:1.9",
        "image:churn:2.0",
    )


def test_a_candidate_that_never_served_fails_and_a_broken_comparison_is_an_error() -> None:
    given = made.allowed()
    candidate = replace(given.candidate, result=replace(given.candidate.result, fault=FAULT))
    text = (
        "the container exited with status 1\nMend the error that its log shows.\n   0.700 ImportError: ***\n"
        " models/churn/sm-ci.yml:1"
    )
    for fault in (None, FAULT):  # told once
        document = render(replace(given, candidate=candidate, fault=fault, verdict=Verdict.REFUSED))
        assert told(document, "candidate comes into service") == ("failure", FAULT.message, text)
        assert counts(document)["failures"] == 1
    stopped = replace(FAULT, kind="interrupted", message="SIGTERM", exit_status=130, log=(), at=made.at(7))
    document = render(replace(given, fault=stopped))
    check(document)
    assert told(document, "the versions are compared") == (
        "error", "SIGTERM", "SIGTERM\nMend the error that its log shows.\n models/churn/sm-ci.yml:7",
    )  # fmt: skip


def test_a_refusal_that_nothing_explains_fails_all_the_same() -> None:
    document = render(replace(made.allowed(), verdict=Verdict.REFUSED, reasons=("the images differ",)))
    assert counts(document)["failures"] == 1
    assert told(document, "verdict")[:2] == ("failure", "the images differ")


def test_a_case_a_candidate() -> None:
    document = render(made.upgrade())
    check(document)
    assert suite_of(document).get("name") == "upgrade"
    assert counts(document) == {"tests": 5, "failures": 1, "errors": 1, "skipped": 1}
    assert [case.get("name") for case in suite_of(document).iter("testcase")] == [
        "newer versions are looked for",
        "2.0 (major)",
        "1.11 (minor)",
        "1.10 (minor)",
        "1.9 (digest)",
    ]
    reason = "the answer of 'known customer' changed at $.predictions[0].score: 0.8301 is 0.8402 (***)"
    assert told(document, "2.0 (major)") == (
        "failure",
        f"{reason} (and 1 more reason)",
        f"{reason} (and 1 more reason)\np95 grew by 99%, and +10% is allowed\n models/churn/sm-ci.yml:1",
    )
    assert told(document, "1.10 (minor)")[:2] == ("error", "the registry did not give the image (***)")
    assert told(document, "1.9 (digest)")[:2] == ("skipped", "a newer one passed")
    assert ET.fromstring(document.encode())[0].findtext("system-out") == (
        "Upgraded: churn, churn:1.11 in place of churn:1.9\n"
        "4 newer versions: 1 passed, 1 refused, 1 errored, 1 untried.\n"
        "passed over: 12 tags hold another python (py312)\n"
        "changed: sm-ci.yml:2: image: churn:1.11  # kept\n"
        "warning: the digest of 1.9 moved"
    )


def test_a_candidate_that_never_served_is_told_once_with_its_log_at_the_line_that_did_it() -> None:
    document = render(made.crashed())
    check(document)
    why = (
        "the container exited with code 1 before GET /ping answered 200; the log says: "
        "AttributeError: module 'numpy' has no attribute 'float' | <b> ***"
    )
    assert told(document, "2.0 (major)") == (
        "failure",
        why,
        f"""\
{why}
Read the container's log.
   0.500 loading (***)
   0.700 AttributeError: module 'numpy' has no attribute 'float' | <b> ***
   0.800 bye
 model/inference.py:7""",
    )
    places = [(case.get("file"), case.get("line")) for case in suite_of(document).iter("testcase")]
    assert places == [(made.SPEC, "3"), ("model/inference.py", "7"), ("model/inference.py", "7")]


def test_the_digest_of_the_chosen_one_is_that_of_what_was_pulled_where_its_registry_tells_none() -> None:
    for built, digest in ((False, f"sha256:{'20' * 20:0<64}"), (True, None)):  # what is empty is left out
        items = suite_of(render(made.undigested(built=built))).iter("property")
        assert {item.get("name"): item.get("value") for item in items}.get("candidate-digest") == digest


def test_other_upgrades() -> None:
    given = made.upgrade()
    current = replace(given, verdict=UpgradeVerdict.CURRENT, chosen=None, candidates=())
    assert outcomes(render(current)) == {"newer versions are looked for": "success"}
    stopped = replace(current, fault=replace(FAULT, exit_status=3, message="no registry answers"))
    assert told(render(stopped), "newer versions are looked for")[:2] == ("error", "no registry answers")
    untried = tuple(replace(one, outcome=CandidateOutcome.UNTRIED) for one in given.candidates)
    blocked = render(replace(given, verdict=UpgradeVerdict.BLOCKED, chosen=None, candidates=untried))
    assert told(blocked, "newer versions are looked for")[:2] == ("failure", "4 newer versions: 4 untried.")


@given(
    st.text(st.characters(), max_size=30)
    | st.sampled_from(["]]>", "\x00", "\ud800", "\x1b[1m", "\r\n", "a/b.py:3", ""])
)
@settings(max_examples=settings().max_examples // 4)
def test_no_text_breaks_a_reader(said: str) -> None:
    for kind in (Comparison, UpgradeResult):
        document = render(made.filled(kind, said))
        check(document)
        assert counts(document)["tests"] >= 2
        totals, notes = enricomi(document)
        assert len(notes) == len(dorny(document)) - totals["skipped"] - list(outcomes(document).values()).count(
            "success"
        )


@pytest.mark.parametrize("name", ["baseline", "candidate"])
def test_secrets_of_either_side_are_nowhere(name: str) -> None:
    comparison = made.filled(Comparison, "a s3cretvalue b")
    side = getattr(comparison, name)
    hidden = replace(comparison, **{name: replace(side, result=replace(side.result, secrets=("s3cretvalue",)))})
    assert "s3cretvalue" in render(comparison)
    assert "s3cretvalue" not in render(hidden)
