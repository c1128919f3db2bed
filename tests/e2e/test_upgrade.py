"""`command: upgrade` as a runner starts it: newer tags of a company's own registry, tried and written into the checkout."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import Images
from versions import ROWS, build

from sm_ci.engine import images as engines
from sm_ci.engine.client import Engine
from tests.e2e.house_registry import HouseRegistry, house_registry
from tests.e2e.runner import Annotation, Finished, Job, Runner, owned

pytestmark = pytest.mark.xdist_group("house registry")  # it is filled once
TAGS = {  # which version is behind each
    "2.5.1-cpu-py311-ubuntu22.04-sagemaker": "same",
    "2.6.0-cpu-py312-ubuntu22.04-sagemaker": "shifted",
    "2.7.0-cpu-py312-ubuntu22.04-sagemaker": "package",
    "2.8.0-cpu-py312-ubuntu22.04-sagemaker": "crashes",
}
NOW, SHIFTED, GOOD, CRASHES = TAGS
BODY = 65_536
"""Characters that GitHub takes for the body of a pull request, or of an issue."""


@pytest.fixture(scope="module")
def registry(
    engine: Engine, images: Images, fixture_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HouseRegistry]:
    with house_registry(engine, fixture_image, tmp_path_factory.mktemp("house")) as registry:
        for tag, name in TAGS.items():
            registry.plain.push(engine.raw, build(images, name), f"team/scores:{tag}")
        yield registry


@dataclass(frozen=True)
class Week:
    """A job of the workflow that looks for newer images."""

    engine: Engine
    registry: HouseRegistry
    runner: Runner

    @property
    def checkout(self) -> Path:
        return self.runner.job.checkout

    @property
    def spec(self) -> bytes:
        return (self.checkout / "sm-ci.yml").read_bytes()

    @property
    def here(self) -> list[str]:
        """Which of the tags the engine has."""
        return [tag for tag in TAGS if engines.find(self.engine, self.image(tag))]

    def image(self, tag: str) -> str:
        return self.registry.reference(f"team/scores:{tag}")

    def check_out(self, **upgrade: Any) -> bytes:
        """A spec as people write one; it belongs to the runner, as all of a checkout."""
        keys: dict[str, Any] = {"name": "scores", "startup_timeout": "20s", "contract": {"level": "off"}}
        image = f"version: 1\r\nimage: {self.image(NOW)}   # what serves now\r\n"
        rest = yaml.safe_dump(
            {**keys, "tests": [ROWS], "upgrade": {"allow": {"p50": "any"}, **upgrade}}, sort_keys=False
        )
        (self.checkout / "sm-ci.yml").write_bytes((image + rest).encode())
        (self.checkout / "authority.pem").write_bytes(self.registry.authority)
        owned(self.checkout)
        return self.spec

    def upgrade(self, *, authority: str = "authority.pem", **inputs: str) -> Finished:
        """The inputs of examples/workflows/upgrade.yml, the registry's login, and two rounds, so that nobody waits."""
        asked = {"command": "upgrade", "spec": "sm-ci.yml", "write": "true", "timeout": "3m", "rounds": "2"}
        known = {"REQUESTS_CA_BUNDLE": str(self.checkout / authority)} if authority else {}
        ended = self.runner.run({**asked, **self.registry.login, **inputs}, known)
        assert (ended.failed, ended.leftovers) == ("", ()), ended.log
        assert set(ended.written.values()) == {self.checkout.stat().st_uid}
        return ended

    def report(self, ended: Finished, output: str) -> str:
        """A file that an output names, as a step after ours opens it: from the workspace."""
        return (self.checkout / ended.outputs[output]).read_text()


@pytest.fixture
def week(engine: Engine, action: str, job: Job, registry: HouseRegistry) -> Iterator[Week]:
    made = Week(engine, registry, Runner(engine, action, job))
    yield made
    for tag in made.here:
        engines.remove(engine, made.image(tag))


def outcomes(junit: str) -> dict[str, str]:
    """The cases of the suite `upgrade`, and what became of them."""
    [suite] = ET.fromstring(junit).iter("testsuite")
    assert suite.get("name") == "upgrade"
    kinds = ("failure", "error", "skipped")
    return {
        str(case.get("name")): next((child.tag for child in case if child.tag in kinds), "passed")
        for case in suite.iter("testcase")
    }


NAMES = ("conclusion", "verdict", "current", "candidate", "refused", "changed-answers", "directory", "markdown")


def said(ended: Finished) -> dict[str, str]:
    """The outputs that a workflow goes on with."""
    return {name: ended.outputs[name] for name in NAMES}


