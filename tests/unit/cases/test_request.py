"""What a case gets: its time, and how its answer is followed."""

from __future__ import annotations

from typing import Any

import pytest

from sm_ci.cases.request import reading_of, timeout_of
from sm_ci.spec import model
from sm_ci.streams import Format, Reading


@pytest.mark.parametrize(
    ("request_keys", "keys", "seconds"),
    [
        ({}, {}, 60.0),
        ({}, {"invocation_timeout": "20s"}, 20.0),
        ({"stream": True}, {}, 480.0),
        ({"stream": True}, {"invocation_timeout": "20s"}, 480.0),
        ({"stream": True}, {"defaults": {"request": {"timeout": "30s"}}}, 30.0),
        ({"stream": True, "timeout": "2m"}, {"defaults": {"request": {"timeout": "30s"}}}, 120.0),
    ],
    ids=range(6),
)
def test_a_stream_has_8_minutes_unless_the_request_or_the_defaults_say_otherwise(
    request_keys: dict[str, Any], keys: dict[str, Any], seconds: float
) -> None:
    spec = model.SpecFile.model_validate({"version": 1, "image": "i", **keys})
    assert timeout_of(model.Request.model_validate(request_keys), spec) == seconds


def test_an_answer_is_followed_when_the_request_streams() -> None:
    def of(**keys: Any) -> Reading | None:
        return reading_of(model.Test.model_validate({"name": "a", **keys}))

    assert of() is None
    assert of(request={"stream": True}) == Reading()
    stream = {"format": "jsonlines", "text_at": "a.b"}
    assert of(request={"stream": True}, expect={"stream": stream}) == Reading(format=Format.JSONLINES, text_at="a.b")
