"""What a load is warned of once it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sm_ci.errors import Location
from sm_ci.load.judging import SCALED
from sm_ci.results import Checked, ErrorCount, Limit, LimitOutcome, LoadResult, MixShare, Outcome
from sm_ci.session.loading import oddities
from sm_ci.spec.model import Load

FINE = LoadResult(
    name="steady",
    outcome=Outcome.PASSED,
    at=Location(path="s.yml", line=3, column=1),
    sent=10,
    answered=10,
    mix=(MixShare(test="a", weight=9, sent=10, answered=10),),
)
VOID = Limit(text="cpu < 50%", metric="cpu", bound=0.5, outcome=LimitOutcome.VOID)
FAILED = replace(FINE, answered=9, errors=(ErrorCount(kind="timeout", count=1),))
NEVER = MixShare(test="b", weight=1, sent=0, answered=0)
UNLIMITED = "1 of 10 requests failed (1 timeout), and no limit is set for that"


def warned(result: LoadResult, *, unseen: str = "", scaled: bool = False, **limits: tuple[str, ...]) -> list[str]:
    asked = Load.model_validate({"name": "steady", "arrival": {"concurrency": 1}, "duration": "1s", **limits})
    return [message for _, message, _ in oddities(asked, result, unseen, scaled=scaled)]


@pytest.mark.parametrize(
    ("result", "given", "messages"),
    [
        (FINE, {}, []),
        (replace(FINE, void="it was late"), {}, ["its figures say little: it was late"]),
        (
            replace(FINE, limits=(VOID,), void="it was late"),
            {},
            ["limits are not judged (cpu < 50%): it was late"],
        ),
        (replace(FINE, limits=(VOID,)), {"scaled": True}, [f"limits are not judged (cpu < 50%): {SCALED}"]),
        (
            FINE,
            {"unseen": "far away", "abort_on": ("memory_growth > 1MiB/min", "p95 > 1s")},
            ["limits are not judged (memory_growth > 1MiB/min): what they are about cannot be seen"],
        ),
        (FAILED, {}, [UNLIMITED]),
        (FAILED, {"thresholds": ("p95 < 1s",)}, [UNLIMITED]),
        (FAILED, {"thresholds": ("error_rate < 50%",)}, []),
        (FAILED, {"abort_on": ("error_rate > 50%",)}, []),
        (replace(FINE, checked=Checked(share=0.5)), {}, ["check 50%: no answer was there to be checked"]),
        (
            replace(FINE, checked=Checked(share=0.5, answers=2, too_large=3)),
            {},
            ["check 50%: 3 answers were too large to be kept, and 2 checked"],
        ),
        (replace(FINE, mix=(*FINE.mix, NEVER)), {}, ["its test 'b' was never sent"]),
        (replace(FINE, mix=(*FINE.mix, NEVER), ended="the container died under it"), {}, []),
        (replace(FINE, answered=0, checked=Checked(share=0.5)), {}, []),
    ],
)
def test_what_is_odd_about_a_load(result: LoadResult, given: dict[str, object], messages: list[str]) -> None:
    assert warned(result, **given) == messages  # type: ignore[arg-type]
