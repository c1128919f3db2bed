"""Packages of pip and conda, from where they lie and what they say of themselves. Pure.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from sm_ci.differences import Package
from sm_ci.engine.contents.stanzas import LONGEST

HEADERS = 64 * 1024
"""Bytes of a METADATA that are read: name and version stand at its top, the project's README behind them."""
SITES = frozenset({"site-packages", "dist-packages"})
_CACHES = frozenset({"pkgs", ".cache"})
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_CONDA = re.compile(r"(?P<name>[a-z0-9_][a-z0-9_.-]*)-(?P<version>[^-/]+)-(?P<build>[^-/]+)\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that tells of a pip package: `place` is the folder from which Python imports it."""

    place: str


def of_pip(path: str, root: str, *, deep: bool) -> Found | None:
    """The package that the file at this absolute path tells of.

    Those right in `root` count: what lies deeper was vendored by another package, or is its test. With `deep` every
    site folder below counts too, but those of a package manager's cache.
    """
    folder, name = posixpath.split(path)
    if (name == "METADATA" and folder.endswith(".dist-info")) or (name == "PKG-INFO" and folder.endswith(".egg-info")):
        info = folder
    elif name == "PKG-INFO" and folder.endswith(".egg/EGG-INFO"):
        info = posixpath.dirname(folder)
    elif name.endswith(".egg-info"):
        info = path
    else:
        return None
    place, called = posixpath.split(info)
    if called.startswith("~"):  # what pip moved out of the way and could not remove
        return None
    return Found(place=place) if place == root or (deep and _is_site(place, root)) else None


def of_conda(path: str) -> Package | None:
    """The package whose file lies in a conda-meta folder: its name says all."""
    folder, name = posixpath.split(path)
    match = _CONDA.fullmatch(name)
    prefix, meta = posixpath.split(folder)
    if meta != "conda-meta" or match is None or len(name) > 2 * LONGEST:
        return None
    return Package(manager="conda", name=match["name"], version=match["version"], place=prefix)


def package(metadata: bytes, place: str) -> Package | None:
    """The package of a METADATA or PKG-INFO, its name as PEP 503 has it; None where these say none."""
    fields: dict[str, str] = {}
    for line in metadata[:HEADERS].split(b"\n"):
        text = line.decode("utf-8", "replace")
        if not text.strip():
            break
        key, colon, value = text.partition(":")
        if colon and not text[0].isspace():
            fields.setdefault(key.lower(), value.strip())
    name, version = fields.get("name", ""), fields.get("version", "")
    if not (_NAME.fullmatch(name) and version and max(len(name), len(version)) <= LONGEST):
        return None
    return Package(manager="pip", name=normalised(name), version=version, place=place)


def normalised(name: str) -> str:
    """As PEP 503 has it: `Foo.Bar_baz` is `foo-bar-baz`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def added_paths(pth: bytes, site: str) -> tuple[str, ...]:
    """The folders that a .pth file adds to Python's path [https://docs.python.org/3/library/site.html]."""
    lines = (line.strip() for line in pth.decode("utf-8", "replace").splitlines())
    paths = (line for line in lines if line and not line.startswith(("#", "import ", "import\t")) and "\0" not in line)
    return tuple(posixpath.normpath(posixpath.join(site, line)) for line in paths)


def _is_site(place: str, root: str) -> bool:
    below = posixpath.relpath(place, root).split("/")
    return below[-1] in SITES and _CACHES.isdisjoint(below) and not SITES.intersection(below[:-1])
