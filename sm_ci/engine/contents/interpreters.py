"""Where the Pythons of an image lie, and where each looks for packages. Pure.

Folders cannot be listed, so that single paths are looked at: those that the image's own words name (PATH and other variables,
ENTRYPOINT, CMD, the first line of what is run, the commands of its layers), and those where Pythons usually are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sm_ci import contract
from sm_ci.engine.contents import system
from sm_ci.engine.contents.looking import Looks
from sm_ci.engine.program import DEFAULT_PATH

USUAL = (
    "/usr",
    "/usr/local",
    "/opt/conda",
    "/opt/venv",
    "/venv",
    "/opt/program/venv",
    "/root/.local",
    "/var/lang",  # AWS Lambda's base images
)
MANY = (
    "/root/.pyenv/versions",
    "/opt/pyenv/versions",
    "/root/.virtualenvs",
    "/root/.local/share/uv/tools",
    "/layers",  # of buildpacks
)
"""Folders with any number of Pythons below them."""
MINORS = tuple(f"3.{minor}" for minor in range(6, 16))
_MOST = 200
_SHEBANG = 256
_BELOW = frozenset({"bin", "sbin", "lib"})
_PATH = re.compile(r"(?<![\w.:/])/[A-Za-z0-9_.+/-]{2,200}")
_TARGET = re.compile(r"\bpip3?\b[^&|;]*?\s(?:-t|--target)[ =](/[A-Za-z0-9_.+/-]{1,200})")
SYSTEM = frozenset(
    {"/", "/bin", "/dev", "/etc", "/home", "/lib", "/opt", "/proc", "/sbin", "/sys", "/usr", "/usr/local", "/var"}
)
"""Folders that hold all kinds of things: no packages lie right in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an image says of itself: how it is started, and what made its layers."""

    environment: Mapping[str, str]
    start: Sequence[str]
    working_dir: str = ""
    made_by: Sequence[str] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        """Those of PATH."""
        return _absolute((self.environment.get("PATH") or DEFAULT_PATH).split(":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python: `prefix` is that of the name by which it is called, which a virtual environment has; `real` is its file."""

    prefix: str
    real: str

    @property
    def real_prefix(self) -> str:
        """That of the file. /bin is /usr/bin where both are there."""
        prefix = posixpath.dirname(posixpath.dirname(self.real))
        return "/usr" if prefix == "/" else prefix


def first(tree: Looks, words: Words) -> Interpreter | None:
    """The Python that PATH finds first, else the one that the image starts with, by its path or its first line."""
    for folder in words.folders:
        for name in ("python3", "python"):
            found = tree.find(posixpath.join(folder, name))
            if found and found.file:
                return Interpreter(prefix=posixpath.dirname(folder), real=found.path)
    for named in _started(tree, words):
        found = tree.find(named)
        if posixpath.basename(named).startswith("python") and found and found.file:
            return Interpreter(prefix=posixpath.dirname(posixpath.dirname(named)), real=found.path)
    return None


def prefixes(tree: Looks, words: Words, python: Interpreter | None) -> tuple[str, ...]:
    """The folders that have a `lib` with Pythons, or may have."""
    named = [python.prefix, python.real_prefix] if python else []
    named += [_prefix(folder) for folder in words.folders]
    named += [_prefix(path) for path in _started(tree, words)]
    named += [*USUAL, *_homes(words), *(_prefix(path) for path in _mentioned(words))]
    found = []
    for prefix in list(dict.fromkeys(named))[:_MOST]:
        lib = None if prefix in SYSTEM and prefix not in USUAL else tree.find(f"{prefix}/lib")
        if lib and lib.folder:
            found.append(posixpath.dirname(lib.path))
    return tuple(dict.fromkeys(found))


def sites(tree: Looks, prefix: str) -> Iterator[tuple[str, str]]:
    """The folders of a prefix in which packages lie, each with the minor version of its Python, or none where it serves all."""
    wide = tree.find(f"{prefix}/lib64")  # of rpm's systems, beside lib; elsewhere a link to it
    libraries = ["lib", "lib64"] if wide and wide.path.endswith("lib64") else ["lib"]
    for minor in MINORS:
        for library in libraries:
            if tree.find(f"{prefix}/{library}/python{minor}"):
                for name in ("site-packages", "dist-packages"):
                    yield f"{prefix}/{library}/python{minor}/{name}", minor
    yield f"{prefix}/lib/python3/dist-packages", ""


