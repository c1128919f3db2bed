"""Pulls an image, with a login, patience and progress. Touches the engine, and Docker's own configuration for logins."""

from __future__ import annotations

import random
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import requests
from docker import auth
from docker.errors import APIError, DockerException

from sm_ci.engine import images, pull_faults, trouble
from sm_ci.engine.client import Engine
from sm_ci.engine.pull_faults import Asked
from sm_ci.engine.pull_progress import Pulling, PullProgress
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, fault, stopped
from sm_ci.errors import EnvironmentFault
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference

STALL = 60.0
"""Seconds without a word after which a pull is given up: the engine itself waits for ever. It tells of every 512 kB of a
layer, so this is 9 kB/s [moby/moby, pkg/progress/progressreader.go]."""
UNPACKING = 900.0
"""Seconds without a word while nothing is to come from the registry any more, and a slow disk is at work."""
STALLS = 2
"""How often a pull may stand still."""

_CONNECT = 10.0
_WAITS = (5.0, 10.0, 20.0)  # seconds at most before the second, third and fourth attempt; 1 at least
_OFTEN = 0.1  # seconds between two calls of `on_progress`
_NOTHING: Mapping[str, int] = MappingProxyType({})


class _Failed(Exception):
    """An attempt that ended without the image. `most`: how many such make it final."""

    def __init__(self, fault: EnvironmentFault, most: int) -> None:
        super().__init__(fault.message)
        self.fault, self.most = fault, most


def pull(
    engine: Engine,
    reference: str,
    *,
    login: Login | None,
    on_progress: Callable[[PullProgress], None],
    on_retry: Callable[[str], None] = lambda _: None,
    sizes: Mapping[str, int] = _NOTHING,
    stall: float = STALL,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[float, float], float] = random.uniform,
) -> str:
    """The manifest's digest of the image that the engine then has.

    Without a login, the one of ~/.docker/config.json is shown, if it has one for that registry. `sizes` are compressed
    bytes of layers by the first 12 digits of their digests, where they are known. `on_retry` gets why it is tried
    again. ImageMissing, CredentialsMissing, CredentialsRefused, EnvironmentFault: each with a kind that names the cause.
    """
    asked, header = _login(engine, reference, login)
    failed: Counter[str] = Counter()
    while True:
        told = _Telling(on_progress, Pulling(sizes=sizes), clock)
        try:
            return _attempt(engine, asked, header, told, stall)
        except _Failed as error:
            failed[error.fault.kind] += 1
            tries = failed.total()
            if failed[error.fault.kind] >= error.most or tries >= pull_faults.TRIES:
                raise _final(error.fault, tries) from error
            wait = jitter(1.0, _WAITS[tries - 1])
            why = f"{error.fault.message}; it is tried again in {wait:.0f} s"
        on_retry(why)
        on_progress(PullProgress(note=why))
        sleep(wait)


class _Telling:
    """What the engine has told, passed on at most ten times a second, and whenever its phase or note is another."""

    def __init__(
        self, on_progress: Callable[[PullProgress], None], pulling: Pulling, clock: Callable[[], float]
    ) -> None:
        self.pulling = pulling
        self._on_progress, self._clock = on_progress, clock
        self._shown = PullProgress()
        self._next = clock()

    def line(self, line: Mapping[str, Any]) -> None:
        """One line of the engine."""
        at = self._clock()
        self.pulling = self.pulling.after(line, at)
        progress, shown = self.pulling.progress, self._shown
        if at >= self._next or (progress.phase, progress.note) != (shown.phase, shown.note):
            self._shown, self._next = progress, at + _OFTEN
            self._on_progress(progress)


