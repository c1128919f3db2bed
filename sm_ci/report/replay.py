"""A run as a shell script: the container as it was hosted, and the requests as curl lines. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sm_ci import contract
from sm_ci.report import curl, wording
from sm_ci.report.inspection import variables
from sm_ci.results import CaseResult, RunResult
from sm_ci.text import MASK, Redactor, terminal

METADATA = "endpoint-metadata.json"
INLINE = 2000
"""Characters of a body that stand in the script; a longer one is a file beside it."""

_HEAD = """\
#!/usr/bin/env bash
# Hosts the container of this run again and sends its requests. Needs bash, docker and curl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fail() { printf '%s\\n' "$1" >&2; exit 2; }
"""
_READY = """\
trap 'docker rm -fv "$container" >/dev/null' EXIT
until curl -fs -m 2 -o /dev/null "http://$ADDRESS/ping"; do
  if [ "$(docker inspect -f '{{.State.Running}}' "$container")" != true ]; then
    docker logs "$container"
    fail 'the container has ended'
  fi
  sleep 1
done
"""
_POST = """\
post() {
  printf -- '\\n--- %s\\n' "$1"
  shift
  curl -sS -i -m 60 -A AGENT -H 'Host: HOST' -H 'Expect:' -X POST "$@" "http://$ADDRESS/invocations" || true
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """What the script is made of. Documents are the engine's JSON, redacted, or empty; `bodies`: sha256 → file beside it."""

    result: RunResult
    container: str
    image: str
    isolated: bool = False
    role: str = ""
    target: str = ""  # HOST:PORT of a server that ran already
    bodies: Mapping[str, str] = field(default_factory=dict)


def script(hosted: Hosted, clean: Redactor) -> str:
    """All of it; what it needs and has not got (a model, an image that was built, secrets) it asks for by name."""
    parts = [
        _HEAD,
        *(_found(hosted, clean) if hosted.target else _hosting(hosted, clean)),
        _POST.replace("AGENT", contract.USER_AGENT).replace("HOST", contract.HOST_HEADER),
        *(_request(case, hosted.bodies, clean) for case in hosted.result.cases),
    ]
    return "".join(parts)


def _found(hosted: Hosted, clean: Redactor) -> Iterator[str]:
    yield "# The server ran already (--target): nothing is hosted here either.\n"
    yield f'ADDRESS="${{ADDRESS:-{_inside(clean(hosted.target))}}}"\n'


def _hosting(hosted: Hosted, clean: Redactor) -> Iterator[str]:
    container: dict[str, Any] = json.loads(hosted.container) if hosted.container else {}
    given = _given(hosted)
    yield from _wanted(hosted, container, given, clean)
    yield from _start(hosted, container, given)
    yield _READY


def _given(hosted: Hosted) -> dict[str, str]:
    """The variables that sm-ci gave the container, beside those of the image."""
    own = variables(hosted.image)
    return {name: value for name, value in variables(hosted.container).items() if own.get(name) != value}


def _wanted(hosted: Hosted, container: Mapping[str, Any], given: Mapping[str, str], clean: Redactor) -> Iterator[str]:
    """What the script must be told. A default where there is one."""
    image = hosted.result.image
    if image and not image.built:
        yield f"# The image's id was {_line(clean(image.id))}.\n"
        yield f'IMAGE="${{IMAGE:-{_inside(clean(_pinned(image.reference, hosted.image)))}}}"\n'
    else:
        built = image.reference if image else "the image of the spec"
        yield _asked("IMAGE", f"set IMAGE to the image to host: {clean(built)}")
    for where in _folders(container):
        yield _asked(_variable_of(where), f"set {_variable_of(where)} to the folder that stood at {clean(where)}")
    for name in sorted(name for name, value in given.items() if MASK in value):
        yield _asked(name, f"set {name}: its value is a secret, and not in this bundle")
    yield "PORT=${PORT:-8080}\n"


def _pinned(reference: str, document: str) -> str:
    """By the digest of its own repository; an image may have one of another's, from which it cannot be pulled by its name."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    name = head if colon and "/" not in tag else name
    known = (json.loads(document) if document else {}).get("RepoDigests") or ()
    return next((str(digest) for digest in known if str(digest).startswith(f"{name}@")), reference)


def _asked(name: str, said: str) -> str:
    return f'[ -n "${{{name}:-}}" ] || fail {shlex.quote(_line(said))}\n'


def _folders(container: Mapping[str, Any]) -> list[str]:
    """Where the model stood, and what came beside it; not the file that says that the container is hosted."""
    mounts = (mount for mount in container.get("Mounts") or () if not mount.get("RW", True))
    places = sorted(str(mount.get("Destination")) for mount in mounts)
    return [place for place in places if not place.startswith(contract.METADATA_DIRECTORY)]


def _variable_of(folder: str) -> str:
    """MODEL, or the name of an additional source as a shell's variable may be named."""
    if folder == contract.MODEL_DIRECTORY:
        return "MODEL"
    last = folder.rpartition("/")[2]
    return "MODEL_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in last).upper()


def _start(hosted: Hosted, container: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    """`docker run` with the limits, the variables and the mounts that the run's container had."""
    network = "sm-ci-replay" if hosted.isolated else ""
    if not container:
        yield "# The run made no container: its limits, variables and model are not known here.\n"
    if hosted.role:
        yield f"# The run's container had the credentials of {_line(hosted.role)}. This one has none.\n"
    if network:
        yield f"docker network create --internal {network} >/dev/null 2>&1 || true\n"
    words = [*_limits(container.get("HostConfig") or {})]
    words += [f"--network {network}"] if network else [f'-p "127.0.0.1:$PORT:{contract.PORT}"']
    words += [f'--mount "type=bind,source=$here/{METADATA},target={contract.METADATA_DIRECTORY}/{METADATA},readonly"']
    for where in _folders(container):
        words += [f'--mount "type=bind,source=$(cd "${_variable_of(where)}" && pwd),target={_inside(where)},readonly"']
    for name, value in sorted(given.items()):
        words += [f"-e {shlex.quote(name if MASK in value else f'{name}={value}')}"]
    yield " \\\n  ".join(["container=$(docker run -d", *words, f'"$IMAGE" {shlex.join(contract.COMMAND)})']) + "\n"
    if network:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        yield f"ADDRESS=$(docker inspect -f '{form}' \"$container\"):{contract.PORT}\n"
    else:
        yield "ADDRESS=127.0.0.1:$PORT\n"


def _limits(host: Mapping[str, Any]) -> Iterator[str]:
    if memory := host.get("Memory"):
        yield f"--memory {int(memory)} --memory-swap {int(memory)}"
    if cpus := host.get("NanoCpus"):
        yield f"--cpus {int(cpus) / 1e9:g}"
    yield f"--shm-size {int(host.get('ShmSize') or contract.SHM_SIZE)}"
    for devices in host.get("DeviceRequests") or ():
        yield f"--gpus {'all' if devices.get('Count') == -1 else int(devices.get('Count') or 0) or 'all'}"


def _request(case: CaseResult, bodies: Mapping[str, str], clean: Redactor) -> str:
    """One line, below what became of it in the run."""
    exchange = wording.judged(case)
    if exchange is None:
        return f"# {_line(clean(case.name))}: no request was sent\n"
    sent = exchange.sent
    answer = wording.answered(case)
    became = f"status {answer.status}" if answer else wording.trouble(case)
    title = _line(clean(f"{case.name} (in the run: {wording.OUTCOME[case.outcome]}, {became})"))
    words = curl.headers(sent.headers, clean, body=True)
    if all(name.lower() != "accept" for name, _ in sent.headers):
        words += ["-H", "Accept:"]  # curl would add one
    given = curl.data(sent.body, clean, INLINE)
    if given is None and sent.body.sha256 in bodies:
        given = "", f'@"$here"/{shlex.quote(bodies[sent.body.sha256])}'
    if given is None:
        return f"# {title}: of its body, {sent.body.size:,} bytes, only the start was kept\n"
    before, body = given
    return f"{before}post {shlex.quote(title)} {shlex.join(words)} --data-binary {body}\n"


def _line(text: str) -> str:
    """One line that a terminal may show."""
    return " ".join(terminal(text).split())


def _inside(text: str) -> str:
    """A text between double quotes, or as the default of a variable."""
    return "".join(f"\\{char}" if char in '\\"$`}' else char for char in _line(text))
