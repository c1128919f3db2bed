"""What the integration tests share: sm-ci as a user runs it, images to host, and what is left on the engine."""

from __future__ import annotations

import fcntl
import functools
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import warm

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import OWNER_LABEL, RUN_LABEL, Owner, is_gone, myself

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BASE = "sm-ci-base:latest"
LOCKS = f"{tempfile.gettempdir()}/sm-ci-tests-{os.getuid()}"
"""How files begin that processes of tests lock; those of other checkouts too, which share the engine."""
RESULT_SCHEMA = json.loads((ROOT / "sm-ci.result.schema.json").read_text(encoding="utf-8"))
_LONG = 2 * 2**20
CLEAN_ENVIRON = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}


@dataclass(frozen=True)
class Ended:
    """A run of sm-ci that has ended."""

    status: int
    output: str
    seconds: float
    out: Path

    @property
    def result(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.out / "result.json").read_text())
        return loaded

    @property
    def fault(self) -> dict[str, Any]:
        fault: dict[str, Any] = self.result["fault"]
        return fault

    @property
    def cases(self) -> dict[str, str]:
        return {case["name"]: case["outcome"] for case in self.result["cases"]}

    def reason(self, name: str) -> str:
        return next(str(case["reason"]) for case in self.result["cases"] if case["name"] == name)

    def body(self, name: str) -> Any:
        """The JSON that the container answered to a case."""
        case = next(case for case in self.result["cases"] if case["name"] == name)
        return json.loads(case["exchanges"][-1]["outcome"]["body"]["text"])

    @property
    def junit(self) -> ET.Element:
        return ET.parse(self.out / "junit.xml").getroot()

    @property
    def summary(self) -> str:
        return (self.out / "summary.md").read_text()


Spec = Callable[..., Path]
"""Writes a spec: `spec(mode, environment, **keys)`."""
Run = Callable[..., Ended]
"""Runs sm-ci to its end: `run(spec, *options, environ=, cwd=)`."""


def left_behind(engine: Engine, *, images: bool = True) -> list[str]:
    """Everything on the engine that carries our label and whose run has ended; other runs may go on meanwhile.

    Looked up twice: what is there after its run had ended was left by it, and was not just about to be removed.
    Where no run has ended there is nothing to look up again. `images`: whether these are looked at too.
    """
    found = {owner for _, owner in labelled(engine, images=images)}
    if not found:
        return []
    running = frozenset(str(container["Id"]) for container in engine.api.containers())
    gone = {owner for owner in found if owner is None or is_gone(owner, myself(), running)}
    return [name for name, owner in labelled(engine, images=images) if owner in gone] if gone else []


def labelled(engine: Engine, *, images: bool = True) -> list[tuple[str, Owner | None]]:
    """What carries our label, and whose it is."""
    api, only = engine.api, {"label": RUN_LABEL}
    built = api.images(filters={"label": OWNER_LABEL}) if images else []
    things = [
        *((f"container {thing['Names']}", thing) for thing in api.containers(all=True, filters=only)),
        *((f"network {thing['Name']}", thing) for thing in api.networks(filters=only)),
        *((f"volume {thing['Name']}", thing) for thing in (api.volumes(filters=only) or {}).get("Volumes") or []),
        *((f"image {thing['RepoTags']}", thing) for thing in built),
    ]
    return [(name, Owner.parse(thing["Labels"][OWNER_LABEL])) for name, thing in things]


def containers_of(engine: Engine, process: subprocess.Popen[str]) -> list[str]:
    """The ids of the containers that a run of ours has made."""
    ours = f"/{process.pid}/"
    found = engine.api.containers(all=True, filters={"label": RUN_LABEL})
    return [str(container["Id"]) for container in found if ours in container["Labels"][OWNER_LABEL]]


class Images:
    """Builds images from folders or from a Dockerfile's text, once a session; layers are cached by the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.built: dict[str, str] = {}

    def folder(self, name: str) -> str:
        return self.context(name, HERE / "images" / name, BASE=BASE)

    def context(self, name: str, folder: Path, **args: str) -> str:
        """One worker after the other: each but the first finds all layers there."""
        with Path(f"{LOCKS}.{name}").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._build(name, path=str(folder), buildargs=args)

    def of(self, name: str, dockerfile: str, **files: str) -> str:
        """An image from a Dockerfile's text; FILES are put beside it, mode 644."""
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for path, text in {"Dockerfile": dockerfile, **files}.items():
                info = tarfile.TarInfo(path)
                content = text.encode("latin-1")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return self._build(name, context=context.getvalue())

    def _build(self, name: str, *, context: bytes = b"", tries: int = 3, **options: Any) -> str:
        """Tried again when the builder comes upon a layer that another build has just removed."""
        tag = f"sm-ci-test/{name}:latest"
        if tag in self.built:
            return tag
        given = {"fileobj": io.BytesIO(context), "custom_context": True} if context else options
        for line in self.engine.raw.build(tag=tag, rm=True, forcerm=True, decode=True, **given):
            if tries > 1 and "unable to find image" in line.get("error", ""):
                return self._build(name, context=context, tries=tries - 1, **options)
            assert "error" not in line, line
        self.built[tag] = tag
        return tag


