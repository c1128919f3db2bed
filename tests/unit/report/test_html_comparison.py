import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from xml.etree.ElementTree import Element

import pytest

from bench.report import versions
from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    CandidateOutcome,
    Change,
    ChangedValue,
    Comparison,
    ImageContents,
    Judgement,
    Layer,
    Measure,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.report.html import comparison as html
from sm_ci.report.html.marking import differing, marked
from sm_ci.results import Answer, Blob, Exchange, Fault, LogLine, RunResult
from tests.unit.report import versions_made as made
from tests.unit.report.test_html import (
    ATTRIBUTES_WITH_ADDRESSES,
    HOSTILE,
    expect_policy,
    expect_references,
    parsed,
    part,
    sections,
    skeleton,
    tags,
    words,
)

ROOM = 5_000_000


@pytest.fixture(scope="module")
def refused() -> str:
    return html.page(versions.comparison())


@pytest.fixture(scope="module")
def upgraded() -> str:
    return html.upgrade_page(versions.upgrade())


def header(page: str) -> str:
    return words(next(iter(parsed(page).iter("header"))))


def row(page: str, place: str, name: str) -> str:
    """The first row of a part that begins so."""
    section = next(node for node in parsed(page).iter() if node.get("id") == place)
    return next(words(line) for line in section.iter("tr") if words(line).startswith(name))


def pictures(page: str) -> dict[str, Element]:
    """Every picture that tells something, by its title."""
    found = [node for node in parsed(page).iter() if node.get("role") == "img"]
    return {words(node[0]): node for node in found}


# A comparison.


def test_the_verdict_comes_first_with_its_reasons(refused: str) -> None:
    body = parsed(refused).find("body")
    assert body is not None
    assert [child.tag for child in body] == ["header", "nav", "main", "footer"]
    assert header(refused) == (
        "refused churn Baseline image:churn:1.9 Candidate image:churn:2.0 The candidate is not within what is allowed. "
        "2 of 40 cases answer differently, the worst at $.predictions[0].score by 0.0312 (4.1%) "
        "p95 grew by 17.2%, and +10% is allowed the contract check ping-while-busy held and is broken now "
        "2 answers changed 2 tests changed 1 contract check changed 30 packages differ 2026-01-02 03:04:05 UTC · sm-ci 0.1.0"
    )
    assert parsed(refused).findtext("head/title") == "churn: refused"


@pytest.mark.parametrize(
    ("verdict", "word", "kind", "said"),
    [
        (Verdict.ALLOWED, "allowed", "good", "The candidate is within what is allowed."),
        (Verdict.REFUSED, "refused", "bad", "The candidate is not within what is allowed."),
        (Verdict.UNDECIDED, "undecided", "odd", "Nothing is refused, and not everything could be judged."),
    ],
)
def test_every_verdict_has_its_word(verdict: Verdict, word: str, kind: str, said: str) -> None:
    page = html.page(replace(made.allowed(), verdict=verdict))
    assert header(page).startswith(f"{word} churn Baseline image:churn:1.9 Candidate image:churn:2.0 {said}")
    assert next(iter(parsed(page).iter("header"))).get("class") == kind


@pytest.mark.parametrize(("status", "word"), [(1, "not compared"), (3, "not compared"), (130, "cancelled")])
def test_a_comparison_that_ended_early_says_why(status: int, word: str) -> None:
    log = (LogLine(at=0.7, stream="stderr", text="ImportError: t0ps3cret"),)
    fault = Fault(
        kind="exited", message="it exited with status 1\nmore", remedy="Mend it.", exit_status=status, log=log
    )
    given = made.allowed()
    page = html.page(
        replace(
            given, fault=fault, candidate=replace(given.candidate, result=replace(given.candidate.result, fault=fault))
        )
    )
    assert f"{word} churn Baseline image:churn:1.9 Candidate image:churn:2.0 it exited with status 1" in header(page)
    assert part(page, "stopped") == (
        "Why it stopped Why it ended: exited it exited with status 1 more What to do: Mend it. 0.700 ImportError: ***"
    )  # fmt: skip