def test_the_newest_that_passes_is_written_and_what_a_pull_request_needs_is_there(week: Week) -> None:
    """From the action's container as from the engine, the registry is asked by HTTPS, and with the login alone."""
    before = week.check_out()
    ended = week.upgrade()
    assert ended.exit == 0, ended.log
    assert said(ended) == {
        "conclusion": "success",
        "verdict": "upgraded",
        "current": NOW,
        "candidate": GOOD,
        "refused": CRASHES,
        "changed-answers": "0",
        "directory": "sm-ci-results",
        "markdown": "sm-ci-results/summary.md",
    }
    assert week.spec == before.replace(NOW.encode(), GOOD.encode())
    assert (week.checkout / "sm-ci.yml").stat().st_uid == week.checkout.stat().st_uid
    assert week.here == [NOW, GOOD]  # what was pulled for the one that is refused is gone
    dead, said_last = (
        "the container exited with code 1 before GET /ping answered 200",
        "AttributeError: module 'numpy' has no attribute 'float'",
    )
    assert ended.annotations == (
        Annotation(
            kind="warning",
            title=f"scores: {CRASHES}",
            message=f"{dead}\n{said_last}\nRead the container's log, and try: docker run IMAGE serve",
            file="sm-ci.yml",
            line=2,
        ),
    )
    body = week.report(ended, "markdown")
    headline = f"## Upgraded: scores, {week.image(GOOD)} in place of {week.image(NOW)}\n"
    assert (body.startswith(headline), ended.summary.startswith(headline)) == (True, True), body
    assert len(body) < BODY
    assert f"| {CRASHES} | minor |  |  | refused | {dead}; the log says: {said_last} |\n" in body
    assert f"\n### Why {CRASHES} ended: exited-at-start\n" in body
    assert f"| sm-ci.yml:2 | image: {week.image(NOW)} # what" in body
    assert outcomes(week.report(ended, "junit")) == {
        "newer versions are looked for": "passed",
        f"{CRASHES} (minor)": "failure",
        f"{GOOD} (minor)": "passed",
        f"{SHIFTED} (minor)": "skipped",
    }
    upgrade = week.report(ended, "json")
    assert [one["line"] for one in json.loads(upgrade)["written"]] == [2]
    assert [week.registry.secret in text for text in (ended.log, upgrade, body, ended.summary)] == [False] * 4


def test_where_none_passes_the_step_fails_and_the_checkout_stays_as_it_is(week: Week) -> None:
    before = week.check_out(tags="2.6.*")
    ended = week.upgrade()
    assert ended.exit == 1, ended.log
    assert said(ended) == {
        "conclusion": "failure",
        "verdict": "blocked",
        "current": NOW,
        "candidate": "",
        "refused": SHIFTED,
        "changed-answers": "1",
        "directory": "sm-ci-results",
        "markdown": "sm-ci-results/summary.md",
    }
    assert (week.spec, week.here) == (before, [NOW])
    [note] = ended.annotations
    assert (note.kind, note.title, note.file) == ("error", f"scores: {SHIFTED}", "sm-ci.yml")
    assert note.message.startswith("rows: $.predictions[0] was 0.3 and is 0.3001 (0.0001 apart, tolerance 3e-06)")
    body = week.report(ended, "markdown")
    headline = f"## Blocked: scores, which stays at {week.image(NOW)}\n"
    assert (body.startswith(headline), ended.summary.startswith(headline)) == (True, True), body
    assert "| &#36;.predictions&#91;0&#93; | 0.3 | 0.3001 | 0.0001 (0.0333%) |" in body
    found = {"newer versions are looked for": "passed", f"{SHIFTED} (minor)": "failure"}
    assert outcomes(week.report(ended, "junit")) == found


def test_where_there_is_nothing_newer_nothing_is_pulled_and_the_step_passes(week: Week) -> None:
    before = week.check_out()
    ended = week.upgrade(level="patch")
    assert (ended.exit, ended.annotations) == (0, ()), ended.log
    assert said(ended) == {
        "conclusion": "success",
        "verdict": "current",
        "current": NOW,
        "candidate": "",
        "refused": "",
        "changed-answers": "",
        "directory": "sm-ci-results",
        "markdown": "sm-ci-results/summary.md",
    }
    assert (week.spec, week.here) == (before, [])
    assert outcomes(week.report(ended, "junit")) == {"newer versions are looked for": "passed"}


def test_an_authority_that_the_action_does_not_know_is_told(week: Week) -> None:
    """The login is shown to nobody then."""
    before = week.check_out()
    week.registry.door.reset()
    ended = week.upgrade(authority="")
    assert (ended.exit, ended.outputs["conclusion"], ended.outputs["verdict"]) == (3, "error", ""), ended.log
    [note] = ended.annotations
    assert (note.kind, note.title) == ("error", "scores: registry-tls")
    assert note.message == (
        f"the registry {week.registry.door.host} of the image {week.image(NOW)} cannot be trusted: "
        "unable to get local issuer certificate\n"
        "Is it the right host, and its certificate valid? For an authority of your own set REQUESTS_CA_BUNDLE."
    )
    assert (week.spec, week.registry.door.log) == (before, [])
