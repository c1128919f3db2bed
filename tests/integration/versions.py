"""Versions of one model server that differ in one known way each, and the commands that hold them against each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import yaml
from harness import HERE, Images

VERSIONS: dict[str, dict[str, str]] = {
    "same": {},
    "package": {"NUMPY": "1.26.5"},
    "shifted": {"SHIFT": "0.0001"},
    "slower": {"SLOWER": "2"},
    "larger": {"EXTRA": "200"},
    "slower-and-larger": {"SLOWER": "2", "EXTRA": "200"},
    "crashes": {"FATE": "crash"},
    "fails": {"FATE": "wrong"},
    "fails-at-times": {"FATE": "at-times"},
    "dies": {"FATE": "dies"},
}
"""By name, the build arguments that make the difference."""
ROWS = {"name": "rows", "request": {"json": {"instances": [[1, 2], [3, 4]]}}}
SAMPLED = {"name": "sampled", "request": {"json": {"instances": ["sampled"]}}, "expect": {"status": 200}}
DRAWN = {"name": "drawn", "request": {"json": {"instances": [[1, 2]], "seed": True}}}
ALLOW = {"p50": "+20%", "image_size": "+20%"}


def build(images: Images, name: str) -> str:
    """The image of a version."""
    return images.context(f"versions-{name}", HERE / "images" / "versions", BASE="sm-ci-base:latest", **VERSIONS[name])


def write_spec(path: Path, image: str | dict[str, str], **keys: Any) -> Path:
    """A spec with a test whose answer is steady, but for an id, and one whose answer is not."""
    document = {
        "version": 1,
        "name": "scores",
        "image": image,
        "pull": "never",
        "startup_timeout": "20s",
        "contract": {"level": "off"},
        "tests": [ROWS, SAMPLED],
        "upgrade": {"allow": ALLOW},
        **keys,
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@dataclass(frozen=True)
class Compared:
    """A command that has ended."""

    status: int
    output: str
    out: Path

    def json(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def comparison(self) -> dict[str, Any]:
        return self.json("comparison")

    @property
    def upgrade(self) -> dict[str, Any]:
        return self.json("upgrade")

    def judged(self, metric: str) -> str:
        """What became of a figure over all cases."""
        measures = self.comparison["measures"]
        return next(str(one["judgement"]) for one in measures if one["metric"] == metric and not one["case"])


def sm_ci(
    folder: Path, *words: str | Path, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Compared:
    """Runs the command to its end, its reports below `folder`."""
    given = {"XDG_CACHE_HOME": str(folder / "cache"), **(environ or {})}
    arguments = (*map(str, words), "--out", str(folder / "out"))
    status, output = harness.sm_ci(*arguments, cwd=cwd or folder, environ=given)
    return Compared(status, output, folder / "out")
