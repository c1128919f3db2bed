import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

import html5lib
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.report import made
from bench.report.filling import filled as make_filled
from sm_ci.report.html import render, scale
from sm_ci.report.html.lines import Chart, Line, marks
from sm_ci.report.html.page import FAILURES
from sm_ci.report.html.view import link
from sm_ci.results import CaseResult, LogLine, Outcome, RunResult
from sm_ci.text import Redactor, terminal

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script><style>*{display:none}",
    "</title></head><body onload=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)//https://",
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "</svg></text></pre></details><iframe src=https://example.org></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script><![CDATA[",
    "{{ 7*7 }}{% for x in y %}${7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#60;b&#62;",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<link rel=stylesheet href=//example.org><base href=//example.org><meta http-equiv=refresh content=0>",
    "\x00\x01\x1b[31m\u202e\ud800<b\x00>\u2028\ufffe",
    "<textarea><plaintext><noscript><template><xmp>",
    "`-alert(1)-`\\\"';alert(1);//",
)  # fmt: skip
ATTRIBUTES_WITH_ADDRESSES = {
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "xlink:href",
}


@lru_cache(maxsize=16)
def parsed(page: str) -> Element:
    """As a browser does it. Who asks again gets the same tree, and changes nothing in it."""
    tree: Element = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return tree