def test_only_parts_with_something_in_them_are_there(refused: str) -> None:
    every = ["figures", "answers", "tests", "contract", "time", "image", "warnings", "facts"]
    assert sections(refused) == every
    few = replace(made.allowed(), answers=(), measures=())
    bare = replace(few.baseline, result=replace(few.baseline.result, hosting=None))
    page = html.page(replace(few, baseline=bare))
    assert sections(page) == ["facts"]
    assert "<figure" not in page
    for shown in (refused, page):
        assert re.findall('<li><a href="#([a-z]+)">', shown) == sections(shown)


def test_a_figure_has_its_sides_its_change_its_interval_and_its_limit(refused: str) -> None:
    assert row(refused, "figures", "Latency, p95") == (
        "Latency, p95 baseline 46.1 ms candidate 54.0 ms +17.2% +14.2% to +20.8% "
        "Change of Latency, p95 Latency, p95: +17.2%, 99% interval +14.2% to +20.8%, allowed +10% "
        "-30% 0% +30% not allowed allowed +10% refused"
    )
    assert row(refused, "figures", "Start-up").endswith("no limit")
    firsts = [words(line) for line in parsed(refused).iter("tr") if "Latency, p9" in words(line)]
    assert "the interval reaches over the limit: more rounds decide it" in firsts[1]
    assert "from -30% to +30%" in part(refused, "figures")


def test_the_picture_of_a_figure_is_to_scale(refused: str) -> None:
    picture = pictures(refused)["Change of Latency, p95"]
    lines = [node for node in picture.iter() if node.get("class") == "reach bad"]
    assert (lines[0].get("x1"), lines[0].get("x2")) == ("73.67%", "84.67%")  # 14.2% and 20.8% on -30% to +30%
    (dot,) = [node for node in picture.iter() if node.get("class") == "point bad"]
    assert dot.get("cx") == "78.67%"
    (limit,) = [node for node in picture.iter() if node.get("class") == "level"]
    assert limit.get("x1") == "66.67%"
    (shaded,) = [node for node in picture.iter() if node.get("class") == "forbidden"]
    assert (shaded.get("x"), shaded.get("width")) == ("66.67%", "33.33%")
    shrinking = pictures(refused)["Change of Throughput"]
    (shaded,) = [node for node in shrinking.iter() if node.get("class") == "forbidden"]
    assert (shaded.get("x"), shaded.get("width")) == ("0%", "33.33%")
    beyond = pictures(refused)["Change of Image size"]
    assert [node.text for node in beyond.iter() if (node.get("class") or "").startswith("beyond")] == ["»"]


def test_what_was_not_measured_says_so() -> None:
    page = html.page(made.comparison())
    assert row(page, "figures", "Peak memory") == (
        "Peak memory the candidate's memory could not be measured baseline 1.0 GiB candidate not measured allowed +20% undecided"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e300, -1e300, 0.0])
def test_no_number_breaks_the_pictures(value: float) -> None:
    measure = Measure(
        metric="p95", unit="seconds", judgement=Judgement.REFUSED, baseline=value, candidate=value, change=value,
        low=value, high=value, limit="+10%",
    )  # fmt: skip
    given = versions.comparison()
    page = html.page(replace(given, measures=(measure,)))
    assert not re.search(r'"(?:nan|inf)|[ ,"-](?:nan|inf)[ ,"%]', page)
    assert "not measured" in row(page, "figures", "Latency") or abs(value) < 1e301


def test_answers_that_changed_come_first_with_both_sides() -> None:
    page = html.page(made.comparison())
    assert part(page, "answers").startswith(
        "Answers 1 of 5 answers changed: 1 identical, 1 within tolerance, 1 within noise, 1 changed, 1 not compared. "
        "Allowed: within tolerance. churn::known customer refused 2 places differ beyond the tolerance in 6 of 6 pairs "
    )
    shown = part(page, "answer-1")
    assert "Pairs that differ 6 of 6 Places that differ 3 One version's own noise none" in shown
    assert "$.predictions[0].score 0.8301 0.8402 0.0101 (1.22%)" in shown
    assert "1 more place differs." in shown
    assert "Request curl -sS -H 'Content-Type: application/json'" in shown
    assert "Answer of the baseline HTTP 200, application/json" in shown
    assert "no answer after 1 min 0 s: timeout, no byte came" in part(page, "answer-2")
    table = part(page, "answers").partition("2 more whose answers are not identical")[2]
    assert table.index("noisy differs as the baseline does from itself within noise") < table.index("near")


