from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sm_ci.errors import Severity, SpecError
from sm_ci.spec import load, matchers

WHOLE = """\
version: 1
name: churn
variables: {ECR: local, TAG: "1.9", N: 3}
image: "${ECR}/churn:${TAG}"
pull: missing
instance_type: ml.m5.xlarge
fit: scale
resources: {memory: 4GiB, cpus: 2, shm_size: 64MiB}
environment: {SAGEMAKER_PROGRAM: inference.py}
secrets: [HF_TOKEN]
network_isolation: false
startup_timeout: 480s
invocation_timeout: 60s
logs: {not_contains: [InconsistentVersionWarning]}
contract: {level: off}
defaults:
  request: {accept: application/json}
  tolerance: {rtol: 1.0e-5, atol: 1.0e-8}
  warmup: "${N}"
tests:
  - &first
    name: known customer
    tags: [smoke]
    request: {json: {instances: [[0.1, 0.2]]}, session_id: NEW_SESSION, headers: {X-Amzn-SageMaker-Adapter-Alias: a}}
    expect:
      status: [200, "2xx"]
      content_type: application/json
      headers: {x-model: {$exists: true}}
      json: {predictions: [{score: {$approx: 0.83, $rtol: 1.0e-3}, label: {$in: [stay, churn]}, id: {$type: string}}]}
      query: {"predictions[*].score": {$each: {$between: [0, 1]}}, "length(predictions)": 1}
      schema: {type: object, properties: {a: {type: number}}}
      text: {$matches: '^\\{'}
      latency: <250ms
      logs: {contains: [scored 1 row]}
  - name: rows
    request: {csv: [[1, a, true, null], [2]]}
    expect: {csv: [[{$approx: 0.97}, setosa]], stays_healthy: true}
  - name: image
    request: {base64: aGVsbG8=, content_type: image/jpeg}
    expect: {status: 4xx}
"""
LINES = WHOLE.splitlines()
ROOT = Path(__file__).resolve().parents[3]
SNIPPETS = st.sampled_from(
    [
        *[
            "{}",
            "[]",
            "null",
            "true",
            "1.10",
            "-1",
            ".inf",
            ".nan",
            "1e400",
            "9" * 350,
            "${N}",
            "${",
            "'${X}'",
            "$${",
            "{{a}}",
            "*first",
        ],
        *[
            "&a x",
            "<<: 1",
            "!!int x",
            "!x",
            "{$gt: 1}",
            "{$in: []}",
            "{a: {$not: {}}}",
            "[[[]]]",
            ">5",
            "@",
            "`",
            "%",
            "\t",
            "'",
            '"',
        ],
        *[
            "s3://b/k",
            "../../x",
            "a\\0b",
            '"\\0"',
            '"\\uD800"',
            "é",
            "\u2028",
            "\x85",
            "\ufeff",
            "#",
            ": ",
            "- ",
            "? ",
            "---",
            "...",
            "<null>",
        ],
        *["<text>: 1", "'<mapping>': 1", "json_: 1", "0s", "<0ms", "99999999999999s", "{framework: x}", "{build: .}"],
    ]
)
# Each example writes its file anew, so one folder serves them all.
PROPERTY = settings(derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def check(folder: Path, source: bytes) -> None:
    """Nothing but SpecError comes out, and every finding about the file has a place."""
    path = folder / "s.yml"
    path.unlink(missing_ok=True)  # ext4 writes a file out at once that is cut and written anew
    path.write_bytes(source)
    try:
        findings = load(path, variables={}, environ={"HF_TOKEN": "x", "N": "3"}, workspace=folder).findings
    except SpecError as error:
        findings = error.findings
        assert any(finding.severity is Severity.ERROR for finding in findings)
    for finding in findings:
        assert finding.at is not None
        assert finding.at.path == str(path)
        assert finding.at.line >= 1
        assert finding.at.column >= 1
        text = str(finding)
        assert "pydantic" not in text
        assert "errors.pydantic.dev" not in text
        assert "Input should" not in text


def test_the_whole_spec_is_sound(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text(WHOLE)
    assert load(tmp_path / "s.yml", variables={}, environ={"HF_TOKEN": "x"}).findings == ()


def test_there_are_examples_to_edit() -> None:
    assert EXAMPLES


@PROPERTY
@given(source=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, source: bytes) -> None:
    check(tmp_path, source)


@PROPERTY
@given(source=st.text(alphabet="ab:-[]{}\n \t\"'#&*!|>%@`?,$0.1~é\u2028", max_size=60))
def test_any_text_of_yaml_characters(tmp_path: Path, source: str) -> None:
    check(tmp_path, source.encode())


@PROPERTY
@given(line=st.integers(0, len(LINES) - 1), data=st.data())
def test_a_sound_spec_with_something_put_in(tmp_path: Path, line: int, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, len(LINES[line])))
    end = data.draw(st.integers(column, len(LINES[line])))
    changed = LINES[line][:column] + data.draw(SNIPPETS) + LINES[line][end:]
    check(tmp_path, "\n".join([*LINES[:line], changed, *LINES[line + 1 :]]).encode(errors="surrogatepass"))


@PROPERTY
@given(line=st.integers(0, len(LINES) - 1), snippet=SNIPPETS)
def test_a_sound_spec_with_another_value(tmp_path: Path, line: int, snippet: str) -> None:
    key = LINES[line].partition(": ")[0].rstrip(":")
    check(tmp_path, "\n".join([*LINES[:line], f"{key}: {snippet}", *LINES[line + 1 :]]).encode(errors="surrogatepass"))


EXAMPLES = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/*/sm-ci.yml"))]


@settings(PROPERTY, max_examples=PROPERTY.max_examples // 2)
@given(example=st.sampled_from(EXAMPLES), data=st.data())
def test_an_example_that_somebody_has_edited_badly(tmp_path: Path, example: str, data: st.DataObject) -> None:
    """Lines lost, doubled, moved and indented anew, and a piece of one taken out or put into another."""
    lines = example.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(lines[at]))] * 2)))
        edit = data.draw(st.sampled_from(["lose", "double", "swap", "indent", "cut", "paste"]))
        if edit == "lose" and len(lines) > 1:
            del lines[at]
        elif edit == "double":
            lines.insert(at, lines[at])
        elif edit == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif edit == "indent":
            lines[at] = data.draw(st.sampled_from(["", " ", "   ", "\t", "  - "])) + lines[at].lstrip()
        elif edit == "cut":
            lines[at] = lines[at][:start] + lines[at][end:]
        else:
            lines[other] = lines[other][: len(lines[other]) // 2] + lines[at][start:end]
    check(tmp_path, "\n".join(lines).encode())


KEYS = st.text(max_size=8) | st.sampled_from([*sorted(matchers.OPERATORS), matchers.STRICT, "$gtt", "$"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(matchers.TYPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    *[
        "name",
        "variables",
        "image",
        "pull",
        "model",
        "instance_type",
        "resources",
        "environment",
        "secrets",
        "logs",
        "contract",
    ],
    *["defaults", "tests", "startup_timeout", "network_isolation"],
]
INNER = [
    *[
        "request",
        "request.json",
        "request.csv",
        "request.file",
        "request.headers",
        "request.session_id",
        "expect",
        "expect.status",
    ],
    *[
        "expect.json",
        "expect.headers",
        "expect.query",
        "expect.schema",
        "expect.text",
        "expect.csv",
        "expect.latency",
        "tags",
    ],
]


@PROPERTY
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_any_value_at_the_top(tmp_path: Path, path: str, value: object) -> None:
    import json

    check(tmp_path, f"version: 1\nimage2: i\n{path}: {json.dumps(value)}\n".encode())


@PROPERTY
@given(path=st.sampled_from(INNER), value=VALUES)
def test_any_value_in_a_test(tmp_path: Path, path: str, value: object) -> None:
    import json

    keys = path.split(".")
    text = json.dumps(value)
    for key in reversed(keys):
        text = f"{{{key}: {text}}}"
    check(tmp_path, f"version: 1\nimage: i\ntests:\n  - {{name: a, {text[1:]}\n".encode())


@pytest.mark.parametrize("cut", range(0, len(WHOLE), 37))
def test_a_spec_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    check(tmp_path, WHOLE[:cut].encode())