def junit_element(ended: Ended, name: str) -> ET.Element | None:
    """The element that tells what happened to a JUnit case; a case that passed has none."""
    case = next(case for case in ended.junit.iter("testcase") if case.get("name") == name)
    return next((child for child in case if child.tag in {"failure", "error", "skipped"}), None)


def junit_case(ended: Ended, name: str = "container comes into service") -> tuple[str, str]:
    """What JUnit says of a case: the element's name, and its message."""
    told = junit_element(ended, name)
    return ("passed", "") if told is None else (told.tag, told.get("message") or "")


def build(spec: Spec, dockerfile: str, **keys: Any) -> Path:
    """A spec whose image is built from that Dockerfile."""
    path = spec(image={"build": "container"}, **keys)
    folder = path.parent / "container"
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    return path


def echo(name: str = "echo", **expect: Any) -> dict[str, Any]:
    return {"name": name, "request": {"json": [1, 2]}, "expect": expect or {"json": [1, 2]}}


def do(
    what: str, name: str | None = None, *, expect: Mapping[str, Any] | None = None, **arguments: Any
) -> dict[str, Any]:
    """A test that tells the fixture's server what to do."""
    request = {"json": {"do": what, **arguments}}
    return {"name": name or what, "request": request, "expect": dict(expect or {"status": 200})}


@functools.cache
def _forking() -> warm.Forking:
    return warm.Forking(ROOT, CLEAN_ENVIRON)


def sm_ci(*arguments: str, cwd: Path = ROOT, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """`sm-ci ARGUMENTS` to its end, in a process of its own that was forked: its status, and all that it printed."""
    return _forking().run(arguments, cwd, CLEAN_ENVIRON | dict(environ or {}))


def run_to_its_end(
    spec: Path, folder: Path, *options: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Ended:
    """`sm-ci run SPEC` with its reports below `folder`."""
    begun = time.monotonic()
    if not warm.takes(environ or {}):
        return finish(launch(spec, folder, *options, environ=environ, cwd=cwd), folder, begun)
    given = {"XDG_CACHE_HOME": str(folder / "cache"), **(environ or {})}
    words = ("run", str(spec), "--out", str(folder / "out"), *options)
    status, output = sm_ci(*words, cwd=cwd or ROOT, environ=given)
    return told(status, output, folder, begun)


def launch(
    spec: Path, folder: Path, *options: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[str]:
    """Starts `sm-ci run SPEC` with its reports below `folder`."""
    command = [sys.executable, "-m", "sm_ci", "run", str(spec), "--out", str(folder / "out"), *options]
    return subprocess.Popen(
        command,
        cwd=cwd or ROOT,
        env={**CLEAN_ENVIRON, "XDG_CACHE_HOME": str(folder / "cache"), **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Reads the run's output up to a line that holds the text."""
    assert process.stdout is not None
    read = []
    for line in process.stdout:
        if text in line:
            return
        read.append(line)
    raise AssertionError(f"the run ended without saying {text!r}:\n{''.join(read)}")


def finish(process: subprocess.Popen[str], folder: Path, begun: float) -> Ended:
    """Waits for a run that was launched into `folder`."""
    try:
        output, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"the run went on for 300 s:\n{output}") from None
    return told(process.returncode, output, folder, begun)


def told(status: int, output: str, folder: Path, begun: float) -> Ended:
    """What came of a run that has reported into `folder`; its result has the published form."""
    ended = Ended(status=status, output=output, seconds=time.monotonic() - begun, out=folder / "out")
    expect_the_published_form(ended.out / "result.json")
    return ended


def expect_the_published_form(file: Path) -> None:
    """Every result of every test is what the published schema says, if there is one; of very long ones nobody waits."""
    if file.is_file() and file.stat().st_size < _LONG:
        document = json.loads(file.read_text(encoding="utf-8"))
        wrong = [
            f"{one.json_path}: {one.message}"
            for one in jsonschema.Draft202012Validator(RESULT_SCHEMA).iter_errors(document)
        ]
        assert not wrong, wrong
