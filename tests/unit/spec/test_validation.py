from __future__ import annotations

import pytest

from sm_ci.spec.document import read
from sm_ci.spec.validation import validate
from sm_ci.spec.value import Value
from sm_ci.spec.variables import expand


def said(source: str) -> list[str]:
    document = read("s.yml", source)
    file, findings, _ = validate(Value(document, expand(document, given={}, environ={}).value))
    assert (file is None) == bool(findings)
    return [str(finding) for finding in findings]


def below(text: str, head: str = "version: 1\nimage: i\n") -> list[str]:
    return said(head + text)


def expect(text: str) -> list[str]:
    return below(f"tests:\n  - name: a\n    expect:\n      {text}\n")


def request(text: str) -> list[str]:
    return below(f"tests:\n  - name: a\n    request:\n      {text}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imag: x", "s.yml:3:1: imag: is not a known key; did you mean 'image'?"),
        ("zzz: x", "s.yml:3:1: zzz: is not a known key"),
        ("memory: 4GiB", "s.yml:3:1: memory: is not a known key; did you mean 'resources.memory'?"),
        ("resources: {memroy: 4GiB}", "s.yml:3:13: resources.memroy: is not a known key; did you mean 'memory'?"),
        (
            "defaults: {request: {acept: x}}",
            "s.yml:3:22: defaults.request.acept: is not a known key; did you mean 'accept'?",
        ),
    ],
)
def test_unknown_keys(text: str, message: str) -> None:
    assert below(text) == [message]


def test_unknown_keys_of_a_test() -> None:
    assert expect("staus: 200") == ["s.yml:6:7: tests[0].expect.staus: is not a known key; did you mean 'status'?"]
    assert request("expect: {status: 200}") == [
        "s.yml:6:7: tests[0].request.expect: belongs one level up, beside request"
    ]
    assert expect("name: b") == ["s.yml:6:7: tests[0].expect.name: belongs one level up, beside expect"]
    assert below("tests:\n  - name: a\n    status: 200") == [
        "s.yml:5:5: tests[0].status: is not a known key; did you mean 'expect.status'?"
    ]
    assert said("version: 1\nimage: {build: x, dockerfle: y}") == [
        "s.yml:2:19: image.dockerfle: is not a known key; did you mean 'dockerfile'?"
    ]


@pytest.mark.parametrize("key", ["mode", "matrix", "exclude", "evaluations"])
def test_keys_that_come_later(key: str) -> None:
    assert below(f"{key}: x") == [f"s.yml:3:1: {key}: is not supported yet; leave it out"]


@pytest.mark.parametrize("key", ["cases", "ignore", "repeat", "each", "steps"])
def test_keys_of_a_test_that_come_later(key: str) -> None:
    assert below(f"tests:\n  - name: a\n    {key}: x") == [
        f"s.yml:5:5: tests[0].{key}: is not supported yet; leave it out"
    ]


@pytest.mark.parametrize("key", ["array", "same_as", "over"])
def test_expectations_that_come_later(key: str) -> None:
    assert expect(f"{key}: x") == [f"s.yml:6:7: tests[0].expect.{key}: is not supported yet; leave it out"]


