from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]
NOTHING = "there are no tests, so this asserts only that the container comes into service; add tests:"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", [f"sm-ci.yml:1:1: tests: {NOTHING}"]),
        ("tests: []", [f"sm-ci.yml:3:8: tests: {NOTHING}"]),
        ("tests: [{name: a}, {name: b}]", []),
        (
            "tests: [{name: a}, {name: b},\n  {name: a}]",
            [
                "sm-ci.yml:4:10: tests[2].name: 'a' is the name of the test in line 3 too; give each test a name of its own"
            ],
        ),
        (
            'tests: [{name: "it\'s \\"so\\""}, {name: \']]>\'}, {name: <b>&amp;</b>}, {name: שלום مرحبا}, {name: 👩‍🔬 日本}]',
            [],
        ),
        (
            'tests: [{name: "a\\nb"}]',
            [
                (
                    "sm-ci.yml:3:16: tests[0].name: holds the character U+000A, which reports cannot show: 'a\\nb'; "
                    "write it in one line of visible characters"
                )
            ],
        ),
        (
            'name: "a\\u202eb"\ntests: [{name: é 😀}]',
            [
                (
                    "sm-ci.yml:3:7: name: holds the character U+202E, which reports cannot show: 'a\\u202eb'; "
                    "write it in one line of visible characters"
                )
            ],
        ),
    ],
)
def test_the_list_of_tests(told: Told, text: str, messages: list[str]) -> None:
    assert told(f"version: 1\nimage: i\n{text}\n") == messages
