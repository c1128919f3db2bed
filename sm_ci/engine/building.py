"""Builds the image from its Dockerfile. Touches the engine, reads the build folder."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from docker.errors import APIError

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import DISK_FULL, ENGINE_TROUBLE, disk_full, explanation, fault, stopped
from sm_ci.errors import CannotServe, EnvironmentFault, ImageMissing, Location

SAID = 15
"""Lines of a failing build step that go with the error."""

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_CHATTER = re.compile(r" ---> |Removing intermediate container |Step \d+/")
_PARSE_ERROR = re.compile(r"parse error on? ?line (\d{1,6})")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to build: a folder, the Dockerfile in it, and how the spec wants it."""

    folder: Path
    dockerfile: str
    target: str | None
    args: Mapping[str, str]
    shown: str  # the Dockerfile's path as the user would write it


def build(
    engine: Engine, recipe: Recipe, *, tag: str, labels: Mapping[str, str], on_line: Callable[[str], None]
) -> None:
    """Builds and tags the image. CannotServe with the Dockerfile's line and the last output when a step fails;
    EnvironmentFault when the base image cannot be pulled or the engine cannot build such a Dockerfile.
    """
    step, said, unfinished = 0, deque[str](maxlen=SAID), ""
    try:
        for line in _build_lines(engine, recipe, tag, labels):
            engine.unfinished = True
            lines, unfinished = whole_lines(unfinished, str(line.get("stream", "")), last="error" in line)
            for text in lines:
                if match := _STEP.fullmatch(text.strip()):
                    step = int(match[1])
                    said.clear()
                elif not _CHATTER.match(text):
                    said.append(text)
                on_line(text)
            if "error" in line:
                raise _not_built(engine, recipe, step, str(line["error"]).strip(), tuple(said))
        engine.unfinished = False
    except APIError as error:
        raise _not_built(engine, recipe, step, explanation(error), tuple(said)) from error
    except ENGINE_TROUBLE as error:
        raise fault("build the image", error) from error


def whole_lines(unfinished: str, piece: str, *, last: bool = False) -> tuple[list[str], str]:
    """The lines that end in this piece, without colours and blank ones, and the begin of the next.

    The engine sends what a program prints as it comes, half lines too; its own words always begin a line.
    """
    fresh = bool(_CHATTER.match(piece))
    lines = [unfinished] if fresh else []
    lines += (piece if fresh else unfinished + piece).splitlines(keepends=True)
    rest = lines.pop() if lines and not last and not lines[-1].endswith(("\n", "\r")) else ""
    return [text for text in (_ANSI.sub("", line).rstrip() for line in lines) if text], rest


def instruction_line(dockerfile: str, number: int) -> int:
    """The line (from 1) on which the Dockerfile's instruction `number` (from 1) begins; 1 when there is none."""
    escape_directive = _ESCAPE.match(dockerfile)
    escape = escape_directive[1] if escape_directive else "\\"
    seen, inside = 0, False
    for at, line in enumerate(dockerfile.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not inside:
            seen += 1
            if seen == number:
                return at
        inside = text.endswith(escape)
    return 1


def _build_lines(engine: Engine, recipe: Recipe, tag: str, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return cast(
        "Iterator[dict[str, Any]]",
        engine.api.build(
            path=str(recipe.folder),
            dockerfile=recipe.dockerfile,
            tag=tag,
            rm=True,
            forcerm=True,
            decode=True,
            target=cast("str", recipe.target),
            buildargs=dict(recipe.args),
            labels=dict(labels),
        ),
    )


def _not_built(
    engine: Engine, recipe: Recipe, step: int, why: str, said: tuple[str, ...]
) -> CannotServe | EnvironmentFault:
    if not engine.answers():
        return stopped("building the image")
    try:
        dockerfile = (recipe.folder / recipe.dockerfile).read_text(encoding="utf-8", errors="replace")
    except OSError:
        dockerfile = ""
    told = _PARSE_ERROR.search(why)
    line = int(told[1]) if told else instruction_line(dockerfile, step) if step else 1
    at = Location(path=recipe.shown, line=line, column=1)
    instruction = (dockerfile.splitlines() or [""])[line - 1].strip()
    if full := next((text for text in (why, *said) if DISK_FULL in text.lower()), ""):
        return disk_full("building the image", full.strip(" :"), at=at if step else None, output=said)
    if "requires BuildKit" in why or ("unknown instruction" in why and "<<" in dockerfile):
        return EnvironmentFault(
            f"the Dockerfile needs BuildKit, and sm-ci builds with the engine's classic builder: {why}",
            remedy="Build it before sm-ci runs (docker build -t NAME), and write image: NAME and pull: never.",
            at=at,
            kind="needs-buildkit",
        )
    if instruction.upper().startswith("FROM ") and "returned a non-zero code" not in why:
        return ImageMissing(
            f"the base image of the Dockerfile could not be had: {why}",
            remedy="Check its name, and that the engine reaches its registry: docker pull",
            at=at,
            kind="base-image-missing",
        )
    return CannotServe(
        f"the image could not be built: {why}",
        remedy=f"Mend the Dockerfile, or try it alone: docker build {recipe.folder}",
        at=at,
        kind="build-failed",
        output=said,
    )