def test_an_image_is_built_or_named() -> None:
    assert said("version: 1\nimage: {framework: djl, version: '1', build: .}") == [
        "s.yml:2:39: image.build: belongs to another kind of image than the keys beside it; leave it out"
    ]
    assert said("version: 1\nimage: {version: '1'}") == [
        "s.yml:2:8: image.build: is missing; add it",
        "s.yml:2:9: image.version: belongs to another kind of image than the keys beside it; leave it out",
    ]
    assert said("version: 1\nimage: {framework: djl, version: 0.36}")[0].startswith(
        "s.yml:2:34: image.version: must be text, not the number 0.36"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{level: all}", "s.yml:3:19: contract.level: must be quick, full or off, not the text 'all'"),
        ("{fail_on: all}", "s.yml:3:21: contract.fail_on: must be refused, misbehaves or advice, not the text 'all'"),
        (
            "{payload_limit: 25}",
            "s.yml:3:27: contract.payload_limit: is a size without a unit: 25; write the unit too, for example 25GiB",
        ),
    ],
)
def test_the_contract_suite_in_its_own_words(text: str, message: str) -> None:
    assert below(f"contract: {text}") == [message]


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("a: 1", ["s.yml:1:1: version: is missing; write version: 1", "s.yml:1:1: image: is missing; add it"]),
        ("version: 1\nimage: i\ntests:\n  - request: {}", ["s.yml:4:5: tests[0].name: is missing; add it"]),
        ("version: 1\nimage: {target: x}", ["s.yml:2:8: image.build: is missing; add it"]),
    ],
)
def test_missing_keys_have_the_place_of_their_mapping(source: str, messages: list[str]) -> None:
    assert said(source)[: len(messages)] == messages


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("version: 2", "s.yml:1:10: version: must be the number 1, not the number 2; this sm-ci reads version 1"),
        ("version: '1'", "s.yml:1:10: version: must be the number 1, not the text '1'; write version: 1"),
        ("version: one", "s.yml:1:10: version: must be the number 1, not the text 'one'; this sm-ci reads version 1"),
    ],
)
def test_version(source: str, message: str) -> None:
    assert said(f"{source}\nimage: i\n") == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: 1.10", 's.yml:3:7: name: must be text, not the number 1.1; write it in quotes: "1.10"'),
        ("name: ''", "s.yml:3:7: name: must not be empty"),
        (
            "environment: {V: 1.10}",
            's.yml:3:18: environment.V: must be text, not the number 1.1; write it in quotes: "1.10"',
        ),
        (
            "environment: {DEBUG: True}",
            's.yml:3:22: environment.DEBUG: must be text, not the boolean true; write it in quotes: "True"',
        ),
        (
            "environment: {E: }",
            's.yml:3:18: environment.E: must be text, not null; write "" for an empty text, or leave the key out',
        ),
        ("environment: [A=b]", "s.yml:3:14: environment: must be a mapping, not a list"),
        ("secrets: HF_TOKEN", "s.yml:3:10: secrets: must be a list, not the text 'HF_TOKEN'; write [HF_TOKEN]"),
        ("secrets: [0x1F]", 's.yml:3:11: secrets[0]: must be text, not the number 31; write it in quotes: "0x1F"'),
        ("fit: scal", "s.yml:3:6: fit: must be scale or require, not the text 'scal'; did you mean 'scale'?"),
        ("fit: 3", "s.yml:3:6: fit: must be scale or require, not the number 3"),
        ("pull: [never]", "s.yml:3:7: pull: must be missing, newer, always or never, not a list"),
        (
            "network_isolation: yes",
            "s.yml:3:20: network_isolation: must be true or false, not the text 'yes'; write true",
        ),
        (
            "network_isolation: Off",
            "s.yml:3:20: network_isolation: must be true or false, not the text 'Off'; write false",
        ),
        (
            "network_isolation: 'true'",
            "s.yml:3:20: network_isolation: must be true or false, not the text 'true'; write it without quotes: true",
        ),
        ("network_isolation: 1", "s.yml:3:20: network_isolation: must be true or false, not the number 1"),
        (
            "resources: {cpus: '2'}",
            "s.yml:3:19: resources.cpus: must be a number, not the text '2'; write it without quotes: 2",
        ),
        ("resources: {cpus: true}", "s.yml:3:19: resources.cpus: must be a number, not the boolean true"),
        ("resources: {cpus: 0}", "s.yml:3:19: resources.cpus: must be at least 0.01, not 0"),
        ("resources: {cpus: .inf}", "s.yml:3:19: resources.cpus: must be a finite number, not .inf"),
        (
            "resources: {memory: 4}",
            "s.yml:3:21: resources.memory: is a size without a unit: 4; write the unit too, for example 4GiB",
        ),
        (
            "startup_timeout: 60",
            "s.yml:3:18: startup_timeout: is a time without a unit: 60; write the unit too, for example 60s",
        ),
        (
            "invocation_timeout: soon",
            (
                "s.yml:3:21: invocation_timeout: is not a time: 'soon'; "
                "write a number and a unit (us, ms, s, m, h), for example 60s"
            ),
        ),
        ("defaults: {warmup: -1}", "s.yml:3:20: defaults.warmup: must be at least 0, not -1"),
        ("defaults: {warmup: 1.5}", "s.yml:3:20: defaults.warmup: must be a whole number, not the number 1.5"),
        (
            "variables: {A: [1]}",
            "s.yml:3:16: variables.A: must be text, a number or a boolean, not a list",
        ),
        ("tests: {a: 1}", "s.yml:3:8: tests: must be a list, not a mapping"),
        ("tests: [x]", "s.yml:3:9: tests[0]: must be a mapping, not the text 'x'"),
        ("contract: off", "s.yml:3:11: contract: must be a mapping, not the text 'off'"),
    ],
)
def test_wrong_values(text: str, message: str) -> None:
    assert below(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.10", 's.yml:2:8: image: must be text or a mapping, not the number 1.1; write it in quotes: "1.10"'),
        ("[a]", "s.yml:2:8: image: must be text or a mapping, not a list"),
        ("{build: 3}", 's.yml:2:16: image.build: must be text, not the number 3; write it in quotes: "3"'),
        (
            "{build: x, args: {PYTHON: 3.10}}",
            's.yml:2:34: image.args.PYTHON: must be text, not the number 3.1; write it in quotes: "3.10"',
        ),
    ],
)
def test_an_image_that_is_wrong_gives_one_error(text: str, message: str) -> None:
    assert said(f"version: 1\nimage: {text}\n") == [message]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("status: {}", ["s.yml:6:15: tests[0].expect.status: must be a number, text or a list, not an empty mapping"]),
        ("status: 1.5", ["s.yml:6:15: tests[0].expect.status: must be a whole number, not the number 1.5"]),
        (
            "status: [200, true, 4xx]",
            ["s.yml:6:21: tests[0].expect.status[1]: must be a number or text, not the boolean true"],
        ),
        (
            "schema: 3",
            [
                's.yml:6:15: tests[0].expect.schema: must be text or a mapping, not the number 3; write it in quotes: "3"'
            ],
        ),
        (
            "latency: 250ms",
            [
                "s.yml:6:16: tests[0].expect.latency: is not a limit: '250ms'; write '<' or '<=' and a time, for example <250ms"
            ],
        ),
        (
            "logs: {contains: scored}",
            ["s.yml:6:24: tests[0].expect.logs.contains: must be a list, not the text 'scored'; write [scored]"],
        ),
    ],
)
def test_wrong_expectations(text: str, messages: list[str]) -> None:
    assert expect(text) == messages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "csv: 5",
            's.yml:6:12: tests[0].request.csv: must be text or a list, not the number 5; write it in quotes: "5"',
        ),
        (
            "csv: [[1, {}]]",
            "s.yml:6:17: tests[0].request.csv[0][1]: must be text, a number or a boolean, not an empty mapping",
        ),
        ("csv: [1]", "s.yml:6:13: tests[0].request.csv[0]: must be a list, not the number 1"),
        ("target_model: ''", "s.yml:6:21: tests[0].request.target_model: must not be empty"),
        (
            f"inference_id: {'x' * 65}",
            "s.yml:6:21: tests[0].request.inference_id: has 65 characters, at most 64 are allowed; shorten it",
        ),
    ],
)
def test_wrong_requests(text: str, message: str) -> None:
    assert request(text) == [message]


