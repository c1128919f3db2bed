"""The pages of a comparison and of an upgrade in a real browser: as they come out, and with everything in them hostile.

Skipped where there is no Chromium, which `script/bootstrap --dev` does not install.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Page, axe, browser, program
from test_html import DESK, HOSTILE, PHONE, UNFOLD, expect_keyboard, expect_quiet

from bench.report import versions
from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.report.html import comparison as html
from tests.unit.report import versions_made

ROOMY = "[...document.querySelectorAll('figure .chart')].every(node => node.getBoundingClientRect().width > 150)"
LABELS_OUTSIDE = (
    "[...document.querySelectorAll('.chart text')].map(node => [node.getBoundingClientRect(), node])"
    ".filter(([box, node]) => box.width && !node.closest('.scroll') && (box.right > innerWidth || box.left < 0))"
    ".map(([box, node]) => node.textContent)"
)
COLLIDING = (
    "[...document.querySelectorAll('figure .chart, .measures .chart')].filter(chart => chart.checkVisibility())"
    ".flatMap(chart => { const boxes = [...chart.querySelectorAll('text')].map(node => [node.getBoundingClientRect(), node])"
    ".filter(([box]) => box.width);"
    "return boxes.flatMap(([one, node], at) => boxes.slice(at + 1).filter(([other]) => one.left < other.right - 1 "
    "&& other.left < one.right - 1 && one.top < other.bottom - 3 && other.top < one.bottom - 3)"
    ".map(([, other]) => `${node.textContent} and ${other.textContent}`)) })"
)

pytestmark = [
    pytest.mark.skipif(program() is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(not axe().is_file(), reason="axe-core is not installed: script/bootstrap --dev does it"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A comparison with loads in which everything changed, for forty reasons, and an upgrade with one that was refused."""
    folder = tmp_path_factory.mktemp("pages")
    small = versions.comparison(cases=10, packages=4, loads=False)
    large = versions.comparison(packages=16)
    answers = tuple(replace(one, values=one.values[:1], differing=1) for one in large.answers)  # the rest is noise
    texts = {
        "comparison": html.page(replace(large, answers=answers, reasons=large.reasons * 13)),
        "upgrade": html.upgrade_page(versions.upgrade(refused=1, of=small)),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


WAYS = [(PHONE, False), (PHONE, True), (DESK, False), (DESK, True)]


@pytest.mark.parametrize(
    ("name", "ways"), [("comparison", WAYS), ("upgrade", WAYS[1:3])], ids=["comparison", "upgrade"]
)
def test_people_can_read_it_on_phones_and_on_desks(
    page: Page, files: dict[str, Path], name: str, ways: list[tuple[int, bool]]
) -> None:
    """In light and in dark, folded and unfolded. All that an upgrade has of its own is read once at each width."""
    for width, dark in ways:
        page.open(files[name], width=width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.violations() == []
        assert page.console == []
        assert page.evaluate(ROOMY)
        assert page.evaluate(LABELS_OUTSIDE) == []
        assert page.evaluate(COLLIDING) == []


def test_a_browser_that_finds_no_collision_would_find_one(page: Page, files: dict[str, Path]) -> None:
    page.open(files["comparison"])
    page.evaluate("document.querySelectorAll('figure .chart text').forEach(node => node.setAttribute('x', '-200em'))")
    assert page.evaluate(LABELS_OUTSIDE)
    assert page.evaluate(COLLIDING)


def test_nothing_sticks_out_in_windows_between(page: Page, files: dict[str, Path]) -> None:
    for width in (320, 641, 993):
        page.open(files["upgrade"], width=width)
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_keyboard_comes_to_everything(page: Page, files: dict[str, Path]) -> None:
    for file in files.values():
        expect_keyboard(page, file)


def test_on_paper_changed_answers_are_unfolded_and_nothing_is_cut(page: Page, files: dict[str, Path]) -> None:
    for file in files.values():
        page.open(file, width=718, paper=True)
        assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert page.evaluate("document.documentElement.scrollWidth") <= 718
    folded = "document.querySelector('details.card:not([open]) .measures')"
    assert page.evaluate(f"{folded}.checkVisibility({{contentVisibilityAuto: true}}) && {folded}.offsetHeight > 0")


def test_nothing_hostile_is_done(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    for said in (HOSTILE, "javascript:hit(9)"):
        file.write_text(html.page(versions_made.filled(Comparison, said)), encoding="utf-8")
        expect_quiet(page, file)
        page.open(file, width=DESK)
        assert page.evaluate("document.documentElement.scrollWidth") <= DESK
        file.write_text(html.upgrade_page(versions_made.filled(UpgradeResult, said)), encoding="utf-8")
        expect_quiet(page, file)
