"""requirements.txt as pip would read it. Pure.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from sm_ci.artifact.lint.handlers import CODE, code_folder, djl_models
from sm_ci.artifact.lint.host import Family, below_model
from sm_ci.artifact.lint.view import ERROR, NOTICE, WARNING, Place, View, listed, name
from sm_ci.errors import Finding

FILE = "requirements.txt"
_MOST_LINES = 5000
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"(--?[a-zA-Z][\w-]*)(?:\s*=\s*|\s+|)(.*)")
_INDEXES = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links"})
_FILES = frozenset({"-r", "--requirement", "-c", "--constraint"})
_DIRECT = re.compile(r"(?:[a-z]+\+)?(?:https?|ssh|git|file)://", re.IGNORECASE)
_PATH = re.compile(r"\.{0,2}/|[^\s@]+\.(?:whl|tar\.gz|zip)(?:\[|$)")
_PER_REQUIREMENT = re.compile(r"\s--(?:hash|global-option|config-settings|install-option)\b.*$")
_ODD_VERSION = re.compile(  # as pip took it before 24.1: a version that PEP 440 does not know
    r"[A-Za-z0-9][\w.-]*\s*(?:\[[\w\s,.-]*\])?\s*\(?(?:[=!~<>]=|===|[<>])\s*[^\s,;=]+(?:\s*,\s*(?:[=!~<>]=|===|[<>])\s*[^\s,;=]+)*\)?\s*(?:;.*)?"
)
_SINGLE = re.compile(r"([A-Za-z0-9][\w.-]*)\s*=\s*([^=\s]\S*)$")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def check(view: View) -> Iterator[Finding]:
    """What is wrong or odd with the requirements that the family installs when it starts."""
    files = [file for file in _read_by(view) if view.tree.has(file)]
    for file in files:
        yield from _file(view, file)
    if view.tree.has(FILE) and view.certain and FILE not in _read_by(view) and _installs_code(view):
        message = f"is not read: {view.family} installs {CODE}/{FILE}"
        yield view.finding("requirements-misplaced", WARNING, message, f"move it to {CODE}/", at=Place(file=FILE))


def _read_by(view: View) -> tuple[str, ...]:
    """The files that are installed from."""
    if view.family is Family.DJL:
        return tuple(posixpath.join(folder, FILE) for folder in djl_models(view) or [""])
    if view.family in {Family.VLLM, Family.TRITON, Family.TGI, Family.TEI}:
        return (FILE,) if view.family is Family.VLLM else ()
    code = code_folder(view)
    known = (posixpath.join(code, FILE),) if code is not None else ()
    return known if view.family else (*known, FILE)


def _installs_code(view: View) -> bool:
    return view.family in {Family.PYTORCH, Family.HUGGINGFACE, Family.TENSORFLOW, Family.MXNET}


def _file(view: View, file: str) -> Iterator[Finding]:
    data = view.tree.text(file)
    if data is None:
        return
    fetched: list[str] = []
    first, offline = Place(file=file), False
    for number, column, line in islice(_lines(data), _MOST_LINES):
        at = Place(file=file, line=number, column=column)
        option = _OPTION.match(line) if line.startswith("-") else None
        if option:
            offline = offline or option[1] == "--no-index"
            yield from _option(view, option[1], option[2].strip(" '\""), at)
            continue
        found = _requirement(view, line, at)
        if found:
            yield found
        elif not _PATH.match(line):
            first = first if fetched else at
            fetched.append(re.split(r"[\s\[<>=!~;@(]", line)[0])
    if view.host.isolated and fetched and not offline:
        needs = "needs a network at the start unless the image has them already, and network_isolation allows none"
        remedy = "install them in the image, or pack wheels and write --no-index"
        yield view.finding("requirements-network", NOTICE, f"{needs}: {listed(fetched)}", remedy, at=first)


def _lines(data: bytes) -> Iterator[tuple[int, int, str]]:
    """Line, column, and what stands there, without comments; lines that end in a backslash are one."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    whole, begin, column = "", 0, 1
    for number, line in enumerate(data.decode(encoding, "replace").splitlines(), 1):
        if not whole:
            begin, column = number, len(line) - len(line.lstrip()) + 1
        whole += _COMMENT.sub("", line).strip() if not line.endswith("\\") else line[:-1].strip() + " "
        if not line.endswith("\\"):
            if whole.strip():
                yield begin, column, whole.strip()
            whole = ""
    if whole.strip():
        yield begin, column, whole.strip()


def _option(view: View, option: str, value: str, at: Place) -> Iterator[Finding]:
    folder = posixpath.dirname(at.file)
    if option in _INDEXES:
        yield from _index(view, value, at)
    elif option in _FILES and "://" not in value and not _VARIABLE.search(value):
        target = below_model(value) if value.startswith("/") else posixpath.normpath(posixpath.join(folder, value))
        if target is not None and not view.tree.has(target) and not view.tree.unseen:
            message = f"names the file {name(value)}, which is not there"
            yield view.finding("requirements-path", ERROR, message, "pip would stop here", at=at)
    elif option in {"-e", "--editable"} and not _DIRECT.match(value):
        message = f"installs {name(value)} as editable, which writes into its folder, and the model is read-only"
        yield view.finding("requirements-path", WARNING, message, "leave out -e", at=at)


def _index(view: View, value: str, at: Place) -> Iterator[Finding]:
    try:
        parts = urlsplit(value)
        host, secret = parts.hostname, parts.password
    except ValueError:
        return
    if secret and not _VARIABLE.search(secret):
        message = f"holds a password for {host}, which everybody has who has the model"
        yield view.finding("secret-file", WARNING, message, "write ${NAME}, which pip replaces", at=at)
    elif host:
        message = f"packages come from {name(host)}, which the endpoint must reach when it starts"
        yield view.finding("requirements-index", NOTICE, message, at=at)


def _requirement(view: View, line: str, at: Place) -> Finding | None:
    from packaging.requirements import InvalidRequirement, Requirement

    text = _PER_REQUIREMENT.sub("", line)
    if _DIRECT.match(text) or _VARIABLE.search(text):
        return None
    if _PATH.match(text):
        return _local(view, text, at)
    try:
        Requirement(text)
    except InvalidRequirement:
        if _ODD_VERSION.fullmatch(text):
            message = f"{name(text)!r} has a version that newer releases of pip refuse"
            return view.finding("requirements-line", WARNING, message, "write one as PEP 440 has it", at=at)
        single = _SINGLE.match(text)
        remedy = f"write {single[1]}=={single[2].partition('=')[0]}" if single else "pip would stop here"
        return view.finding("requirements-line", ERROR, f"{name(text)!r} is no requirement", remedy, at=at)
    return None


def _local(view: View, text: str, at: Place) -> Finding | None:
    """A path that is not in the model; pip starts relative ones where it was started, so that those of `code/` are let be."""
    path = text.partition("[")[0].strip()
    folder = posixpath.dirname(at.file)
    inner = below_model(path) if path.startswith("/") else posixpath.normpath(posixpath.join(folder, path))
    places = {inner, posixpath.normpath(path)}
    if inner is None or view.tree.unseen or any(one and one in view.tree.entries for one in places) or inner == ".":
        return None
    message = f"names {name(path)}, which is not in the model"
    return view.finding("requirements-path", WARNING, message, "pack it, or install it in the image", at=at)