def test_a_value_of_the_wrong_type_that_came_from_a_variable() -> None:
    source = "version: 1\nvariables: {TAG: 1.10, N: '2'}\nimage: ${TAG}\nresources: {cpus: '${N}'}\n"
    assert said(source) == [
        's.yml:3:8: image: must be text or a mapping, not the number 1.1; write the default of TAG in quotes: "1.10"',
        (
            "s.yml:4:19: resources.cpus: must be a number, not the text '2'; "
            "a variable is a number or a boolean when its default is one: give N such a default"
        ),
    ]


@pytest.mark.parametrize("key", ["<text>", "<mapping>"])
def test_keys_that_look_like_the_tags_of_unions(key: str) -> None:
    assert below(f"{key}: 1") == [f's.yml:3:1: ["{key}"]: is not a known key']
    assert below(f"environment: {{{key}: 1}}") == [
        f's.yml:3:{len(key) + 17}: environment["{key}"]: must be text, not the number 1; write it in quotes: "1"'
    ]
    assert said(f"version: 1\nimage: {{build: x, {key}: 1}}") == [f's.yml:2:19: image["{key}"]: is not a known key']


def test_long_values_are_shortened() -> None:
    assert below(f"fit: {'x' * 100}") == [
        f"s.yml:3:6: fit: must be scale or require, not the text '{'x' * 30}…{'x' * 29}'"
    ]


def test_a_sound_spec_becomes_the_model() -> None:
    document = read("s.yml", "version: 1\nimage: i\ntests: [{name: a, tags: [t], expect: {status: [200, 4xx]}}]\n")
    file, findings, _ = validate(Value(document, document.root.value))
    assert findings == []
    assert file is not None
    assert file.tests[0].tags == ("t",)
    assert file.tests[0].expect.status == (200, "4xx")
