"""What is in an image, and what differs between two. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of an image: the digest of its unpacked content, its bytes on disk (0 where unknown), what made it."""

    digest: str
    size: int = 0
    made_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Package:
    """One installed package. `manager` is dpkg, rpm, apk, pip or conda; `place` the folder of a pip package, conda's prefix."""

    manager: str
    name: str
    version: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContents:
    """What is in an image, from its configuration and its file system; nothing of it was run.

    `size` is bytes on disk. `os` is PRETTY_NAME of /etc/os-release, `python` and `cuda` are versions; each is empty where there
    is none. `unread` says why packages could not be read, when they could not; `unknown` are the managers that it concerns: of
    theirs there may be more.
    """

    size: int
    layers: tuple[Layer, ...] = ()
    packages: tuple[Package, ...] = ()
    os: str = ""
    python: str = ""
    cuda: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    user: str = ""
    working_dir: str = ""
    ports: tuple[str, ...] = ()
    unread: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing of the images that differs; None on the side that has it not.

    `kind` is package, os, python, cuda, environment, entrypoint, command, label, user, working_dir, port, layer or size;
    `name` says which of its kind (`numpy (pip)`, `PATH`), empty where there is one only.
    """

    kind: str
    name: str
    baseline: str | None
    candidate: str | None
