from __future__ import annotations

import time
from typing import Any

import pytest

from sm_ci.spec.document import read
from sm_ci.spec.variables import Expanded, expand, is_credential, references


def expanded(source: str, given: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Expanded:
    return expand(read("s.yml", source), given=given or {}, environ=environ or {})


def value(source: str, given: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Any:
    result = expanded(source, given, environ)
    assert result.findings == ()
    assert result.broken == frozenset()
    return result.value["x"]


def said(source: str, given: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> list[str]:
    return [str(finding) for finding in expanded(source, given, environ).findings]


def test_var_beats_environment_beats_default() -> None:
    source = "variables: {A: default}\nx: ${A}\n"
    assert value(source) == "default"
    assert value(source, environ={"A": "environment"}) == "environment"
    assert value(source, environ={"A": ""}) == "default"
    assert value(source, given={"A": "var"}, environ={"A": "environment"}) == "var"
    assert value(source, given={"A": ""}, environ={"A": "environment"}) == ""


@pytest.mark.parametrize(
    ("default", "text", "result"),
    [
        ("1.10", None, 1.1),
        ("true", None, True),
        ("'1.10'", None, "1.10"),
        ("null", "1.10", "1.10"),
        ("abc", "1.10", "1.10"),
        ("1", "2.5", 2.5),
        ("1", "0o17", 15),
        ("1", ".inf", float("inf")),
        ("false", "TRUE", True),
        ("'false'", "true", "true"),
    ],
)
def test_a_string_that_is_one_variable_takes_its_type(default: str, text: str | None, result: object) -> None:
    given = {} if text is None else {"A": text}
    got = value(f"variables: {{A: {default}}}\nx: ${{A}}\n", given)
    assert got == result
    assert type(got) is type(result)


def test_inside_a_longer_text_a_value_stands_as_it_was_written() -> None:
    source = "variables: {V: 1.10, ON: TRUE}\nx: 'repo:${V}-${ON} ${V}'\n"
    assert value(source) == "repo:1.10-TRUE 1.10"
    assert value(source, {"V": "2.20"}) == "repo:2.20-TRUE 2.20"


def test_every_string_value_is_expanded_and_no_key() -> None:
    source = "variables: {A: a}\nx: {'${A}': ['${A}', {b: 'c${A}'}, 1, null]}\n"
    assert value(source) == {"${A}": ["a", {"b": "ca"}, 1, None]}


def test_version_and_variables_stay_as_they_are() -> None:
    result = expanded("version: ${A}\nvariables: {A: b}\nx: 1\n")
    assert result.value == {"version": "${A}", "variables": {"A": "b"}, "x": 1}


@pytest.mark.parametrize(
    ("text", "result"),
    [("$${A}", "${A}"), ("$$${A}", "$${A}"), ("a$${", "a${"), ("$A $", "$A $"), ("$${A}${A}", "${A}a"), ("^x$", "^x$")],
)
def test_a_literal_dollar_and_brace(text: str, result: str) -> None:
    assert value(f"variables: {{A: a}}\nx: '{text}'\n") == result


def test_a_literal_in_a_default() -> None:
    assert value("variables: {A: '$${b}'}\nx: ${A}\n") == "${b}"


def test_aliases_are_expanded_where_they_stand() -> None:
    assert value("variables: {A: a}\nbase: &b ['${A}']\nx: [*b, *b]\n") == [["a"], ["a"]]


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("variables: {TAG: a}\nx: ${TGA}\n", ["s.yml:2:4: x: the variable 'TGA' is not declared; did you mean 'TAG'?"]),
        (
            "x: {y: ['${N}']}\n",
            ["s.yml:1:9: x.y[0]: the variable 'N' is not declared; declare it: variables: {N: null}"],
        ),
        (
            "variables: {A: null}\nx: ${A}\ny: ${A}\n",
            [
                (
                    "s.yml:1:13: variables.A: is required and has no value; "
                    "give it with --var A=VALUE or in the environment variable A"
                )
            ],
        ),
        (
            "variables: {A: null}\nx: 1\n",
            [
                (
                    "s.yml:1:13: variables.A: is required and has no value; "
                    "give it with --var A=VALUE or in the environment variable A"
                )
            ],
        ),
        ("x: 'a${'\n", ["s.yml:1:4: x: holds a '${' without a name and '}'; write ${NAME}, or $${ for a literal ${"]),
        ("x: 'a${b'\n", ["s.yml:1:4: x: holds a '${' without a name and '}'; write ${NAME}, or $${ for a literal ${"]),
        (
            "x: ${row.age}\n",
            [
                "s.yml:1:4: x: '${row.age}' does not name a variable; use letters, digits and _, or write $${ for a literal ${"
            ],
        ),
        (
            "x: ${}\n",
            ["s.yml:1:4: x: '${}' does not name a variable; use letters, digits and _, or write $${ for a literal ${"],
        ),
        (
            "x: '${{ secrets.A }}'\n",
            [
                (
                    "s.yml:1:4: x: holds GitHub's ${{ … }}, which only workflow files know; "
                    "declare a variable and give it with --var or env"
                )
            ],
        ),
        (
            "variables: {A: '${B}', B: b}\nx: ${A}\n",
            ["s.yml:1:16: variables.A: a default cannot hold ${…}; write it out; $${ is a literal ${"],
        ),
        (
            "variables: {a-b: 1}\nx: 1\n",
            ['s.yml:1:13: variables["a-b"]: is not a name for a variable; use letters, digits and _, no digit first'],
        ),
        (
            "variables: {GITHUB_TOKEN: x}\nx: ${GITHUB_TOKEN}\n",
            [
                "s.yml:1:13: variables.GITHUB_TOKEN: is the name of a credential, which no spec can read; choose another name"
            ],
        ),
        ("x: ${GH_TOKEN}\n", ["s.yml:1:4: x: GH_TOKEN is the name of a credential, which no spec can read"]),
    ],
)
def test_errors(source: str, messages: list[str]) -> None:
    assert said(source) == messages


@pytest.mark.parametrize(
    ("default", "text", "message"),
    [
        (
            "1",
            "abc",
            (
                "s.yml:1:13: variables.A: must be a number as its default is, not the text 'abc' from --var; "
                "give such a value, or put the default in quotes"
            ),
        ),
        (
            "1.5",
            "true",
            (
                "s.yml:1:13: variables.A: must be a number as its default is, not the text 'true' from --var; "
                "give such a value, or put the default in quotes"
            ),
        ),
        (
            "true",
            "1",
            (
                "s.yml:1:13: variables.A: must be true or false as its default is, not the text '1' from --var; "
                "give such a value, or put the default in quotes"
            ),
        ),
        (
            "1",
            "9" * 301,
            (
                f"s.yml:1:13: variables.A: must be a number as its default is, not the text '{'9' * 30}…{'9' * 29}' from --var; "
                "give such a value, or put the default in quotes"
            ),
        ),
        ("x", "\udcff", "s.yml:1:13: variables.A: is not UTF-8 in --var; give it in UTF-8"),
    ],
)
def test_a_value_from_outside_must_be_of_the_defaults_kind(default: str, text: str, message: str) -> None:
    assert said(f"variables: {{A: {default}}}\nx: ${{A}}\n", {"A": text}) == [message]


def test_the_environment_is_named_when_it_is_the_source() -> None:
    assert said("variables: {A: 1}\nx: ${A}\n", environ={"A": "abc"}) == [
        (
            "s.yml:1:13: variables.A: must be a number as its default is, not the text 'abc' from the environment; "
            "give such a value, or put the default in quotes"
        )
    ]


def test_var_for_a_variable_that_is_not_declared() -> None:
    assert said("variables: {TAG: a}\nx: 1\n", {"TGA": "x"}) == [
        "--var 'TGA': s.yml declares no such variable; did you mean 'TAG'?"
    ]
    assert said("x: 1\n", {"A": "x"}) == ["--var 'A': s.yml declares no such variable; declare it under variables"]


def test_the_places_where_a_variable_failed_are_known() -> None:
    assert expanded("variables: {A: null}\nx: {y: ['${A}', '${B}', b]}\n").broken == {"x.y[0]", "x.y[1]"}


def test_variables_that_are_no_mapping_are_left_to_the_model() -> None:
    result = expanded("variables: [A]\nx: ${A}\n")
    assert result.findings == ()
    assert result.broken == {"x"}


def test_only_declared_names_are_read_from_the_environment() -> None:
    class Environment(dict[str, str]):
        read: list[object]

        def get(self, key: object, default: Any = None) -> Any:
            self.read.append(key)
            return super().get(str(key), default)

    environ = Environment(A="a", SECRET="s")
    environ.read = []
    expand(read("s.yml", "variables: {A: null, B: b}\nx: ${A}${SECRET}\n"), given={}, environ=environ)
    assert set(environ.read) == {"A", "B"}


def test_a_spec_that_explodes_by_variables_is_refused_at_once() -> None:
    source = f"variables: {{A: {'x' * 100_000}}}\nx: '{'${A}' * 100_000}'\n"
    began = time.process_time()
    assert said(source) == ["s.yml:2:4: x: here the variables of this file expand to more than 1 MiB"]
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_BEARER_TOKEN_BEDROCK",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "INPUT_PASSWORD",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "github_token",
    ],
)
def test_names_of_credentials(name: str) -> None:
    assert is_credential(name)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_PROFILE", "GITHUB_SHA", "HF_TOKEN", "TAG", "MY_ACTIONS_", "INPUT"])
def test_other_names(name: str) -> None:
    assert not is_credential(name)


def test_references() -> None:
    assert list(references("a${B}$${C}${D}${")) == ["B", "D"]