def test_the_values_that_differ_are_marked(refused: str) -> None:
    answer = next(node for node in parsed(refused).iter() if node.get("id") == "answer-1")
    marked = [words(node) for node in answer.iter("mark")]
    assert len(marked) == 4
    assert marked[1::2] == ['"1.9"', '"2.0"']
    assert all(re.fullmatch(r"0\.\d{4}", text) for text in marked[::2])


def test_a_difference_far_down_in_a_long_answer_is_shown() -> None:
    start = "[" + "1, " * 10_000
    page = html.page(with_bodies(f"{start}5]", f"{start}6]"))
    answer = next(node for node in parsed(page).iter() if node.get("id") == "answer-1")
    assert [words(node) for node in answer.iter("mark")] == ["5", "6"]
    assert len(words(answer)) < 3000


def test_a_secret_that_was_cut_off_at_the_end_of_what_is_kept_is_masked() -> None:
    given = with_bodies("[1, 2]", "[1, 3]")
    cut = b'{"key": "correct horse bat'
    exchange = with_body(given.answers[0].baseline, cut, size=100_000)
    answers = (replace(given.answers[0], baseline=exchange), *given.answers[1:])
    page = html.page(replace(given, answers=answers, secrets=("correct horse battery staple",)))
    assert "correct horse" not in page
    assert '{"key": "***…' in words(parsed(page))


def with_bodies(baseline: str, candidate: str) -> Comparison:
    given = versions.comparison(changed=1)
    first = given.answers[0]
    sides = {
        "baseline": with_body(first.baseline, baseline.encode()),
        "candidate": with_body(first.candidate, candidate.encode()),
    }
    return replace(given, answers=(replace(first, **sides), *given.answers[1:]))  # type: ignore[arg-type]


def with_body(exchange: Exchange | None, data: bytes, size: int = 0) -> Exchange:
    assert exchange
    assert isinstance(exchange.outcome, Answer)
    body = Blob(size=size or len(data), sha256="0" * 64, media_type="application/json", head=data)
    return replace(exchange, outcome=replace(exchange.outcome, body=body))


NOISY = ('{"id": "a1", "p": [{"s": 1, "x y": 2}], "n": 5}', '{"id": "b2", "p": [{"s": 3, "x y": 4}], "n": 6}')
CHANGES, OTHERS = ("1", "2", "5"), ('"a1"', "1", "2", "5")


@pytest.mark.parametrize(
    ("named", "changed"),
    [
        (["$.p[0].s", '$.p[0]["x y"]', "$.n"], CHANGES),
        (["$.p", "$.n"], CHANGES),
        (["mean($.p)", "$.n"], CHANGES),
        (["length($.p)", "$.n", "$.gone"], CHANGES),
        (["line 1 $.p", "line 1 $.n"], CHANGES),
        (["$"], OTHERS),
        ([], OTHERS),
        (["status"], OTHERS),
        (["$.p", "row 2, column 1"], OTHERS),
        (["$.p[0].…", "$.n"], OTHERS),
        (["$.gone"], OTHERS),
    ],
)
def test_of_what_differs_changes_are_told_from_noise(named: list[str], changed: tuple[str, ...]) -> None:
    sides = marked(*NOISY, named)
    assert [NOISY[0][slice(*span)] for span, _ in sides[0]] == list(OTHERS)
    assert tuple(NOISY[0][slice(*span)] for span, kind in sides[0] if kind == "changed") == changed
    assert [kind for _, kind in sides[0]] == [kind for _, kind in sides[1]]


