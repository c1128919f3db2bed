from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sm_ci.errors import Location, Severity, SpecError
from sm_ci.spec import Spec, load

Loaded = Callable[..., Spec]
Told = Callable[..., list[str]]

SOUND = """\
version: 1
variables: {TAG: "1.9", CPUS: 2}
image: repo/churn:${TAG}
resources: {cpus: "${CPUS}"}
secrets: [HF_TOKEN]
startup_timeout: 2h
tests:
  - name: known customer
    tags: [smoke]
    request: {json: {instances: [[0.1, 0.2]]}}
    expect: {json: {predictions: [{score: {$approx: 0.83}}]}, latency: <250ms}
  - {name: other}
"""


def test_a_sound_spec(loaded: Loaded, tmp_path: Path) -> None:
    spec = loaded(SOUND, environ={"HF_TOKEN": "hf_1", "OTHER": "x"})
    assert spec.path == tmp_path / "repository" / "sm-ci.yml"
    assert spec.directory == tmp_path / "repository"
    assert spec.name == "repository"
    assert spec.file.image == "repo/churn:1.9"
    assert spec.file.resources.cpus == 2
    assert spec.secrets == {"HF_TOKEN": "hf_1"}
    assert "hf_1" not in repr(spec)
    assert [case.id for case in spec.cases] == ["repository::known customer", "repository::other"]
    assert [finding.rule for finding in spec.findings] == ["timeout"]


def test_places_of_cases(loaded: Loaded) -> None:
    spec = loaded(SOUND, environ={"HF_TOKEN": "x"})
    path = str(spec.path)
    first, second = spec.cases
    assert first.at == Location(path=path, line=8, column=11)
    assert first.place() == Location(path=path, line=8, column=5)
    assert first.place("expect", "json", "predictions", 0, "score") == Location(path=path, line=11, column=43)
    assert first.place("expect", "json", "predictions", 7, "x") == Location(path=path, line=11, column=34)
    assert first.place("expect", "status") == Location(path=path, line=11, column=13)
    assert second.at == Location(path=path, line=12, column=12)
    assert spec.place("secrets", 0) == Location(path=path, line=5, column=11)
    assert spec.place("logs") == Location(path=path, line=1, column=1)


@pytest.mark.parametrize(
    ("file", "head", "name"),
    [
        ("churn.yml", "", "churn"),
        ("sm-ci.yml", "", "folder"),
        ("sm-ci.yaml", "", "folder"),
        ("churn.yml", "name: other\n", "other"),
    ],
)
def test_the_name_of_a_spec(tmp_path: Path, file: str, head: str, name: str) -> None:
    path = tmp_path / "folder" / file
    path.parent.mkdir()
    path.write_text(f"version: 1\n{head}image: i\ntests: [{{name: a}}]\n")
    spec = load(path, variables={}, environ={})
    assert (spec.name, spec.cases[0].id) == (name, f"{name}::a")


def test_a_relative_path_stays_as_it_was_given() -> None:
    example = Path(__file__).resolve().parents[3] / "examples" / "iris" / "sm-ci.yml"
    if Path.cwd() != example.parents[2]:
        return
    spec = load(Path("examples/iris/sm-ci.yml"), variables={}, environ={})
    assert spec.cases[0].at.path == "examples/iris/sm-ci.yml"
    assert spec.directory == example.parent


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.yml", "absent.yml:1:1: does not exist; name the spec's YAML file"),
        ("folder", "folder:1:1: is not a file; name the spec's YAML file"),
        ("file/x.yml", "file/x.yml:1:1: cannot be read: Not a directory; name the spec's YAML file"),
        ("x" * 300, f"{'x' * 300}:1:1: cannot be read: File name too long; name the spec's YAML file"),
        ("a\0b", "a\0b:1:1: cannot be read: embedded null byte; name the spec's YAML file"),
    ],
)
def test_a_spec_that_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SpecError) as caught:
        load(tmp_path / name, variables={}, environ={})
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_all_errors_at_once_in_the_order_of_the_file_and_warnings_after_them(told: Told) -> None:
    assert told("""\
        version: 1
        invocation_timeout: 2m
        imag: x
        image: 1.10
        environment: {A: 1, A: 2}
        model: ${MODL}
        tests:
          - name: a
            request: {json: 1, text: b}
            expect: {staus: 200, json: {$gtt: 1}, latency: >500ms
                    }
    """) == [
        "sm-ci.yml:5:21: environment.A: is given twice; the first is in line 5; keep one of the two",
        "sm-ci.yml:10:52: a value that begins with '>' must stand in quotes; write \">500ms\"",
    ]
    assert told(
        """\
        version: 1
        invocation_timeout: 2m
        imag: x
        image: 1.10
        environment: {A: 1, A: 2}
        model: ${MODL}
        tests:
          - name: a
            request: {json: 1, text: b}
            expect: {staus: 200, json: {$gtt: 1}, latency: 500ms}
        """,
        variables={"MODEL": "m"},
    ) == [
        "--var 'MODEL': sm-ci.yml declares no such variable; declare it under variables",
        "sm-ci.yml:3:1: imag: is not a known key; did you mean 'image'?",
        'sm-ci.yml:4:8: image: must be text or a mapping, not the number 1.1; write it in quotes: "1.10"',
        'sm-ci.yml:5:18: environment.A: must be text, not the number 1; write it in quotes: "1"',
        "sm-ci.yml:5:21: environment.A: is given twice; the first is in line 5; keep one of the two",
        "sm-ci.yml:6:8: model: the variable 'MODL' is not declared; declare it: variables: {MODL: null}",
        "sm-ci.yml:9:24: tests[0].request.text: a request has one body, and both json and text are given; keep one of them",
        "sm-ci.yml:10:14: tests[0].expect.staus: is not a known key; did you mean 'status'?",
        "sm-ci.yml:10:33: tests[0].expect.json.$gtt: '$gtt' is not an operator; did you mean '$gt'?",
        (
            "sm-ci.yml:10:52: tests[0].expect.latency: is not a limit: '500ms'; "
            "write '<' or '<=' and a time, for example <500ms"
        ),
        "sm-ci.yml:2:21: invocation_timeout: SageMaker waits at most 60s for an answer, not 2m; write 60s or less",
    ]


