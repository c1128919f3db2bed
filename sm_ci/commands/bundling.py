"""The bundle of a run: spec, requests, answers, log, the engine's words, versions, and a script. Touches the file system."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sm_ci import __version__, contract
from sm_ci.cases.request import body_of
from sm_ci.commands.folders import folders_of
from sm_ci.commands.recording import file_name, pair
from sm_ci.errors import UsageError
from sm_ci.report import bundle, make_folder, replay, wording
from sm_ci.report.bundle import Member
from sm_ci.report.files import replacing, texts
from sm_ci.report.inspection import credentials, redacted, variables
from sm_ci.results import Blob, RunResult
from sm_ci.session import Evidence, Options
from sm_ci.spec import Case, Spec
from sm_ci.spec.variables import expand
from sm_ci.text import Redactor

OPTION = "--bundle"
BODIES = 64 * 2**20
"""Bytes of large requests that are taken along."""
HURRIED = 1000
"""Exchanges that have files of their own after an interruption; result.json has them all."""

_README = """\
A run of sm-ci, to be looked at elsewhere. Secrets, and what looks like one, are *** in every file.
{verdict}
replay.sh        hosts the container again as it was hosted, and sends the requests; it says what it needs
spec/            the spec as it is in the repository, and expanded.json: with its variables' values
exchanges/       each request and its answer, in the form of --record; bodies/: requests that are too long for a script
container.log    the container's whole log, as it came
result.json      what happened, for programs; junit.xml, summary.md and report.html: the same for others
inspect/         what the engine says of the container at its end, and of the image
versions.json    sm-ci, Python, kernel and engine; command.txt: the command line
A file that is not here is of something that the run did not come to.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the command knows and no result tells: the words of its line, and where variables had their values from."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    environ: Mapping[str, str]


def paths_of(specs: Sequence[Spec], path: Path) -> list[Path]:
    """The file itself for one spec, else one a spec beside it. UsageError for a folder; EnvironmentFault for a bad place."""
    if path.is_dir():
        raise UsageError(f"{OPTION} {str(path)!r} is a folder", remedy="Name the file, for example replay.zip.")
    make_folder(path.parent, OPTION)
    if len(specs) == 1:
        return [path]
    names = (folder.name for folder in folders_of(specs, path.parent))
    return [path.with_name(f"{path.stem}-{name}{path.suffix}") for name in names]


def write_bundle(
    path: Path, spec: Spec, options: Options, result: RunResult, told: Told, hurry: Callable[[], bool]
) -> str:
    """Writes it, and returns what to say of it. EnvironmentFault when it cannot be written; then there is none."""
    try:
        with replacing(path, OPTION) as file:
            bundle.write(_Bundle(spec, options, result, told, hurry).members(), file)
    finally:
        if options.evidence:
            options.evidence.close()
    return f"bundle: {path} ({wording.size(path.stat().st_size)})"


