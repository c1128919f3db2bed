"""The contract suite: for each check a container that breaks it and no other, and good containers that break none."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import BASE, CLEAN_ENVIRON, HERE, ROOT, Ended, Images, Run, Spec, finish, junit_element, launch, read_until
from junitparser import JUnitXml
from standins.registry import OCI_INDEX, Registry

from sm_ci.contract import suite
from sm_ci.engine.client import Engine

GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"
OWN = "the image is the engine's own: no registry was asked for its manifest"
UNTYPED = "the spec names no instance_type"
QUICK = {rule.name: "held" for rule in suite.RULES if rule.level is suite.Level.QUICK}
GOOD = {**QUICK, "manifest-type": "unchecked", "architecture": "unchecked"}
"""What becomes of each check on a good server whose image no registry was asked for."""
ROWS = {"name": "rows", "request": {"json": {"rows": [[1, 2], [3, 4]]}}, "expect": {"query": {"sums": [6, 14]}}}


@pytest.fixture(scope="session")
def contract_image(images: Images) -> str:
    return images.folder("contract")


@pytest.fixture
def held_to(spec: Spec, contract_image: str, tmp_path: Path) -> Spec:
    """Writes a spec that hosts the suite's own fixture with its model; `broken` is what its BREAK lists."""

    def write(broken: str = "", environment: Mapping[str, str] | None = None, **keys: Any) -> Path:
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "model.json").write_text('{"scale": 2}')
        given = {"BREAK": broken, **(environment or {})}
        defaults = {"image": contract_image, "model": "model", "contract": {"level": "quick"}, "tests": [ROWS]}
        return spec(environment=given, **{**defaults, "startup_timeout": "60s", **keys})

    return write


def outcomes(ended: Ended) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in ended.result["contract"]}


def check_of(ended: Ended, name: str) -> dict[str, Any]:
    return next(dict(check) for check in ended.result["contract"] if check["name"] == name)


def broken_in(ended: Ended) -> dict[str, str]:
    """The broken checks, each with its message."""
    return {check["name"]: check["message"] for check in ended.result["contract"] if check["outcome"] == "broken"}


def assert_told_as_warning(ended: Ended, name: str, message: str) -> None:
    """Exit status 0: a warning on the console, in the summary, in JUnit and in result.json, and nothing that fails."""
    check = check_of(ended, name)
    assert (ended.status, check["fails"]) == (0, False), ended.output
    said = f"{message}; {check['remedy']}"
    word = "notice" if check["weight"] == "advice" else "warning"
    assert f"{word}: spec.yml:3:8: {said}" in ended.output.replace(str(ended.out.parent) + "/", "")
    assert "1 warning" in ended.output.splitlines()[-2]
    assert f"| warning | {name} |" in ended.summary
    assert junit_element(ended, f"contract: {name}").tag == "system-out"  # type: ignore[union-attr]
    (finding,) = (one for one in ended.result["findings"] if one["rule"] == f"contract:{name}")
    assert (finding["severity"], finding["message"]) == (word, message)


def assert_fails(ended: Ended, name: str, message: str) -> None:
    """Exit status 1, and a failure in every report."""
    check = check_of(ended, name)
    assert (ended.status, check["fails"]) == (1, True), ended.output
    said = f"{message}; {check['remedy']}"
    assert f"error: " in ended.output
    assert said in ended.output
    assert f"| failed | {name} |" in ended.summary
    failed = [
        (case.name, result.message, result.type)
        for suite in JUnitXml.fromfile(str(ended.out / "junit.xml"))
        for case in suite
        for result in case.result
        if case.name == f"contract: {name}"
    ]
    assert failed == [(f"contract: {name}", said, check["weight"])]
