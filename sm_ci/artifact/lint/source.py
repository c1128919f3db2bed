"""Reads Python as a parser does, and says what another Python would make of it. Pure."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from dataclasses import dataclass, replace

Version = tuple[int, int]
OURS: Version = (sys.version_info[0], sys.version_info[1])
PYTHON_2: Version = (2, 7)
_OLDEST: Version = (3, 7)  # the oldest that every ast.parse of ours can imitate
_LINES = 3
_NEWER = re.compile(  # what a Python after 3.11 reads and an older one refuses
    r"""(?ix) \b(?:f|fr|rf|t|tr|rt)["'] .* \{   # PEP 701, quotes within; PEP 750, templates
    | \bt["'] | \b(?:rt|tr)["']                 # PEP 750
    | ^\s* type \s+ \w+ .* =                    # PEP 695
    | \b (?:def|class) \s+ \w+ \s* \[           # PEP 695
    | ^\s* except\*? \s+ [^(:]+ , .* :          # PEP 758
    | ^\s* lazy \s+ (?:import|from) \b          # PEP 810
    | [\[({,] \s* \*{1,2} .+ \b for \b          # PEP 798
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a module cannot be read. `newer`: a Python newer than ours may read it; `older`: only one older than ours cannot."""

    message: str
    line: int
    column: int
    newer: bool = False
    older: bool = False


def parse(source: bytes, python: Version | None = None) -> ast.Module | Trouble | None:
    """The module, or what is wrong with it for the image's Python; None when it cannot be judged here.

    What is written for Python 2, and what is nested too deep for our parser, is not judged.
    """
    if python == PYTHON_2:
        return None
    found = _parsed(source, None)
    if isinstance(found, Trouble):
        known = python is not None and python <= OURS
        return replace(found, newer=not known and _maybe_newer(source, found))
    if found is not None and python is not None and python < OURS:
        older = _parsed(source, max(python, _OLDEST))
        return replace(older, older=True) if isinstance(older, Trouble) else found
    return found


def _parsed(source: bytes, version: Version | None) -> ast.Module | Trouble | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes such as "\d"
            return ast.parse(source, feature_version=version)
    except SyntaxError as error:
        return Trouble(message=error.msg, line=max(error.lineno or 1, 1), column=max(error.offset or 1, 1))
    except ValueError as error:  # NUL, before Python 3.11.4
        return Trouble(message=str(error), line=1, column=1)
    except (RecursionError, MemoryError):
        return None


def _maybe_newer(source: bytes, trouble: Trouble) -> bool:
    lines = source.decode("utf-8", "replace").splitlines()[trouble.line - 1 : trouble.line - 1 + _LINES]
    return any(_NEWER.search(line) for line in (lines if "f-string" in trouble.message else lines[:1]))


def shown(version: Version) -> str:
    """`3.10`."""
    return ".".join(map(str, version))
