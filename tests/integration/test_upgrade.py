"""Newer images of a real registry with a login, tried against the one in use, and written into the files that name it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import CLEAN_ENVIRON, Images, read_until
from standins.registry import Registry
from versions import ROWS, Compared, build, sm_ci, write_spec

from sm_ci.engine import images as engines
from sm_ci.engine.client import Engine

TAGS = {  # tags of AWS's own shape: which version is behind each
    "2.5.1-cpu-py311-ubuntu22.04-sagemaker": "same",
    "2.5.1-cpu-py311-ubuntu22.04-sagemaker-v1.9": "same",  # written more precisely: another family
    "2.6.0-cpu-py312-ubuntu22.04-sagemaker": "package",
    "2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker": "package",
    "2.7.0-cpu-py312-ubuntu22.04-sagemaker": "shifted",
    "2.10.0-cpu-py312-ubuntu22.04-sagemaker": "crashes",  # newer than 2.7 only for who counts
    "3.0.0-cpu-py312-ubuntu24.04-sagemaker": "same",
}
NOW = "2.5.1-cpu-py311-ubuntu22.04-sagemaker"
GOOD, SHIFTED, CRASHES = list(TAGS)[2], list(TAGS)[4], list(TAGS)[5]
QUICK = ("--rounds", "2", "--allow", "p50=any")


@dataclass(frozen=True)
class Shop:
    """The registry, with the login that it asks for."""

    registry: Registry
    digests: Mapping[str, str]
    repository: str

    @property
    def environ(self) -> dict[str, str]:
        return {"SM_CI_REGISTRY_PASSWORD": self.registry.secret}

    @property
    def login(self) -> tuple[str, ...]:
        return ("--registry-username", self.registry.user)

    def image(self, tag: str) -> str:
        return f"{self.repository}:{tag}"


@pytest.fixture(scope="module")
def shop(engine: Engine, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        digests = {
            tag: registry.push(engine.raw, build(images, name), f"team/scores:{tag}") for tag, name in TAGS.items()
        }
        shop = Shop(registry, digests, registry.reference("team/scores"))
        yield shop
        for tag in TAGS:
            engines.remove(engine, shop.image(tag))


def upgrade(shop: Shop, folder: Path, *options: str, environ: Mapping[str, str] | None = None, **keys: Any) -> Compared:
    spec = write_spec(folder / "sm-ci.yml", **{"image": shop.image(NOW), "tests": [ROWS], "pull": "missing", **keys})
    return sm_ci(folder, "upgrade", spec, *shop.login, *options, environ={**shop.environ, **(environ or {})})


def outcomes(ended: Compared) -> dict[str, str]:
    return {one["version"]["tag"]: one["outcome"] for one in ended.upgrade["candidates"]}


def test_the_newest_that_passes_is_written_where_the_image_is_named(shop: Shop, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(f'image = "{shop.image(NOW)}" # in use\r\n')
    (tmp_path / "k8s.yml").write_text(f"image: {shop.image(NOW)}@{shop.digests[NOW]}\n")
    write = ["sm-ci.yml", "main.tf", "k8s.yml"]
    ended = upgrade(shop, tmp_path, "--write", *QUICK, upgrade={"write": write, "allow": {"image_size": "+20%"}})
    assert ended.status == 0, ended.output
    assert (ended.upgrade["verdict"], ended.upgrade["chosen"]["tag"]) == ("upgraded", GOOD)
    assert outcomes(ended) == {CRASHES: "refused", SHIFTED: "refused", GOOD: "passed"}
    assert [one["level"] for one in ended.upgrade["candidates"]] == ["minor"] * 3
    assert ended.upgrade["first_bad"]["tag"] == SHIFTED
    (passed_over,) = (one for one in ended.upgrade["passed_over"] if "farther" in one)
    assert passed_over == "1 newer tag is farther than minor: 3.0.0-cpu-py312-ubuntu24.04-sagemaker"
    assert (tmp_path / "main.tf").read_bytes() == f'image = "{shop.image(GOOD)}" # in use\r\n'.encode()
    assert (tmp_path / "k8s.yml").read_text() == f"image: {shop.image(GOOD)}@{shop.digests[GOOD]}\n"
    assert f"image: {shop.image(GOOD)}\n" in (tmp_path / "sm-ci.yml").read_text()
    written = [(one["path"], one["line"]) for one in ended.upgrade["written"]]
    assert written == [("sm-ci.yml", 3), ("main.tf", 1), ("k8s.yml", 1)]
    summary = (ended.out / "summary.md").read_text()
    assert GOOD in summary
    assert "0.3001" in summary  # why the newer one was refused
    here = [tag for tag in TAGS if engines.find(engine, shop.image(tag))]
    assert here == [NOW, GOOD]  # what was refused is not left on the disk
    assert shop.registry.secret not in ended.output + summary + (ended.out / "upgrade.json").read_text()
    for tag in (CRASHES, SHIFTED, GOOD):
        assert (ended.out / tag / "comparison.json").is_file()


def test_by_halves_the_first_bad_one_is_found(shop: Shop, tmp_path: Path) -> None:
    ended = upgrade(shop, tmp_path, "--find", "first-bad", *QUICK)
    assert ended.status == 0, ended.output
    assert ended.upgrade["first_bad"]["tag"] == SHIFTED
    assert ended.upgrade["chosen"]["tag"] == GOOD
    assert (tmp_path / "sm-ci.yml").read_text().count(NOW) == 1  # nothing is written unless it is asked for


def test_when_none_passes_it_says_so(shop: Shop, tmp_path: Path) -> None:
    ended = upgrade(shop, tmp_path, "--write", *QUICK, "--tries", "2")
    assert ended.status == 1, ended.output
    assert ended.upgrade["verdict"] == "blocked"
    assert outcomes(ended) == {CRASHES: "refused", SHIFTED: "refused", GOOD: "untried"}
    assert NOW in (tmp_path / "sm-ci.yml").read_text()


def test_what_is_held_does_not_move_and_the_newest_is_current(shop: Shop, tmp_path: Path) -> None:
    ended = upgrade(shop, tmp_path, "--hold", "python")
    assert ended.status == 0, ended.output
    assert (ended.upgrade["verdict"], ended.upgrade["candidates"]) == ("current", [])
    assert any("move python, which is held" in one for one in ended.upgrade["passed_over"])


def test_one_image_under_several_tags_is_hosted_once(
    shop: Shop, engine: Engine, images: Images, tmp_path: Path
) -> None:
    registry, repository = shop.registry, shop.registry.reference("team/twins")
    for tag, name in {"1.0.0": "same", "1.0.1": "same", "1.1.0": "shifted", "1.2.0": "shifted"}.items():
        registry.push(engine.raw, build(images, name), f"team/twins:{tag}")
    try:
        ended = upgrade(shop, tmp_path, *QUICK, image=f"{repository}:1.0.0")
        assert ended.status == 1, ended.output
        assert outcomes(ended) == {"1.2.0": "refused", "1.1.0": "refused", "1.0.1": "untried"}
        first, twin, same = (one["reason"] for one in ended.upgrade["candidates"])
        assert (twin, same) == (f"is the same image as 1.2.0: {first}", "is the image in use")
        assert "trying 1.1.0 (2 of at most 3)" in ended.output
        assert [path.name for path in ended.out.iterdir() if path.is_dir()] == ["1.2.0"]
    finally:
        engines.remove(engine, f"{repository}:1.0.0")


def test_listing_hosts_nothing(shop: Shop, tmp_path: Path) -> None:
    ended = upgrade(shop, tmp_path, "--list", "--level", "major")
    assert (ended.status, ended.upgrade["verdict"]) == (0, "unknown"), ended.output
    assert [one["version"]["tag"] for one in ended.upgrade["candidates"]] == [list(TAGS)[6], CRASHES, SHIFTED, GOOD]
    assert set(outcomes(ended).values()) == {"untried"}
    assert "in service" not in ended.output


def test_a_pinned_digest_moves_with_its_tag(shop: Shop, tmp_path: Path) -> None:
    pinned = f"{shop.image(NOW)}@{shop.digests[NOW]}"
    ended = upgrade(shop, tmp_path, "--write", *QUICK, image=pinned, upgrade={"tags": "2.6.*-cpu-*"})
    assert ended.status == 0, ended.output
    written = (tmp_path / "sm-ci.yml").read_text()
    assert f"{shop.image(GOOD)}@{shop.digests[GOOD]}" in written
    assert ended.upgrade["candidates"][0]["comparison"]["candidate"]["image"]["digest"] == shop.digests[GOOD]


def test_another_image_under_the_same_tag_is_noticed(
    shop: Shop, engine: Engine, images: Images, tmp_path: Path
) -> None:
    """The one in use is what the engine has."""
    registry, repository = shop.registry, shop.registry.reference("team/moved")
    old, new = (registry.push(engine.raw, build(images, name), "team/moved:2026-01-01") for name in ("same", "shifted"))
    engine.raw.pull(f"{repository}@{old}", auth_config=registry.auth_config)
    engine.raw.tag(f"{repository}@{old}", repository, "2026-01-01")
    try:
        ended = upgrade(shop, tmp_path, *QUICK, image=f"{repository}:2026-01-01")
        assert ended.status == 1, ended.output
        (candidate,) = ended.upgrade["candidates"]
        assert (candidate["level"], candidate["outcome"]) == ("digest", "refused")
        assert candidate["version"]["reference"] == f"{repository}:2026-01-01@{new}"
    finally:
        engines.remove(engine, f"{repository}:2026-01-01")
        engines.remove(engine, f"{repository}@{old}")


def test_the_base_of_an_image_that_is_built_is_upgraded_in_its_dockerfile(
    shop: Shop, engine: Engine, tmp_path: Path
) -> None:
    container = tmp_path / "container"
    container.mkdir()
    (container / "Dockerfile").write_text(f"# base\nFROM {shop.image(NOW)} AS serve\nLABEL team=red\n")
    engine.raw.pull(shop.repository, NOW, auth_config=shop.registry.auth_config)
    engine.raw.pull(shop.repository, GOOD, auth_config=shop.registry.auth_config)  # the builder gets no login
    ended = upgrade(shop, tmp_path, "--write", *QUICK, image={"build": "container"}, upgrade={"tags": "2.6.*-cpu-*"})
    assert ended.status == 0, ended.output
    assert (container / "Dockerfile").read_text() == f"# base\nFROM {shop.image(GOOD)} AS serve\nLABEL team=red\n"


@pytest.mark.parametrize(
    ("keys", "options", "status", "said"),
    [
        ({"upgrade": {"write": ["missing.tf"]}}, (), 2, "missing.tf"),
        ({"upgrade": {"write": ["sm-ci.yml", "kept.tf"]}}, ("--write",), 3, "kept.tf is read-only; nothing is written"),
        ({"upgrade": {"level": "huge"}}, (), 2, "upgrade.level"),
        ({}, ("--registry-username", "nobody"), 3, "does not tell the tags of"),
        ({"image": {"build": "container"}}, (), 2, "names an image whose tag tells a version"),
    ],
    ids=["no such file", "a file that cannot be written", "no such level", "another login", "a base without a version"],
)
def test_what_is_wrong_is_told(
    shop: Shop, tmp_path: Path, keys: Mapping[str, Any], options: tuple[str, ...], status: int, said: str
) -> None:
    (tmp_path / "container").mkdir()
    (tmp_path / "container" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "kept.tf").write_text(f'image = "{shop.image(NOW)}"\n')
    (tmp_path / "kept.tf").chmod(0o444)
    ended = upgrade(shop, tmp_path, *options, **keys)
    assert (ended.status, said in ended.output) == (status, True), ended.output
    if status == 3:
        assert ended.upgrade["verdict"] == "unknown"
    assert "Traceback" not in ended.output
    assert "in service" not in ended.output  # it is told before anything is hosted


def test_on_a_runner_the_outputs_say_what_came_of_it(shop: Shop, tmp_path: Path) -> None:
    write_spec(tmp_path / "sm-ci.yml", shop.image(NOW), tests=[ROWS], pull="missing", upgrade={"tags": "2.7.*-cpu-*"})
    output, summary = tmp_path / "output", tmp_path / "summary"
    environ = {
        **CLEAN_ENVIRON,
        **shop.environ,
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    command = [sys.executable, "-m", "sm_ci", "upgrade", "sm-ci.yml", *shop.login, *QUICK]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    values = outputs(output.read_text())
    assert values["verdict"] == "blocked"
    assert values["current"] == NOW
    assert values["refused"] == SHIFTED
    assert values["changed-answers"] == "1"
    assert (tmp_path / values["markdown"]).read_text().startswith("## ")
    assert "::error" in done.stdout
    assert SHIFTED in summary.read_text()


def outputs(text: str) -> dict[str, str]:
    """Names and values of a runner's file."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), end))
    return found


@pytest.mark.parametrize("said", ["baseline: waiting for", "candidate: waiting for", "asking both the same"])
def test_an_interrupt_ends_it_at_once_and_leaves_nothing_but_the_reports(shop: Shop, tmp_path: Path, said: str) -> None:
    """Of a candidate that is tried by many rounds; what was pulled for it goes too."""
    spec = write_spec(
        tmp_path / "sm-ci.yml", shop.image(NOW), tests=[ROWS], pull="missing", upgrade={"tags": "2.6.*-cpu-*"}
    )
    environ = {**CLEAN_ENVIRON, **shop.environ}
    command = [sys.executable, "-m", "sm_ci", "upgrade", str(spec), *shop.login, "--rounds", "5000", "--out", "out"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        read_until(process, said)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 130, rest
    assert time.monotonic() - begun < 20, rest
    ended = Compared(130, rest, tmp_path / "out")
    assert (ended.upgrade["exit_status"], ended.upgrade["conclusion"]) == (130, "cancelled")
    assert set(outcomes(ended).values()) == {"untried"}