def test_noise_beside_a_change_is_marked_otherwise_and_explained() -> None:
    given = with_bodies(*NOISY)
    value = ChangedValue(path="$.p[0].s", baseline="1", candidate="3", absolute=2.0, relative=2.0)

    def page(differing: int) -> Element:
        answer = replace(given.answers[0], values=(value,), differing=differing)
        tree = parsed(html.page(replace(given, answers=(answer, *given.answers[1:]))))
        return next(node for node in tree.iter() if node.get("id") == "answer-1")

    known, unknown = page(1), page(2)  # of two places that changed one is not named: any may be the other
    marks = [(words(node), node.get("class")) for node in known.iter("mark")]
    assert marks[:4] == [('"a1"', "noise"), ("1", "changed"), ("2", "noise"), ("5", "noise")]
    assert "Marked: what changed ; what differs within tolerance or noise." in words(known)
    assert {node.get("class") for node in unknown.iter("mark")} == {"changed"}
    assert "Marked:" not in words(unknown)


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 3}', (["1"], ["3"])),
        ('{"a": [1, {"b": null}]}', '{"a": [1, {"b": true}, 7]}', (["null"], ["true", "7"])),
        ('{"a": "x \\" y", "c": {}}', '{"a": "x \\" z"}', (['"x \\" y"'], ['"x \\" z"'])),
        ('{"a": 1}\n{"a": 2}', '{"a": 1}\n{"a": 3}', (["2"], ["3"])),
        ('{"a": 1, "b": 2, "a": 3}', '{"a": 1, "b": 4, "a": 5}', (["2", "3"], ["4", "5"])),
        ("[1, 2, [3, 4", "[1, 2, [3, 5, 6", (["4"], ["5", "6"])),
        ("[" * 5000, "[" * 5000 + "1", ([], [])),
        ("[]]}} 1", "[2]", (["1"], ["2"])),
        ("0.8312,a\n1,b\n", "0.8313,a\n1,b\n", (["0.8312"], ["0.8313"])),
        ("one\ntwo\nthree", "one\nthree", (["two"], [])),
        ("same", "same", ([], [])),
        ("yes", "no\nno", (["yes"], ["no", "no"])),
    ],
)
def test_what_differs_in_two_texts(left: str, right: str, found: tuple[list[str], list[str]]) -> None:
    spans = differing(left, right)
    assert (
        tuple([text[slice(*span)] for span in side] for text, side in zip((left, right), spans, strict=True)) == found
    )


def test_tests_and_checks_whose_outcome_changed(refused: str) -> None:
    assert part(refused, "tests") == (
        "Tests to look at Test Baseline Candidate Outcome "
        "churn::unknown customer status is 500, not 404 passed failed refused "
        "churn::empty list the candidate's spec alone has it not there passed noted"
    )
    assert part(refused, "contract") == (
        "Contract checks whose outcome changed Check Baseline Candidate Outcome "
        "/ping answers while a request runs no answer within 2 s held broken refused"
    )


def test_a_test_that_the_candidate_has_not_is_told_beside_the_verdict() -> None:
    assert "is allowed. 1 test of the baseline is not among the candidate's: rows. " in header(
        html.page(made.without("rows"))
    )


def test_of_many_reasons_a_few_lead_and_the_others_are_folded() -> None:
    reasons = tuple(f"row {n}: changed{' and so on' * (30 if n == 1 else 0)}" for n in range(40))
    page = html.page(replace(made.comparison(), reasons=reasons))
    top = next(iter(parsed(page).iter("header")))
    (folded,) = top.iter("details")
    shown = [words(item) for item in next(iter(top.iter("ul"))).iter("li")]
    assert [len(one) for one in shown] == [14, 180, 14, 14, 14]
    assert (shown[0], shown[2:]) == (reasons[0], list(reasons[2:5]))
    assert shown[1].startswith("row 1: changed and so on")
    assert words(folded).startswith("35 more reasons row 5: changed row 6: changed ")
    counted = (*reasons, "and 1,200 more")
    assert "1,235 more reasons row 5: changed " in header(html.page(replace(made.comparison(), reasons=counted)))


