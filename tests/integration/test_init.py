"""`sm-ci init`: a first spec that passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from harness import CLEAN_ENVIRON, HERE, ROOT, Images, Run

from sm_ci.engine.client import Engine


def init(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sm_ci", "init", *options],
        cwd=folder,
        env={**CLEAN_ENVIRON, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_spec_that_passes_when_it_is_run(fixture_image: str, run: Run, tmp_path: Path) -> None:
    body = tmp_path / "mine.json"
    body.write_text('{"mine": 1}')
    ended = init(tmp_path, "--image", fixture_image, "--environment", "MODE=ok", "--request", "mine.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "✓ wrote sm-ci.yml; next: sm-ci run sm-ci.yml" in ended.stdout
    written = yaml.safe_load((tmp_path / "sm-ci.yml").read_text())
    assert written["image"] == fixture_image
    assert written["environment"] == {"MODE": "ok"}
    assert written["tests"][0] == {
        "name": "mine",
        "request": {"file": "mine.json"},
        "expect": {"status": 200, "content_type": "application/json", "json": {"mine": 1}},
    }
    again = run(tmp_path / "sm-ci.yml", cwd=tmp_path)
    assert again.status == 0
    assert set(again.cases.values()) == {"passed"}

    second = init(tmp_path, "--image", fixture_image)
    assert second.returncode == 2
    assert "sm-ci: sm-ci.yml is there already\nName another file with --out, or write --force." in second.stderr


@pytest.mark.xdist_group("mms-sklearn")
def test_aws_own_toolkit_says_how_many_features_it_wants(engine: Engine, images: Images, tmp_path: Path) -> None:
    image = images.folder("mms-sklearn")
    model = HERE / "models" / "iris-mms"
    ended = init(tmp_path, "--image", image, "--model", str(model))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tests = yaml.safe_load((tmp_path / "sm-ci.yml").read_text())["tests"]
    assert any(test["request"].get("csv") == [[0.1, 0.2, 0.3, 0.4]] for test in tests)


REFUSES = """\
FROM sm-ci-base:latest
COPY serve /usr/local/bin/serve
RUN chmod +x /usr/local/bin/serve
"""
SERVE = """\
#!/usr/bin/env python3
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(400)
        self.end_headers()
HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


def test_a_server_that_takes_nothing_and_one_that_does_not_start(
    fixture_image: str, images: Images, tmp_path: Path
) -> None:
    image = images.of("refuses", REFUSES, serve=SERVE)
    refuses = init(tmp_path, "--image", image)
    assert refuses.returncode == 1
    assert f"{image} answers none of the usual requests with 200" in refuses.stderr
    crashes = init(tmp_path, "--image", fixture_image, "--environment", "MODE=crash")
    assert crashes.returncode == 1
    assert "✗ the container exited with code" in crashes.stdout
    assert not (tmp_path / "sm-ci.yml").exists()