class _Bundle:
    """One run, with everything that must not be told of it masked."""

    def __init__(self, spec: Spec, options: Options, result: RunResult, told: Told, hurry: Callable[[], bool]) -> None:
        self.spec, self.target, self.told, self.hurry = spec, options.target, told, hurry
        self.evidence = evidence = options.evidence or Evidence()
        self.cases = {case.id: case for case in options.cases}
        given = {name: told.variables.get(name) or told.environ.get(name, "") for name in spec.file.variables}
        every = (given, spec.file.environment, variables(evidence.image), variables(evidence.container))
        hidden = (value for known in every for value in credentials(known))
        self.result = replace(result, secrets=tuple(dict.fromkeys((*result.secrets, *hidden))))
        self.clean = Redactor(self.result.secrets)
        self.bodies: dict[str, str] = {}

    def members(self) -> Iterator[Member]:
        """In a fixed order, the ways in first."""
        bodies = list(self._bodies())
        yield self._text("README.txt", _README.format(verdict=wording.verdict(self.result, self.clean)))
        yield from self._replay()
        yield from self._spec()
        yield from self._exchanges()
        yield from bodies
        for name, text in texts(self.result, Path.cwd()).items():
            yield Member(name=name, data=text.encode(errors="backslashreplace"))
        if self.evidence.log:
            log = bundle.log(self.evidence.log, self.clean, self.evidence.log_note, self.hurry)
            yield Member(name="container.log", data=log)
        for name, document in (("container", self.evidence.container), ("image", self.evidence.image)):
            if document:
                yield _json(f"inspect/{name}.json", self._redacted(document))
        yield _json("versions.json", self._versions())
        yield self._text("command.txt", shlex.join(map(self.clean, self.told.command)) + "\n")

    def _text(self, name: str, text: str, *, executable: bool = False) -> Member:
        return Member(name=name, data=self.clean(text).encode(errors="backslashreplace"), executable=executable)

    def _redacted(self, document: str) -> Any:
        return redacted(json.loads(document), self.clean)

    def _replay(self) -> Iterator[Member]:
        container, image = (
            json.dumps(self._redacted(document)) if document else ""
            for document in (self.evidence.container, self.evidence.image)
        )
        hosted = replay.Hosted(
            result=self.result,
            container=container,
            image=image,
            isolated=self.spec.file.network_isolation,
            role=self.spec.file.execution_role or "",
            target=str(self.target or ""),
            bodies=self.bodies,
        )
        yield self._text("replay.sh", replay.script(hosted, self.clean), executable=True)
        yield Member(name=replay.METADATA, data=contract.endpoint_metadata())

    def _spec(self) -> Iterator[Member]:
        name = PurePosixPath(self.spec.path.name).name or "sm-ci.yml"
        with suppress(OSError):  # somebody removed it meanwhile: what was read of it is below
            yield Member(name=f"spec/{self.clean(name)}", data=self.clean.data(self.spec.path.read_bytes()))
        values = expand(self.spec.document, given=self.told.variables, environ=self.told.environ).value
        values = {key: redacted(value, self.clean) for key, value in values.items() if key != "variables"}
        yield _json("spec/expanded.json", values)

    def _exchanges(self) -> Iterator[Member]:
        known = ((self.cases[result.id], result) for result in self.result.cases if result.id in self.cases)
        for position, (case, result) in enumerate(known):
            if position >= HURRIED and self.hurry():
                return
            for number, exchange in enumerate(result.exchanges, 1):
                shown = replace(case, id=self.clean(case.id), name=self.clean(case.name))
                name = file_name(shown) if number == 1 else f"{number}-{file_name(shown)}"
                yield Member(name=f"exchanges/{name}", data=pair(case, exchange, self.clean).encode())

    def _bodies(self) -> Iterator[Member]:
        """Requests that are too long for the script, whole again; of all but the first of several that are alike none."""
        room = BODIES
        for result in self.result.cases:
            exchange, case = wording.judged(result), self.cases.get(result.id)
            if exchange is None or case is None or self.hurry():
                continue
            body = exchange.sent.body
            if body.sha256 in self.bodies or body.size <= replay.INLINE or body.size > room:
                continue
            data = _whole(case, body, self.spec.directory)
            if data is not None:
                room -= len(data)
                self.bodies[body.sha256] = f"bodies/{len(self.bodies) + 1}"
                yield Member(name=self.bodies[body.sha256], data=self.clean.data(data))

    def _versions(self) -> dict[str, Any]:
        return {
            "sm-ci": __version__,
            "python": platform.python_version(),
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "system": platform.system(),
            "engine": self._redacted(self.evidence.engine) if self.evidence.engine else None,
        }


def _whole(case: Case, sent: Blob, directory: Path) -> bytes | None:
    """The body as it was sent, from the spec again; None when its file is another meanwhile."""
    if len(sent.head) == sent.size:
        return sent.head
    try:
        data, _ = body_of(case.test.request, directory)
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sent.sha256 else None


def _json(name: str, document: Any) -> Member:
    return Member(
        name=name, data=(json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
    )
