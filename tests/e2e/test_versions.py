"""`command: compare` as a runner starts it: a commit of the checkout beside what is checked out."""

from __future__ import annotations

import json

from harness import do

from tests.e2e.conftest import OnRunner
from tests.unit.commands.repositories import git

WEIGHTS = do("read", "weights", path="/opt/ml/model/weights")


def test_what_is_checked_out_is_held_against_a_commit(on_runner: OnRunner) -> None:
    """The model as of then is where the engine does not see it, so it goes by a volume."""
    runner = on_runner({"model/weights": "42"}, model="model", contract={"level": "off"}, tests=[WEIGHTS])
    checkout = runner.job.checkout
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "x"]):
        git(checkout, "-c", f"safe.directory={checkout}", *words)  # it is the runner's
    (checkout / "model" / "weights").write_text("43")
    ended = runner.run({"command": "compare", "baseline": "ref:HEAD", "rounds": "2", "allow": "p50=any"})
    assert (ended.exit, ended.leftovers) == (1, ()), ended.log
    assert ended.outputs["conclusion"] == "failure"
    assert (ended.outputs["verdict"], ended.outputs["changed-answers"]) == ("refused", "1")
    comparison = json.loads((checkout / ended.outputs["json"]).read_text())
    (answer,) = comparison["answers"]
    assert (answer["values"][0]["baseline"], answer["values"][0]["candidate"]) == ('"42"', '"43"')
    assert comparison["together"] is True
    said = [note.message for note in ended.annotations if note.kind == "error"]
    assert len(said) == 1, ended.log
    assert '"42"' in said[0]
    assert (checkout / ended.outputs["markdown"]).read_text().startswith("## Refused: ")
    assert "## Refused: " in ended.summary
    assert set(ended.written.values()) == {checkout.stat().st_uid}
