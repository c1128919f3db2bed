from __future__ import annotations

from collections.abc import Callable

import pytest

from sm_ci.errors import SpecError
from sm_ci.spec import Spec

Loaded = Callable[..., Spec]
HEAD = "version: 1\nimage: i\n"
TEST = "tests:\n  - name: a\n"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (
            HEAD + "tests: [" + "1," * 10_000 + "]\n",
            "sm-ci.yml:3:9: tests[0]: must be a mapping, not the number 1",
            "and at least 9,000 more; mend these first",
        ),
        (
            HEAD + TEST + "    expect: {json: [" + "{$x: 1}," * 10_000 + "]}\n",
            (
                "sm-ci.yml:5:22: tests[0].expect.json[0].$x: '$x' is not an operator; "
                "a literal key cannot begin with '$'"
            ),
            "and at least 1 more; mend these first",
        ),
        (
            HEAD + TEST + "    expect: {json: {" + ",".join(f"{n}: 1" for n in range(9_000)) + "}}\n",
            'sm-ci.yml:5:21: tests[0].expect.json: keys must be text, not 0; write "0" in quotes',
            "and at least 1 more; mend these first",
        ),
        (
            HEAD + TEST + "    expect: {json: [" + "'${'," * 10_000 + "]}\n",
            (
                "sm-ci.yml:5:21: tests[0].expect.json[0]: holds a '${' without a name and '}'; "
                "write ${NAME}, or $${ for a literal ${"
            ),
            "and at least 1 more; mend these first",
        ),
        (
            HEAD + TEST + "    expect: {json: [" + "{}," * 10_000 + "], latency: 1}\n",
            (
                f"sm-ci.yml:5:{len('    expect: {json: [') + 30_000 + len('], latency: ') + 1}: tests[0].expect.latency: "
                "is a limit without a unit: 1; write the unit too, for example <1ms"
            ),
            "and at least 9,001 more; mend these first",
        ),
    ],
    ids=range(5),
)
def test_a_thousand_errors_are_told(loaded: Loaded, text: str, first: str, last: str) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(text)
    assert len(caught.value.findings) == 1001
    assert str(caught.value.findings[0]).rpartition("/")[2] == first.rpartition("/")[2]
    assert str(caught.value.findings[-1]) == last


def test_a_thousand_warnings_are_told(loaded: Loaded) -> None:
    found = loaded(HEAD + TEST + "    expect: {json: [" + "{}," * 1003 + "]}\n").findings
    assert [str(found[-1]), found[-1].severity] == ["and at least 3 more; mend these first", "warning"]
    assert len(found) == 1001


def test_an_error_after_many_that_aliases_repeat_is_told(loaded: Loaded) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(HEAD + TEST + "    expect: {json: [&a {$x: 1}," + "*a ," * 2000 + "{$y: 1}]}\n")
    assert len(caught.value.findings) == 2


def test_aliases_that_repeat_an_error_for_ever_are_soon_left(loaded: Loaded) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(HEAD + TEST + "    expect: {json: [&a {$x: 1}," + "*a ," * 250_000 + "]}\n")
    assert len(caught.value.findings) == 1