def test_both_start_ups_stand_on_one_scale(refused: str) -> None:
    picture = pictures(refused)["Coming into service"]
    bars = [node for node in picture.iter() if node.get("class") in {"bar", "bar two"}]
    assert [node.get("class") for node in bars] == ["bar", "bar two"] * 5
    ends = [float(str(bar.get("x")).rstrip("%")) + float(str(bar.get("width")).rstrip("%")) for bar in bars[-2:]]
    assert ends == pytest.approx([4.55 / 5.3235 * 100, 100], abs=0.05)
    assert "The baseline took 4.55 s, the candidate 5.32 s" in part(refused, "time")


def test_loads_of_both_are_drawn_over_each_other(refused: str) -> None:
    drawn = pictures(refused)
    for title in ("Latency by percentile", "Answers a second", "Memory"):
        assert [node.get("class") for node in drawn[title].iter() if str(node.tag).endswith("polyline")] == [
            "line one",
            "line two",
        ]
    assert "answered as expected, 1,000/s by the baseline, 855/s by the candidate" in part(refused, "time")
    assert "99.9 110 ms 129 ms" in part(refused, "time")


def test_without_a_load_the_tests_latency_is_drawn_when_there_is_enough_of_it() -> None:
    given = versions.comparison(loads=False)
    assert "Of answers to tests: 60 by the baseline and 60 by the candidate." in part(html.page(given), "time")
    few = replace(given.baseline.result, cases=given.baseline.result.cases[:5])
    page = html.page(replace(given, baseline=replace(given.baseline, result=few)))
    assert list(pictures(page))[-2:] == ["Coming into service", "Image, layer by layer"]


def test_layers_say_what_is_shared(refused: str) -> None:
    assert "The images share 1.0 GiB; only the baseline has 122.0 MiB, only the candidate 142.7 MiB." in part(
        refused, "image"
    )
    classes = [
        node.get("class")
        for node in pictures(refused)["Image, layer by layer"].iter()
        if str(node.tag).endswith("rect")
    ]
    assert classes == ["layer shared"] * 5 + ["layer own"] * 3 + ["layer shared"] * 5 + ["layer own two"] * 3
    given = versions.comparison()
    alike = html.page(replace(given, candidate=replace(given.candidate, contents=given.baseline.contents)))
    assert "The images share all layers, 1.1 GiB." in part(alike, "image")
    bare = ImageContents(size=5, layers=(Layer(digest="sha256:a"),), unread="rpm's database is of an unknown format")
    none = html.page(replace(given, candidate=replace(given.candidate, contents=bare)))
    assert "Image, layer by layer" not in pictures(none)
    assert "The packages of the candidate could not be read: rpm's database is of an unknown format" in part(
        none, "image"
    )


def test_packages_and_settings_in_tables(refused: str) -> None:
    shown = part(refused, "image")
    assert "How it is set up: 5 settings changed, 1 added." in shown
    assert (
        "Python 3.11.9 3.12.4 changed Entry point python serve.py python -m churn.serve changed User model empty changed"
        in shown
    )
    assert "Environment PYTHONUNBUFFERED not there 1 added" in shown
    assert (
        "Packages: 23 packages changed, 3 removed, 4 added. Package Baseline Candidate Change package-0 (pip) 1.0.0 1.1.0 changed"
        in shown
    )
    assert "18 more" in shown
    assert "package-5 (pip) 1.5.0 not there removed" in shown


def test_a_credential_among_the_variables_is_masked_and_so_is_what_it_was_before() -> None:
    page = html.page(made.comparison())
    assert "Environment HF_TOKEN *** *** changed" in part(page, "image")
    assert "Packages: 1 package changed, 1 removed, 1 added." in part(page, "image")
    assert made.TOKEN not in page
    assert made.SECRET not in page
    assert "short<" not in page
    assert "0.8301 is 0.8402 (***)" in header(page)


# An upgrade.


