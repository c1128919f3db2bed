from dataclasses import replace

import cmarkgfm
import lxml.html
import pytest

from bench.report import made
from bench.report.filling import filled
from sm_ci.report import blocks, summary
from sm_ci.results import RunResult, Usage
from sm_ci.text import Redactor

PLAIN = Redactor(())


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every table, as GitHub's own renderer makes them."""
    page = lxml.html.fromstring(f"<div>{cmarkgfm.github_flavored_markdown_to_html(markdown)}</div>")
    return [
        [[str(cell.xpath("string()")) for cell in row.iterfind("*")] for row in table.iter("tr")]
        for table in page.iter("table")
    ]


def test_where_the_time_went() -> None:
    shown = summary.markdown(made.run(cases=3, failing=0.0))
    (steps,) = [table for table in tables(shown) if table[0][0] == "Step"]
    assert steps[1:] == [
        ["image", "200 ms", "█" + "░" * 39],
        ["model", "1.4 s", "██" + "░" * 38],
        ["create", "50 ms", "░░█" + "░" * 37],
        ["start", "300 ms", "░░█" + "░" * 37],
        ["getting ready", "2.6 s", "░░███" + "░" * 35],
        ["tests", "4.0 s", "░" * 5 + "███" + "░" * 32],
        ["first 200", "at 4.65 s", "░" * 5 + "◆" + "░" * 34],
        ["first answer", "at 4.71 s", "░" * 5 + "◆" + "░" * 34],
        ["load", "30.0 s", "░" * 8 + "█" * 30 + "░░"],
        ["contract suite", "1.2 s", "░" * 38 + "█░"],
        ["stop", "800 ms", "░" * 39 + "█"],
    ]


def test_nothing_is_drawn_of_a_run_that_hosted_nothing(passed: RunResult) -> None:
    assert list(blocks.timeline(replace(passed, hosting=None))) == []
    assert "### Time" not in summary.markdown(passed)
    assert list(blocks.latency(passed)) == []


def test_the_spread_of_latency_when_there_is_something_to_spread() -> None:
    assert list(blocks.latency(made.run(cases=19))) == []
    said = "".join(blocks.latency(made.run(cases=40, failing=0.0)))
    assert said == (
        "\nLatency of 40 answers: 2.72 ms `▂···▂▂·▅▅▅▄▇▇█▄▅▂▄▅····▄` 40.6 ms (p50 11.3 ms, p95 23.1 ms, p99 40.6 ms)\n"
    )


def test_a_load_in_the_summary() -> None:
    shown = "".join(blocks.loads(replace(made.run(), load=(made.load(),)), PLAIN))
    assert shown.startswith(
        "\n**❌ steady**: 1000/s, Poisson, 1,000/s, p50 20.0 ms, p95 46.0 ms, p99 81.0 ms, 0.04% errors\n"
        "\np99 &#60; 60ms: 81 ms\n"
    )
    limits, over_time = tables(shown)
    assert limits[1:] == [
        ["✅ held", "p95 < 50ms", "46 ms"],
        ["❌ failed", "p99 < 60ms", "81 ms"],
        ["⚠️ void", "error_rate < 0.1%", "void"],
    ]
    assert [row[0] for row in over_time[1:]] == ["p95", "answers", "CPU", "memory"]
    assert all(len(row[1]) == 30 and set(row[1]) <= set("▁▂▃▄▅▆▇█") for row in over_time[1:])


def test_a_sweep_in_the_summary() -> None:
    shown = "".join(blocks.loads(replace(made.run(), load=(made.sweep(),)), PLAIN))
    steps = tables(shown)[-1]
    assert [row[0] for row in steps[1:]] == ["1", "2", "4", "8", "16 (knee)", "32", "64", "128"]
    assert [len(row[1].rstrip("░")) for row in steps[1:]] == [3, 6, 11, 18, 25, 32, 37, 40]


def test_an_hour_of_load_is_as_wide_as_a_minute() -> None:
    load = made.load(samples=3_600_000)
    table = tables("".join(blocks.loads(replace(made.run(), load=(load,)), PLAIN)))[-1]
    assert all(len(row[1]) <= 40 for row in table)


def test_what_is_not_known_is_a_dot() -> None:
    load = made.load(samples=10_000)
    usage = tuple(Usage(at=float(at), cpu=None if at == 3 else 1.0, memory=None) for at in range(8))
    table = tables("".join(blocks.loads(replace(made.run(), load=(replace(load, usage=usage),)), PLAIN)))[-1]
    assert [row for row in table if row[0] in {"CPU", "memory"}] == [["CPU", "███·████", "1.00", "1.00"]]


@pytest.mark.parametrize("said", ["|`<b>**x**@octocat", "\n\n# x\n", "x|y`"])
def test_no_text_of_a_load_is_markup(said: str) -> None:
    plain, hostile = ("".join(blocks.loads(filled(text), PLAIN)) for text in ("x", said))
    shapes = [[len(row) for row in table] for table in tables(plain)]
    assert [[len(row) for row in table] for table in tables(hostile)] == shapes
    assert "<b>" not in cmarkgfm.github_flavored_markdown_to_html(hostile)
