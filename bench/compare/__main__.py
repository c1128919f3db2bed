"""`python -m bench.compare [TIMES]`: known differences, each so many times, and A against A as often. Touches the engine.

A version of a small model server differs from the baseline by a package, an answer by 1e-4, twice the latency, or 200 MB; every
answer has an id of its own and one test samples. Each comparison hosts both anew, with the default settings and one set of allowances.
Exit status: 0 every difference was found each time and A against A never raised an alarm, 1 not so, 3 something is missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "tests" / "integration" / "images" / "versions"
BASE = "sm-ci-base:latest"
ALLOW = {"p50": "+20%", "p95": "+30%", "image_size": "+20%"}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A version: its build arguments, what finds it, and whether it is refused."""

    name: str
    arguments: dict[str, str]
    found: Callable[[Document], bool]
    refused: bool


def _judged(document: Document, metric: str) -> str:
    return next(str(one["judgement"]) for one in document["measures"] if one["metric"] == metric and not one["case"])


def _agreement(document: Document, test: str) -> str:
    return next(str(one["agreement"]) for one in document["answers"] if one["name"] == test)


def _package(document: Document) -> bool:
    return any(one["name"] == "numpy (pip)" and one["candidate"] == "1.26.5" for one in document["changes"])


VERSIONS = (
    Known("A against A", {}, lambda document: document["verdict"] != "refused", refused=False),
    Known("another package", {"NUMPY": "1.26.5"}, _package, refused=False),
    Known(
        "an answer by 1e-4",
        {"SHIFT": "0.0001"},
        lambda document: (_agreement(document, "rows"), _agreement(document, "sampled")) == ("changed", "noise"),
        refused=True,
    ),
    Known("twice the latency", {"SLOWER": "2"}, lambda document: _judged(document, "p50") == "refused", refused=True),
    Known("200 MB more", {"EXTRA": "200"}, lambda document: _judged(document, "image_size") == "refused", refused=True),
)


def main(times: int) -> int:
    """Prints a row a version."""
    status = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = {known.name: _built(known) for known in VERSIONS}
        spec = _spec(folder, images["A against A"])
        print("| version | found | refused | undecided |\n| --- | ---: | ---: | ---: |")
        for known in VERSIONS:
            documents = [_compared(folder, spec, images[known.name]) for _ in range(times)]
            found = sum(map(known.found, documents))
            verdicts = [str(document["verdict"]) for document in documents]
            refused = verdicts.count("refused")
            print(f"| {known.name} | {found} of {times} | {refused} | {verdicts.count('undecided')} |", flush=True)
            wanted = times if known.refused else 0
            status |= found < times or refused != wanted
    return int(status)


def _built(known: Known) -> str:
    tag = f"sm-ci-bench/versions:{known.name.replace(' ', '-').lower()}"
    given = {"BASE": BASE, **known.arguments}
    words = [word for key, value in given.items() for word in ("--build-arg", f"{key}={value}")]
    subprocess.run(["docker", "build", "-q", "-t", tag, *words, str(SERVER)], check=True, capture_output=True)
    return tag


def _spec(folder: Path, image: str) -> Path:
    document = {
        "version": 1,
        "name": "scores",
        "image": image,
        "pull": "never",
        "tests": [
            {"name": "rows", "request": {"json": {"instances": [[1, 2], [3, 4]]}}, "expect": {"status": 200}},
            {"name": "sampled", "request": {"json": {"instances": ["sampled"]}}, "expect": {"status": 200}},
        ],
        "contract": {"level": "off"},
        "upgrade": {"allow": ALLOW},
    }
    path = folder / "sm-ci.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def _compared(folder: Path, spec: Path, image: str) -> Document:
    out = folder / "out"
    words = ["compare", str(spec), "--candidate", f"image:{image}", "--out", str(out)]
    if image.endswith("a-against-a"):  # the same image by another name of it
        words[3] = f"model:{_nothing(folder)}"
    done = subprocess.run([sys.executable, "-m", "sm_ci", *words], capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        sys.stderr.write(done.stdout + done.stderr)
        sys.exit(3)
    found: Document = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    return found


def _nothing(folder: Path) -> Path:
    """A model that the server does not look at, so that the two sides have different names."""
    path = folder / "model"
    path.mkdir(exist_ok=True)
    (path / "weights").write_text("1")
    return path


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