def test_an_upgrade_says_from_what_to_what(upgraded: str) -> None:
    assert header(upgraded) == (
        "upgraded churn 2.2.0-cpu-py311-ubuntu22.04-sagemaker → 2.3.1-cpu-py311-ubuntu22.04-sagemaker, a minor step that passed. "
        "40 answers agree, and every figure is within what is allowed 1 passed 2 refused 1 errored 1 untried "
        "2026-01-02 03:04:05 UTC · sm-ci 0.1.0"
    )
    step = part(upgraded, "step")
    assert step.startswith(
        "From the current image to the chosen one Current 2.2.0-cpu-py311-ubuntu22.04-sagemaker Image 763104351884."
    )
    assert "Patches until 2025-10-26 ended" in step
    assert "Chosen, minor 2.3.1-cpu-py311-ubuntu22.04-sagemaker" in step


def test_candidates_with_what_became_of_them_and_why(upgraded: str) -> None:
    shown = part(upgraded, "candidates")
    assert "The oldest that did not pass is 2.8.0-cpu-py311-ubuntu22.04-sagemaker." in shown
    assert (
        "2.9.0-cpu-py311-ubuntu22.04-sagemaker 2 of 40 cases answer differently, the worst at $.predictions[0].score "
        "by 0.0312 (4.1%) (and 2 more reasons) minor pushed 2025-12-20 "
        "patches until 2026-12-20 1.9 GiB refused"
    ) in shown
    assert "2.2.1-cpu-py311-ubuntu22.04-sagemaker the registry gave no manifest: 503 patch" in shown
    lives = pictures(upgraded)["Pushed, and patched until"]
    bars = [node.get("class") for node in lives.iter() if (node.get("class") or "").startswith("life")]
    assert bars == ["life bad", "life bad", "life good", "life idle", "life odd", "life one"]
    assert "2 of 6 images get no more patches. The upright line is the day of this run, 2026-01-02." in shown


def test_what_was_passed_over_and_what_was_written(upgraded: str) -> None:
    assert "12 tags hold another python (py312)" in part(upgraded, "passed-over")
    written = part(html.upgrade_page(made.upgrade()), "written")
    assert written == "Written sm-ci.yml:2 - image: churn:1.9 # kept + image: churn:1.11 # kept"


def test_the_chosen_ones_comparison_is_open_and_the_others_are_folded(upgraded: str) -> None:
    tree = parsed(upgraded)
    assert "Latency, p95 baseline 46.1 ms" in part(upgraded, "chosen-figures")
    folded = [node for node in tree.iter("details") if re.fullmatch(r"candidate-\d+", node.get("id") or "")]
    assert [node.get("id") for node in folded] == ["candidate-1", "candidate-2"]
    assert not any(node.get("open") is not None for node in folded)
    links = [str(node.get("href")) for node in tree.iter("a")]
    assert {"#candidate-1", "#candidate-2", "#chosen"} <= set(links)
    assert "#candidate-4" not in links


@pytest.mark.parametrize(
    ("verdict", "candidates", "said"),
    [
        (UpgradeVerdict.CURRENT, 0, "current churn Nothing is known to be newer than 1.9."),
        (UpgradeVerdict.BLOCKED, 1, "blocked churn Of 1 newer image none passed; 1.9 stays."),
    ],
)
def test_an_upgrade_that_chose_nothing(verdict: UpgradeVerdict, candidates: int, said: str) -> None:
    given = made.upgrade()
    page = html.upgrade_page(
        replace(
            given, verdict=verdict, candidates=given.candidates[:candidates], chosen=None, written=(), first_bad=None
        )
    )
    assert header(page).startswith(said)
    assert ("candidates" in sections(page)) is bool(candidates)
    assert "chosen" not in sections(page)
    assert part(page, "step").startswith("The current image Current 1.9 Image churn:1.9")


def test_another_image_under_the_same_tag() -> None:
    given = made.upgrade()
    assert given.chosen
    same = replace(given.chosen, version=given.current)
    page = html.upgrade_page(replace(given, candidates=(same,), chosen=same, first_bad=None))
    assert "upgraded churn The tag 1.9 has another image under it now, and that passed." in header(page)