def targets(words: Words) -> tuple[str, ...]:
    """Folders of packages without an interpreter: those of PYTHONPATH, and where `pip install --target` put them."""
    installed = (match[1] for text in words.made_by for match in _TARGET.finditer(text))
    paths = _absolute([*words.environment.get("PYTHONPATH", "").split(":"), *installed])
    return tuple(path for path in paths if path not in SYSTEM)[:_MOST]


def _started(tree: Looks, words: Words) -> tuple[str, ...]:
    """The program that the image starts, and the interpreter in its first line; and those of `serve`."""
    found: list[str] = []
    for program in dict.fromkeys([*words.start[:1], contract.COMMAND[0]]):
        here = posixpath.join(words.working_dir or "/", program)
        places = [here] if "/" in program else [posixpath.join(folder, program) for folder in words.folders]
        path = next((place for place in places if (entry := tree.find(place)) and entry.file), "")
        is_script = path and not posixpath.basename(path).startswith("python")
        line = (tree.head(path, _SHEBANG) or b"").partition(b"\n")[0] if is_script else b""
        interpreter = line[2:].decode("utf-8", "replace").split()[:1] if line.startswith(b"#!") else []
        found += [path, *interpreter]
    return _absolute(found)


def _homes(words: Words) -> Iterator[str]:
    """Environments that variables name, those in the working folder, and the user's own packages."""
    variables = words.environment
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT"):
        yield from _absolute([variables.get(name, "")])
    for name in _absolute([variables.get("HOME", ""), variables.get("PYTHONUSERBASE", "")]):
        yield from (name, posixpath.join(name, ".local"))
    for folder in _absolute([words.working_dir, "/app"]):
        yield from (posixpath.join(folder, name) for name in (".venv", "venv"))


def _mentioned(words: Words) -> Iterator[str]:
    """Paths in the image's variables and in the commands of its layers, the last first."""
    for text in (*words.start, *words.environment.values(), *reversed(words.made_by)):
        yield from _absolute(_PATH.findall(text))


def _prefix(path: str) -> str:
    """/opt/venv of /opt/venv, /opt/venv/bin/pip and /opt/venv/lib/python3.11/site-packages."""
    parts = path.split("/")
    return "/".join(parts[: next((at for at, part in enumerate(parts) if part in _BELOW), len(parts))]) or "/usr"


def _absolute(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that are absolute, each once."""
    found = (posixpath.normpath(f"/{path.lstrip('/')}") for path in paths if path.startswith("/") and "\0" not in path)
    return tuple(dict.fromkeys(found))


def version(
    tree: Looks,
    python: Interpreter,
    of_packages: Mapping[str, str],
    environment: Mapping[str, str],
    minors: Sequence[str],
) -> str:
    """The interpreter's version, as exactly as the image tells it without running it.

    By what was installed with it: conda's package, the header it was built with, the package of the system for one in
    /usr, PYTHON_VERSION of the official images for one in /usr/local; else as the virtual environment notes it, else the
    minor version in its name, or that of the only library beside it. `of_packages` are versions by `conda` and `system`.
    """
    prefix, minor = python.real_prefix, system.minor(python.real) or (minors[0] if len(minors) == 1 else "")
    header = tree.head(f"{prefix}/include/python{minor}/patchlevel.h", 8192) if minor else None
    told = (
        of_packages.get("conda", ""),
        system.of_patchlevel(header or b""),
        of_packages.get("system", "") if prefix == "/usr" else "",
        environment.get("PYTHON_VERSION", "") if prefix == "/usr/local" else "",
        system.of_venv(tree.head(f"{python.prefix}/pyvenv.cfg", 4096) or b""),
    )
    fitting = (text for text in told if text and (not minor or f"{text}.".startswith(f"{minor}.")))
    return next(fitting, minor)