def tags(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """All elements with their attributes, as a browser makes them."""
    for node in parsed(page).iter():
        if isinstance(node.tag, str):
            yield node.tag.rpartition("}")[2], {name.rpartition("}")[2]: value for name, value in node.attrib.items()}


def words(node: Element) -> str:
    return " ".join(" ".join(node.itertext()).split())


def part(page: str, place: str) -> str:
    """The text of the section with that id, white space made one."""
    return words(next(node for node in parsed(page).iter() if node.get("id") == place))


def sections(page: str) -> list[str]:
    return [str(attributes["id"]) for tag, attributes in tags(page) if tag == "section"]


def expect_policy(page: str) -> None:
    """It allows the page's own style sheet, which asks for nothing, and nothing else."""
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [attributes["content"] for _, attributes in tags(page) if attributes.get("http-equiv")]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style


def expect_references(page: str) -> None:
    """Every id is there once, and whatever refers to one finds it."""
    every = list(tags(page))
    names = [attributes["id"] for _, attributes in every if "id" in attributes]
    assert len(names) == len(set(names))
    for tag, attributes in every:
        wanted = attributes.get("aria-labelledby", "").split()
        if attributes.get("href", "").startswith("#"):
            wanted.append(attributes["href"][1:])
        assert set(wanted) <= set(names), (tag, attributes)
    regions = [attributes["aria-label"] for _, attributes in every if attributes.get("role") == "region"]
    assert len(regions) == len(set(regions)), "a screen reader lists them by these names"


def with_load(result: RunResult) -> RunResult:
    return replace(result, load=(made.load(), made.sweep()))


# What it tells.


def test_the_verdict_comes_first(mixed: RunResult) -> None:
    tree = parsed(render(mixed))
    body = tree.find("body")
    assert body is not None
    assert [child.tag for child in body] == ["header", "nav", "main", "footer"]
    assert words(body[0]) == (
        "failed churn 2 passed, 1 failed, 1 errored, 1 skipped, 1 not run in 1 min 5 s "
        "2 passed 1 failed 1 errored 1 skipped 1 not run 2026-01-02 03:04:05 UTC · sm-ci 0.1.0"
    )
    assert tree.findtext("head/title") == "churn: failed"


def test_only_parts_with_something_in_them_are_there(passed: RunResult, mixed: RunResult, dead: RunResult) -> None:
    assert sections(render(passed)) == ["tests", "facts", "log"]
    assert sections(render(mixed)) == ["failures", "warnings", "tests", "facts", "log"]
    assert sections(render(dead)) == ["stopped", "facts", "log"]
    assert sections(render(with_load(made.run()))) == [
        "failures", "loads", "warnings", "time", "tests", "facts", "log",
    ]  # fmt: skip
    for result in (passed, mixed, dead):
        page = render(result)
        assert re.findall('<li><a href="#([a-z]+)">', page) == sections(page)


def test_a_failure_in_full(mixed: RunResult) -> None:
    page = render(mixed)
    assert part(page, "failure-1") == (
        "churn::unknown | customer failed $.score is 0.5, not 0.83 (***) and 2 more ./models/churn/sm-ci.yml:20 "
        "Where Expected Got "
        "json $.score ./models/churn/sm-ci.yml:21 0.83 0.5 $.score is 0.5, not 0.83 (***) "
        "latency <5ms 12 ms took 12 ms, not <5ms "
        "status 201 200 status is 200, not 201 second line "
        "Request curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***' "
        "--data-binary '{\"instances\": [[1]]}' http://localhost:8080/invocations "
        'Answer HTTP 200, application/json, 14 B in 12 ms {"score": 0.5} '
        "Log meanwhile 2.000 ::set-output name=a::b"
    )
    assert part(page, "failure-2").startswith(
        "churn::cut errored the answer was cut off after 5 of 9 bytes ./models/churn/sm-ci.yml:30 "
        "the answer was cut off after 5 of 9 bytes Request base64 -d <<< "
    )


def test_the_log_around_a_request_and_no_other(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    assert passed.hosting
    times = (1.9, 1.96, 2.0, 2.4, 2.51, 2.6)  # the request: from 2.0 to 2.012
    lines = tuple(LogLine(at=at, stream="stderr", text=f"said at {at}") for at in times)
    log = replace(passed.hosting.log, lines=6, tail=lines)
    result = replace(passed, cases=(make_case("a", Outcome.FAILED),), hosting=replace(passed.hosting, log=log))
    shown = part(render(result), "failure-1")
    assert re.findall(r"said at [\d.]+", shown) == ["said at 1.96", "said at 2.0", "said at 2.4", "said at 2.51"]


def test_why_a_run_stopped(dead: RunResult) -> None:
    page = render(dead)
    assert part(page, "stopped") == (
        "Why the run stopped container-exited models/churn/sm-ci.yml:3:1 the container exited with status 1 after 0.8 s "
        "What to do: Mend the error that its log shows. 0.700 ModuleNotFoundError: No module named '***'"
    )
    assert "the container exited with status 1 after 0.8\u00a0s" in page[: page.index("<nav")]


def test_facts(passed: RunResult) -> None:
    facts = part(render(passed), "facts")
    for fact in (
        "Image churn:1.9", "Image size 1.3 GiB", "Model ./model (2.0 KiB, 3 files)", "In service after 1.2 s",
        "Limits ml.m5.large: 2 CPUs, 4.0 GiB memory, 64.0 MiB shared memory (scaled down to this machine)",
        "Run 20260102T030405Z-1f2e", "Took 3.4 s", "Tool sm-ci 0.1.0",
    ):  # fmt: skip
        assert fact in facts


def test_a_load_with_its_limits_charts_and_figures() -> None:
    page = render(replace(made.run(), load=(made.load(),)))
    shown = part(page, "load-1")
    assert shown.startswith(
        "steady failed p99 < 60ms: 81 ms Limit Outcome p95 < 50ms 46 ms held p99 < 60ms 81 ms failed error_rate < 0.1% void void "
    )
    titles = [words(node) for node in parsed(page).iter() if node.tag.endswith("title")]
    for title in (
        "Latency over time",
        "Requests a second",
        "How latency spread",
        "CPU of the container",
        "Memory of the container",
    ):
        assert title in titles
    for fact in (
        "p99.9 110 ms",
        "Error rate 0.04%",
        "Throughput 1,000/s",
        "Memory growth +57.2 MiB/min",
        "Seed 1",
    ):
        assert fact in shown
    assert "known customer 9 27,000 27,000 20.0 ms 50.0 ms" in shown
    assert "timeout 9" in shown


def test_a_sweep_shows_its_knee() -> None:
    page = render(replace(made.run(), load=(made.sweep(),)))
    assert "Answers a second at 8 steps. The knee is at 16." in part(page, "load-1")
    assert "knee: 16 at once" in page
    assert "16 (knee)" in page


# What nobody can make of it.


@lru_cache(maxsize=16)
def skeleton(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(sorted(attributes))) for tag, attributes in tags(page)]


@lru_cache(maxsize=2)
def harmless(filled: Callable[..., RunResult], silent: bool = False) -> list[tuple[str, tuple[str, ...]]]:
    """What a page is made of in which every text is a letter."""
    return skeleton(render(filled("x", silent=silent)))


@pytest.mark.parametrize("silent", [False, True], ids=["answered", "silent"])
@pytest.mark.parametrize("said", HOSTILE, ids=[f"hostile-{number}" for number in range(len(HOSTILE))])
def test_no_text_makes_an_element_or_an_attribute(filled: Callable[..., RunResult], said: str, silent: bool) -> None:
    page = render(filled(said, silent=silent))
    assert skeleton(page) == harmless(filled, silent)
    for tag, attributes in tags(page):
        assert tag not in {"script", "iframe", "object", "embed", "img", "link", "base", "form", "input"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ATTRIBUTES_WITH_ADDRESSES & set(attributes):
            assert re.fullmatch(r"#[\w-]+", attributes[name]), attributes
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)


def test_hostile_text_is_shown_as_it_is(filled: Callable[..., RunResult]) -> None:
    said = HOSTILE[1]
    assert parsed(render(filled(said))).findtext("body/header/h1") == said


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=settings().max_examples // 2)
def test_whatever_is_said_the_page_is_the_same_around_it(filled: Callable[..., RunResult], said: str) -> None:
    page = render(filled(f"a{said}b"))
    assert skeleton(page) == harmless(filled)
    shown = parsed(page).findtext("body/header/h1") or ""
    assert shown == terminal(f"a{said}b")


@given(
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=12, max_size=30).filter(
        lambda text: len(set(text)) > 8
    )
)
@settings(max_examples=settings().max_examples // 4, phases=[Phase.explicit, Phase.generate])
def test_a_secret_is_nowhere(filled: Callable[..., RunResult], secret: str) -> None:
    for silent in (False, True):
        page = render(replace(filled(f"is {secret} here", silent=silent), secrets=(secret,)))
        assert secret not in "".join(parsed(page).itertext())
        assert not [one for _, attributes in tags(page) for one in attributes.values() if secret in one]


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://docs.aws.amazon.com/sagemaker/#a", True),
        ("http://docs.aws.amazon.com/", False),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:https://x", False),
        ("data:text/html,x", False),
        ("//example.org/", False),
        ("https:example.org", False),
        ("https://user@example.org/", False),
        ("https://example.org/\n<b>", False),
        (" https://example.org/", False),
        ("https://exa\u202emple.org/", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_only_https_is_followed(address: str, followed: bool) -> None:
    assert link(address, Redactor(())) == (address if followed else "")


def test_the_policy_allows_the_pages_own_style_and_nothing_else(mixed: RunResult) -> None:
    expect_policy(render(mixed))


# Who reads it with a keyboard or a screen reader.


def test_every_name_is_there_once_and_every_reference_leads_somewhere(filled: Callable[..., RunResult]) -> None:
    for result in (filled("x"), with_load(made.run(cases=60, failing=0.5))):
        expect_references(render(result))


def test_every_chart_has_a_title_a_description_and_its_figures() -> None:
    tree = parsed(render(with_load(made.run(cases=60))))
    figures = list(tree.iter("figure"))
    assert len(figures) == 12
    for figure in figures:
        (chart,) = [node for node in figure.iter() if node.get("role") == "img"]
        assert [str(node.tag).rpartition("}")[2] for node in chart][:2] == ["title", "desc"]
        assert all(words(node) for node in chart[:2])
        (table,) = figure.iter("table")
        assert len(list(table.iter("tr"))) > 3


# How much of it there is.


def test_what_is_shaded_is_explained_beside_the_lines() -> None:
    figures = parsed(render(with_load(made.run(cases=40)))).iter("figure")
    keys = [(figure.findtext(".//b"), [words(one) for one in figure.findall(".//li")]) for figure in figures]
    assert [said for title, said in keys if title == "Latency over time"] == [
        ["p50", "p95", "p99", "warm-up, not judged"],
        ["p50", "p95", "p99"],  # a sweep has none
    ]
    assert dict(keys)["CPU of the container"] == ["warm-up, not judged"]


def test_a_figure_and_its_unit_stay_on_one_line() -> None:
    page = render(with_load(made.run(cases=40)))
    assert "<dd>p50\u00a020.0\u00a0ms, p75\u00a026.0\u00a0ms, " in page
    assert "<dt>Peak memory</dt><dd>797.6\u00a0MiB</dd>" in page
    assert "<pre" in page
    assert not [text for text in re.findall("<pre.*?</pre>", page, re.DOTALL) if "\u00a0" in text]


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 more failure is in result.json."), (2, "2 more failures are in result.json.")]
)
def test_one_that_does_not_fit_is_one(
    make_case: Callable[..., CaseResult], passed: RunResult, count: int, said: str
) -> None:
    wrong = tuple(make_case(f"case {number}", Outcome.ERRORED) for number in range(FAILURES + count))
    assert said in part(render(replace(passed, cases=wrong)), "failures")


def test_a_long_run_is_cut_and_says_so() -> None:
    page = render(made.run(cases=10_000, failing=1.0))
    assert len(page.encode()) < 5_000_000
    assert page.count('class="card bad"') == FAILURES
    assert "9,800 more failures are in result.json." in page
    assert "9,000 more that did not pass are in result.json." in page
    passed = render(made.run(cases=10_000, failing=0.0))
    assert "9,700 more that passed are in result.json." in passed


def test_failures_stop_where_there_is_no_more_room(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    wide = made.run(cases=FAILURES, failing=1.0)
    told = "<" * 1999
    cases = tuple(
        replace(
            case,
            failures=tuple(replace(made.failure(n), expected=told, got=told) for n in range(10)),
        )
        for case in wide.cases
    )
    page = render(replace(wide, cases=cases))
    assert 1_000_000 < len(page.encode()) < 2_500_000
    assert re.search(r"\d+ more failures are in result.json.", page)


def test_whatever_a_long_run_holds_the_page_is_small_enough_to_open(
    make_case: Callable[..., CaseResult], mixed: RunResult
) -> None:
    said = '"&é' * 3000
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED)
    cases = tuple(make_case(f"{number}{said}", outcomes[number % 4], reason=said) for number in range(5000))
    finding = replace(mixed.findings[0], message=said, remedy=said)
    diagnosis = replace(make_filled("x").diagnoses[0], cause=said, remedy=said, evidence=(said,) * 10)
    page = render(replace(mixed, cases=cases, findings=(finding,) * 1000, diagnoses=(diagnosis,) * 100))
    assert 2_000_000 < len(page.encode()) < 5_000_000
    assert "901 more are in result.json" in page  # a missed ping is a warning too
    assert "80 more diagnoses are in result.json." in page
    assert re.search(r"1,\d\d\d more that passed and 3,\d\d\d more that did not pass are in result.json", page)


def test_a_long_load_is_drawn_with_as_many_points_as_a_screen_shows() -> None:
    page = render(replace(made.run(), load=(made.load(samples=1_000_000),)))
    assert len(page.encode()) < 500_000
    longest = max(re.findall('points="([^"]*)"', page), key=len)
    assert 100 < len(longest.split()) <= 240


# Axes and lines.


@pytest.mark.parametrize(
    ("axis", "values", "labels"),
    [
        (scale.latency, [0.012, 0.0831], ["0 ms", "25 ms", "50 ms", "75 ms"]),
        (scale.latency, [3.1], ["0 s", "1 s", "2 s", "3 s"]),
        (scale.clock, [30.0], ["0 s", "10 s", "20 s", "30 s"]),
        (scale.clock, [10.0], ["0.0 s", "2.5 s", "5.0 s", "7.5 s", "10.0 s"]),
        (scale.clock, [7200.0], ["0.0 h", "0.5 h", "1.0 h", "1.5 h", "2.0 h"]),
        (scale.size, [797.6 * 2**20], ["0 MiB", "250 MiB", "500 MiB", "750 MiB"]),
        (scale.amount, [1.78], ["0.0", "0.5", "1.0", "1.5"]),
        (scale.amount, [12_000], ["0", "5,000", "10,000"]),
        (scale.amount, [0.0], ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (scale.amount, [], ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (scale.amount, [None, float("nan"), float("inf"), 4.0], ["0", "2", "4"]),
    ],
)
def test_round_numbers_stand_on_an_axis(
    axis: Callable[[list[float | None]], scale.Axis], values: list[float | None], labels: list[str]
) -> None:
    assert [label for _, label in axis(values).ticks] == labels


def test_a_gap_is_a_gap() -> None:
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, float("nan")), (4.0, 1.0)]
    chart = Chart(x=scale.clock([4.0]), y=scale.amount([2.0]), lines=[Line(label="a", points=points, style="one")])
    drawn = "".join(tostring(mark, encoding="unicode") for mark in marks(chart))
    assert re.findall('points="([^"]*)"', drawn) == ["0,545.5 250,90.9"]
    assert re.findall("<circle [^>]*>", drawn) == ['<circle r="0.2em" class="point one" cx="100%" cy="54.55%" />']


def test_nothing_that_is_not_a_number_is_drawn() -> None:
    load = made.load(samples=10_000)
    buckets = tuple(replace(bucket, p50=float("nan"), p95=None, p99=float("inf")) for bucket in load.buckets)
    page = render(replace(made.run(), load=(replace(load, buckets=buckets, warmup=0.0),)))
    assert not re.search(r'"(?:nan|inf)|[ ,](?:nan|inf)[ ,"%]', page)


def test_the_same_result_gives_the_same_bytes(mixed: RunResult) -> None:
    assert json.dumps(render(mixed)) == json.dumps(render(mixed))