def test_an_upgrade_that_ended_early() -> None:
    fault = Fault(kind="registry-refused", message="the registry denied t0ps3cret", remedy="Log in.", exit_status=3)
    page = html.upgrade_page(replace(made.upgrade(), fault=fault, chosen=None))
    assert header(page).startswith("not upgraded churn the registry denied ***")
    assert (
        part(page, "stopped")
        == "Why it stopped Why it ended: registry-refused the registry denied *** What to do: Log in."
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (made.upgrade(), f"Digest sha256:{'1' * 64} Pushed"),
        (made.undigested(built=False), f"Digest sha256:{'20' * 20:0<64} Pushed"),
        (made.undigested(built=True), "Image churn:1.11 Pushed"),
    ],
    ids=["listed", "pulled", "built"],
)
def test_the_chosen_one_has_its_digest_too(given: UpgradeResult, told: str) -> None:
    assert told in part(html.upgrade_page(given), "step").partition("Chosen")[2]


def kind_of(page: str) -> str:
    return next(iter(parsed(page).iter("header"))).get("class") or ""


def test_a_blocked_one_says_why() -> None:
    page = html.upgrade_page(made.crashed())
    said = "the container exited with code 1 before GET /ping answered 200; the log says: AttributeError: module 'numpy' has no"
    assert header(page).startswith(
        f"blocked churn Of 2 newer images none passed; 1.9 stays. 2.0: {said} attribute 'float' | <b> *** 1.11: {said}"
    )
    assert kind_of(page) == "bad"
    assert "0.700 AttributeError" in part(page, "candidate-1")


def test_what_was_not_done_is_said() -> None:
    said = "can be upgraded churn 1.9 → 1.11, a minor step that passed. "
    page = html.upgrade_page(made.unwritten(writing=False))
    assert header(page).startswith(f"{said}Nothing was written; with --write it is. ")
    assert kind_of(page) == "good"
    page = html.upgrade_page(made.unwritten(writing=True))
    assert header(page).startswith(f"{said}Nothing was written: the warnings say why. ")
    page = html.upgrade_page(made.listed())
    assert header(page).startswith("not tried churn 4 newer images of which none was tried. 4 untried ")
    assert kind_of(page) == "odd"


def test_what_passed_without_being_decided_is_no_plain_green() -> None:
    page = html.upgrade_page(made.undecided())
    assert header(page).startswith(
        "upgraded churn 1.9 → 1.11, a minor step that passed. Not everything about it could be judged. "
        "p95 grew by 2 % (***) p50 too "
    )
    assert kind_of(page) == "odd"


# What nobody can make of it.


Filled = Callable[[str], str]
PAGES: tuple[tuple[str, Filled], ...] = (
    ("comparison", lru_cache(maxsize=2)(lambda said: html.page(made.filled(Comparison, said)))),
    ("upgrade", lru_cache(maxsize=2)(lambda said: html.upgrade_page(made.filled(UpgradeResult, said)))),
)


