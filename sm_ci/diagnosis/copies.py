"""Which file of the build's context a file of the image was copied from, by the Dockerfile's COPY and ADD. Pure.

Instructions that name variables, other stages or addresses are passed over: the file's name alone must do then.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

_CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
_INSTRUCTION = re.compile(r"\s*(?P<name>FROM|WORKDIR|COPY|ADD)\s+(?P<rest>.+)", re.IGNORECASE)
_FLAG = re.compile(r"--(?P<name>[\w-]+)(?:=\S*)?\s+")
_ELSEWHERE = re.compile(r"\$|://|\.\.(?:/|$)")


def sources(dockerfile: str, file: str) -> Iterator[str]:
    """Paths in the context that `file` may have come from, the last instruction's first. They need not exist."""
    for source, target in reversed(list(_copies(dockerfile))):
        if file == target.rstrip("/"):
            yield source
        elif file.startswith(f"{target.rstrip('/')}/"):
            below = file[len(target.rstrip("/")) + 1 :]
            yield from _below(source, below)


def _below(source: str, below: str) -> Iterator[str]:
    """A folder's contents are copied, a file with its name; patterns match either."""
    name = posixpath.basename(source)
    if fnmatchcase(below, name):
        yield posixpath.join(posixpath.dirname(source), below)
    first, _, rest = below.partition("/")
    if "*" in name or "?" in name:
        return
    yield posixpath.normpath(posixpath.join(source, first, rest) if rest else posixpath.join(source, first))


def _copies(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Source and target of each copy; relative targets are below the working directory."""
    directory = "/"
    for line in _CONTINUED.sub(" ", dockerfile).splitlines():
        match = _INSTRUCTION.match(line)
        name = match["name"].upper() if match else ""
        if match and name == "FROM":
            directory = "/"
        elif match and name == "WORKDIR":
            directory = posixpath.normpath(posixpath.join(directory, match["rest"].strip()))
        elif match:
            for source, target in _pairs(match["rest"].strip()):
                yield source, posixpath.normpath(posixpath.join(directory, target))


def _pairs(rest: str) -> Iterator[tuple[str, str]]:
    while flag := _FLAG.match(rest):
        if flag["name"] == "from":
            return
        rest = rest[flag.end() :]
    words = _words(rest)
    for source in words[:-1]:
        if not _ELSEWHERE.search(f"{source} {words[-1]}"):
            yield posixpath.normpath(source.lstrip("/")), words[-1]


def _words(rest: str) -> list[str]:
    """In shell form or as a JSON list."""
    if not rest.startswith("["):
        return rest.split()
    try:
        words = json.loads(rest)
    except ValueError:
        return []
    return [str(word) for word in words] if isinstance(words, list) else []
