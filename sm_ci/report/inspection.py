"""What may be shown of the engine's documents and of variables: names stay, what looks like a credential does not. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sm_ci.text import MASK, Redactor

_SECRET_NAME = re.compile(r"(?i)(^|[_.-])(pass(word|wd|phrase)?|pwd|secrets?)($|[_.-])")
_KEY_NAME = re.compile(
    r"(?i)(^|[_.-])((api|access|private|signing|encryption)?[_-]?key|auth|tokens?|credentials?)($|[_.-])"
)
_TRIVIAL = re.compile(r"(?i)^(|true|false|none|null|[\d.,:]{1,6}|/[\w./-]*|[\w.-]*\.(json|txt|pem|model|py))$")
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bhf_[A-Za-z0-9]{30,}|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{40,}"
    r"|\bsk-[A-Za-z0-9_-]{32,}|\bxox[abprs]-[A-Za-z0-9-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]*:[^/\s:@]+@"
)
_SHORTEST = 6
"""Characters of a value that is looked for elsewhere too: a shorter one would mask half of all texts."""


def is_credential(name: str, value: str) -> bool:
    """Whether a variable looks like one: by its name, or by the form of its value. In doubt it does."""
    if _SECRET_VALUE.search(value) or (_SECRET_NAME.search(name) and value):
        return True
    return _KEY_NAME.search(name) is not None and not _TRIVIAL.match(value)


def credentials(variables: Mapping[str, str]) -> Iterator[str]:
    """The values that are to be masked wherever they stand."""
    for name, value in variables.items():
        if is_credential(name, value) and len(value) >= _SHORTEST and not _TRIVIAL.match(value):
            yield value


def variables(document: str) -> dict[str, str]:
    """The environment in the engine's document of an image or a container; empty without one."""
    config = (json.loads(document) if document else {}).get("Config") or {}
    return dict(str(entry).partition("=")[::2] for entry in config.get("Env") or ())


def redacted(document: Any, clean: Redactor) -> Any:
    """A JSON document without secrets: lists of NAME=VALUE below Env, and mappings of names to texts, lose values."""
    if isinstance(document, dict):
        return {clean(name): _entry(name, value, clean) for name, value in document.items()}
    if isinstance(document, list):
        return [redacted(item, clean) for item in document]
    return clean(document) if isinstance(document, str) else document


def _entry(name: str, value: Any, clean: Redactor) -> Any:
    if name == "Env" and isinstance(value, list):
        return [_variable(str(entry), clean) for entry in value]
    if isinstance(value, str) and is_credential(name, value):
        return MASK
    return redacted(value, clean)


def _variable(entry: str, clean: Redactor) -> str:
    name, equals, value = entry.partition("=")
    return f"{clean(name)}={MASK}" if equals and is_credential(name, value) else clean(entry)