@pytest.mark.parametrize("page", [page for _, page in PAGES], ids=[name for name, _ in PAGES])
@pytest.mark.parametrize("said", HOSTILE, ids=[f"hostile-{number}" for number in range(len(HOSTILE))])
def test_no_text_makes_an_element_or_an_attribute(page: Filled, said: str) -> None:
    shown = page(said)
    assert [one for one in skeleton(shown) if one[0] != "mark"] == [
        one for one in skeleton(page("x")) if one[0] != "mark"
    ]
    for tag, attributes in tags(shown):
        assert tag not in {"script", "iframe", "object", "embed", "img", "link", "base", "form", "input"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ATTRIBUTES_WITH_ADDRESSES & set(attributes):
            assert re.fullmatch(r"#[\w-]+", attributes[name]), attributes
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


@pytest.mark.parametrize("page", [page for _, page in PAGES], ids=[name for name, _ in PAGES])
def test_hostile_text_is_shown_as_it_is(page: Filled) -> None:
    assert parsed(page(HOSTILE[1])).findtext("body/header/h1") == HOSTILE[1]


@pytest.mark.parametrize("secret", ["correct<horse>&battery", "a" * 6 + "\"b'c", "päss wörd 42"])
def test_a_secret_is_nowhere(secret: str) -> None:
    for kind, page in ((Comparison, html.page), (UpgradeResult, html.upgrade_page)):
        shown = page(replace(made.filled(kind, f"is {secret} here"), secrets=(secret,)))
        assert secret not in "".join(parsed(shown).itertext())
        assert not [one for _, attributes in tags(shown) for one in attributes.values() if secret in one]


def test_the_policy_allows_the_pages_own_style_and_nothing_else(refused: str, upgraded: str) -> None:
    for page in (refused, upgraded):
        expect_policy(page)


# Who reads it with a keyboard or a screen reader.


def test_every_name_is_there_once_and_every_reference_leads_somewhere(refused: str, upgraded: str) -> None:
    filled = html.upgrade_page(made.filled(UpgradeResult, "x"))
    for page in (refused, upgraded, filled):
        expect_references(page)


def test_every_picture_has_a_title_a_description_and_its_figures(refused: str) -> None:
    tree = parsed(refused)
    every = [node for node in tree.iter() if node.get("role") == "img"]
    assert len(every) == 19 + 5  # a row each, and the figures
    for picture in every:
        assert [str(node.tag).rpartition("}")[2] for node in picture][:2] == ["title", "desc"]
        assert all(words(node) for node in picture[:2])
    for figure in tree.iter("figure"):
        (table,) = figure.iter("table")
        assert len(list(table.iter("tr"))) > 3


# How much of it there is.


def test_ten_thousand_packages_and_a_thousand_cases_are_a_page_that_opens() -> None:
    given = versions.comparison(cases=1000, changed=500, packages=10_000)
    began = time.process_time()
    page = html.page(given)
    assert time.process_time() - began < 10
    assert 200_000 < len(page.encode()) < 1_500_000
    assert "500 of 1,000 answers changed" in part(page, "answers")
    assert page.count('class="card bad" id="answer-') == 60
    assert re.search(r"\d\d\d more are in comparison\.json\.", part(page, "answers"))
    shown = part(page, "image")
    assert "Packages: 7,792 packages changed, 779 removed, 1,429 added." in shown
    assert "9,600 more are in comparison.json." in shown


def test_whatever_it_holds_a_page_is_small_enough_to_open() -> None:
    said = '"&é' * 800
    wide = made.filled(Comparison, said)
    value = ChangedValue(path=said, baseline=said, candidate=said)
    answer: AnswerComparison = replace(wide.answers[0], values=(value,) * 100)
    many = replace(
        wide,
        answers=(answer,) * 200 + (replace(answer, agreement=Agreement.WITHIN, judgement=Judgement.ALLOWED),) * 500,
        measures=wide.measures * 1000,
        tests=wide.tests * 1000,
        contract=wide.contract * 1000,
        changes=(Change(kind="package", name=said, baseline=said, candidate=said),) * 3000
        + (Change(kind="os", name=said, baseline=said, candidate=said),) * 3000,
        reasons=wide.reasons * 1000,
        findings=wide.findings * 1000,
        baseline=with_much(wide, said),
        candidate=with_much(wide, said),
    )  # fmt: skip
    page = html.page(many)
    assert 1_000_000 < len(page.encode()) < ROOM
    upgrade = versions.upgrade(of=many)
    one = replace(upgrade.candidates[0], reason=said, outcome=CandidateOutcome.REFUSED)
    page = html.upgrade_page(
        replace(upgrade, candidates=(one,) * 60, passed_over=(said,) * 1000, written=upgrade.written * 1000)
    )
    assert 1_000_000 < len(page.encode()) < ROOM
    assert re.search(r"\d+ more comparisons are in upgrade\.json\.", page)


def with_much(of: Comparison, said: str) -> object:
    layers = tuple(Layer(digest=f"{said}{number}", size=5, made_by=said) for number in range(500))
    result: RunResult = replace(of.baseline.result, load=of.baseline.result.load * 50)
    return replace(of.baseline, result=result, contents=ImageContents(size=5, layers=layers, unread=said))


def test_the_same_comparison_gives_the_same_bytes(refused: str, upgraded: str) -> None:
    assert html.page(versions.comparison()) == refused
    assert html.upgrade_page(versions.upgrade()) == upgraded
