"""report.html in a real browser: of a real run, of of one with loads, and of one in which everything is hostile.

Skipped where there is no Chromium, which `script/bootstrap --dev` does not install.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Page, axe, browser, program
from harness import Run, Spec, do, echo

from bench.report import made
from bench.report.filling import filled
from sm_ci.report.html import render
from sm_ci.results import Diagnosis

PHONE, DESK = 390, 1280
FOCUSABLE = "a[href], summary, [tabindex='0']"
UNFOLD = "document.querySelectorAll('details').forEach(node => node.open = true)"
SEEN = f"[...document.querySelectorAll(`{FOCUSABLE}`)].filter(node => node.checkVisibility()).length"
HOSTILE = (
    "</title></style></textarea><script>hit(1)</script><img src=x onerror=hit(2)><svg onload=hit(3)>"
    "\" onmouseover=hit(4) autofocus onfocus=hit(5) x='' onclick='hit(6)<a href=\"javascript:hit(7)\">go</a>"
    "<iframe srcdoc='<script>hit(8)</script>'></iframe><meta http-equiv=refresh content='0;url=https://example.org'>"
)

pytestmark = [
    pytest.mark.skipif(program() is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(not axe().is_file(), reason="axe-core is not installed: script/bootstrap --dev does it"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


def expect_sound(page: Page, file: Path, folder: Path, *ways: tuple[int, bool]) -> None:
    """In windows of these widths, light or dark: nothing on the console, nothing asked for, nothing to scroll to the side.

    axe looks at it as it is on a desk in light, and unfolded on a phone in dark. The pictures are kept beside the page.
    """
    for width, dark in ways:
        page.open(file, width=width, dark=dark)
        assert page.console == []
        page.screenshot(folder / f"{file.stem}-{width}-{'dark' if dark else 'light'}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == DESK and not dark:
            assert page.violations() == []
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == PHONE and dark:
            assert page.violations() == []
    assert page.console == []


def expect_keyboard(page: Page, file: Path) -> None:
    """The tab key comes to all that there is to do, each with a ring around it, and return unfolds what is folded."""
    page.open(file)
    wanted = page.evaluate(SEEN)
    rings, places = set(), []
    for _ in range(wanted):
        page.press("Tab", 9)
        place, ring = page.evaluate(
            "(node => [[...document.querySelectorAll('*')].indexOf(node), getComputedStyle(node).outlineStyle])"
            "(document.activeElement)"
        )
        places.append(place)
        rings.add(ring)
    assert rings == {"solid"}
    assert places == sorted(set(places)), "not in the order of the page"
    page.evaluate("document.querySelector('#log summary, details:not([open]) > summary').focus()")
    before = page.evaluate("document.querySelectorAll('details[open]').length")
    page.press("Enter", 13, "\r")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == before + 1


def test_a_browser_that_finds_nothing_would_find_something(page: Page, tmp_path: Path) -> None:
    """The checks themselves: a page on which each of them has something to say."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><html><meta http-equiv=Content-Security-Policy content=\"default-src 'none'\"><title>x</title>"
        "<script>1</script><img src=http://127.0.0.1:9/x.png><p style='color:#ccc'>pale<pre>" + "x" * 999
    )
    page.open(bad, width=PHONE)
    assert any("script" in said for said in page.console)
    assert page.evaluate("document.documentElement.scrollWidth") > PHONE
    assert {found.partition(":")[0] for found in page.violations()} >= {"image-alt", "html-has-lang"}


def test_the_page_of_a_real_run(spec: Spec, run: Run, page: Page, tmp_path: Path) -> None:
    """Failed requests with their log, an answer full of markup, warnings, a timeline; named on the console and in the outputs."""
    tests: list[dict[str, Any]] = [
        *(echo(f"echo {number}") for number in range(20)),
        echo(f"wrong {HOSTILE[:150]}", json=[1, HOSTILE]),
        {"name": "markup comes back", "request": {"json": [HOSTILE]}, "expect": {"json": [1]}},
        do("log", text=HOSTILE, expect={"status": 201}),
    ]
    outputs = tmp_path / "outputs"
    summary = tmp_path / "step-summary"
    runner = {
        "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(summary),
    }  # fmt: skip
    ended = run(spec(tests=tests, contract={"level": "quick"}), environ=runner)
    assert ended.status == 1, ended.output
    report = ended.out / "report.html"
    assert f"/report.html, {ended.out}/result.json" in ended.output
    assert re.search(r"^html<<.*\nout/report\.html\n", outputs.read_text(), re.MULTILINE)
    assert "\n| getting ready | " in summary.read_text()
    expect_sound(page, report, tmp_path, (PHONE, False), (PHONE, True), (DESK, False), (DESK, True))
    expect_keyboard(page, report)
    assert page.evaluate("document.querySelector('.badge').textContent") == "failed"
    assert page.evaluate("[...document.querySelectorAll('#time .name')].map(node => node.textContent)") == [
        "image", "model", "create", "start", "getting ready", "first 200", "tests", "first answer", "contract suite", "stop",
    ]  # fmt: skip
    told = page.evaluate("document.querySelector('#failures').textContent")
    assert HOSTILE in told
    assert page.evaluate(
        "typeof hit + document.scripts.length + document.querySelectorAll('main img, iframe').length"
    ) == ("undefined00")


def test_the_page_of_loads(page: Page, tmp_path: Path) -> None:
    result = made.run(cases=40, failing=0.2, loads=(made.load(samples=20_000), made.sweep()))
    wrong = tuple(case.id for case in result.cases if case.failures)
    cause = Diagnosis(
        id="not-a-number", cause="The handler gets text where it expects a number.", remedy="Convert it first.",
        link="https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html", confidence=0.9,
        evidence=("ValueError: could not convert string to float: 'a'",), explains=wrong,
    )  # fmt: skip
    file = tmp_path / "long.html"
    file.write_text(render(replace(result, diagnoses=(cause,))), encoding="utf-8")
    expect_sound(page, file, tmp_path, (PHONE, True), (DESK, False))
    shown = page.evaluate(
        "[...document.querySelectorAll('.chart')].map(node => node.getBoundingClientRect().width > 200)"
    )
    assert shown == [True] * 12
    page.open(file, paper=True)
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    folded = "document.querySelector('details.card:not([open]) pre')"
    assert page.evaluate(f"{folded}.checkVisibility({{contentVisibilityAuto: true}}) && {folded}.offsetHeight > 0")


def test_nothing_hostile_is_done(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    for said in (HOSTILE, "javascript:hit(9)", "https://example.org/'onclick=hit(9)//"):
        file.write_text(render(filled(said)), encoding="utf-8")
        expect_quiet(page, file)


def expect_quiet(page: Page, file: Path) -> None:
    page.open(file, width=PHONE)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.scripts.length + document.images.length + document.forms.length") == 0
    assert (
        page.evaluate("[...document.links].filter(link => !/^(#|https:)/.test(link.getAttribute('href'))).length") == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert page.evaluate("typeof hit + location.protocol") == "undefinedfile:"
    assert page.console == []