def test_a_variable_that_failed_gives_no_second_error(told: Told) -> None:
    text = """\
        version: 1
        variables: {T: null}
        image: i
        startup_timeout: ${T}
        instance_type: ml.${T}
        tests: [{name: a}]
    """
    assert told(text) == [
        (
            "sm-ci.yml:2:13: variables.T: is required and has no value; "
            "give it with --var T=VALUE or in the environment variable T"
        )
    ]


def test_a_merge_key_is_told_once(told: Told) -> None:
    text = """\
        version: 1
        image: i
        environment: &e {A: b}
        tests:
          - &t {name: a}
          - {<<: *t, request: {<<: *e, json: 1}}
          - {<<: *t, <<: *e, expect: {json: {<<: *e}}}
    """
    said = "'<<' merges mappings in YAML 1.1; a spec is YAML 1.2; write the keys out"
    assert told(text) == [
        f"sm-ci.yml:6:6: tests[1]: {said}",
        f"sm-ci.yml:6:24: tests[1].request: {said}",
        f"sm-ci.yml:7:6: tests[2]: {said}",
        f"sm-ci.yml:7:14: tests[2]: {said}",
        f"sm-ci.yml:7:38: tests[2].expect.json: {said}",
    ]
    assert told("version: 1\nimage: i\nenvironment: {<<: {A: b}}\ntests: [{name: a}]\n") == [
        f"sm-ci.yml:3:15: environment: {said}"
    ]


def test_an_error_in_an_aliased_value_is_told_once(told: Told) -> None:
    text = "version: 1\nimage: i\ntests:\n  - {name: a, expect: &e {json: {$gtt: 1}}}\n  - {name: b, expect: *e}\n"
    assert told(text) == ["sm-ci.yml:4:34: tests[0].expect.json.$gtt: '$gtt' is not an operator; did you mean '$gt'?"]


def test_findings_carry_rule_value_and_severity(loaded: Loaded) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(f"version: 1\nimage: 1.10\nfit: {'x' * 100}\n")
    first, second, third = caught.value.findings
    assert (first.rule, first.given, first.severity) == ("type", "1.10", Severity.ERROR)
    assert second.given == f"{'x' * 30}…{'x' * 29}"
    assert (third.rule, third.severity) == ("no-tests", Severity.WARNING)


def test_five_thousand_tests_are_loaded_without_quadratic_work(tmp_path: Path) -> None:
    path = tmp_path / "many.yml"
    path.write_text("version: 1\nimage: i\ntests:\n" + "".join(f"  - {{name: case {n}}}\n" for n in range(5_000)))
    began = time.process_time()
    spec = load(path, variables={}, environ={})
    assert time.process_time() - began < 15
    assert len(spec.cases) == 5_000


def test_the_package_imports_without_its_heavy_libraries() -> None:
    heavy = "{'pydantic', 'yaml', 'jsonschema', 'jmespath', 'difflib'}"
    program = f"import sys, sm_ci.spec; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