def _attempt(engine: Engine, asked: Asked, header: Mapping[str, str], told: _Telling, stall: float) -> str:
    """One pull from its begin to its end; the digest."""
    try:
        with _answer(engine, asked, header, stall) as response:
            for line in engine.raw._stream_helper(response, decode=True):  # noqa: SLF001
                if "error" in line:
                    raise _refused(engine, asked, str(line["error"]), told.pulling)
                told.line(line)
                unpacking = told.pulling.progress.phase == "extracting"
                _be_patient(engine, response, max(stall, UNPACKING) if unpacking else stall)
    except APIError as error:
        raise _refused(engine, asked, explanation(error), told.pulling) from error
    except ENGINE_TROUBLE as error:
        late = trouble.broken_way(error) == trouble.LATE and not isinstance(error, requests.exceptions.ConnectTimeout)
        if late and engine.answers():
            raise _Failed(pull_faults.stood_still(asked, stall, told.pulling.progress), STALLS) from error
        raise fault(f"pull {asked.name}", error) from error
    return told.pulling.digest or _digest_here(engine, asked)


@contextmanager
def _answer(engine: Engine, asked: Asked, header: Mapping[str, str], stall: float) -> Iterator[Any]:
    """The engine's stream. The SDK's own pull takes no time-out, so the request is made here; the lines are the same.

    Leaving the block closes the connection, and the engine then gives the pull up.
    """
    patience = engine.raw.timeout
    try:
        response = engine.raw.post(
            engine.raw._url("/images/create"),  # noqa: SLF001
            params={"fromImage": asked.reference.name, "tag": asked.reference.version},
            headers=dict(header),
            stream=True,
            timeout=(_CONNECT, stall),
        )
    finally:
        engine.raw.timeout = patience  # a registry that keeps the engine waiting is no engine that hangs
    try:
        engine.raw._raise_for_status(response)  # noqa: SLF001
        yield response
    finally:
        with suppress(*ENGINE_TROUBLE, ValueError):
            response.close()


def _be_patient(engine: Engine, response: Any, seconds: float) -> None:
    """How long the next line may take."""
    reader = engine.raw._get_raw_response_socket(response)  # noqa: SLF001
    sock = getattr(reader, "_sock", reader)
    if hasattr(sock, "settimeout"):
        sock.settimeout(seconds)


def _refused(engine: Engine, asked: Asked, why: str, pulling: Pulling) -> Exception:
    """What an engine says that is being stopped looks like the registry's fault."""
    if not engine.answers():
        return stopped(f"pulling {asked.name}")
    return _Failed(*pull_faults.judged(asked, why, engine_retried=pulling.engine_retried))


def _final(last: EnvironmentFault, tries: int) -> EnvironmentFault:
    """The last attempt's, with their number."""
    message = f"{last.message} (tried {tries} times)" if tries > 1 else last.message
    return type(last)(message, remedy=last.remedy, at=last.at, kind=last.kind, output=last.output)


def _digest_here(engine: Engine, asked: Asked) -> str:
    """An engine that names no digest in the stream knows it of the image."""
    facts = images.find(engine, asked.name)
    if facts is None:
        raise EnvironmentFault(
            f"the Docker engine ended the pull of {asked.name} without a word, and does not have the image",
            remedy=f"Try: docker pull {asked.name}",
            kind="pull-failed",
        )
    return facts.digest


def _login(engine: Engine, reference: str, login: Login | None) -> tuple[Asked, dict[str, str]]:
    """What is asked, and the header with the login; the user's own when none is given."""
    parsed = Reference.parse(reference)
    asked = Asked(name=reference, reference=parsed)
    if login is not None:
        coded = auth.encode_header({"username": login.username, "password": login.password})
        return replace(asked, login=f"{login.source}, user {login.username!r}"), _header(coded)
    try:
        with warnings.catch_warnings(action="ignore"):  # of a helper that is not there: an error follows
            registry, _ = auth.resolve_repository_name(parsed.name)
            found = auth.get_config_header(engine.raw, registry)
    except (DockerException, OSError, ValueError) as error:
        raise pull_faults.login_unreadable(asked, str(error)) from error
    return (replace(asked, login="of Docker's configuration"), _header(found)) if found else (asked, {})


def _header(coded: bytes) -> dict[str, str]:
    return {"X-Registry-Auth": coded.decode("ascii")}
