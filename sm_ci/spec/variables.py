"""`${NAME}` in the strings of a document, and which names may stand there. Pure.

A name has the value of --var, else of the environment variable of that name unless that is empty, else its default.
Nothing else of the environment is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sm_ci.errors import Finding, Severity
from sm_ci.spec import scalars
from sm_ci.spec.encoding import SIZE_LIMIT
from sm_ci.spec.findings import MOST
from sm_ci.spec.paths import Path, printed
from sm_ci.spec.tree import Document, Node
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described, did_you_mean, quoted

UNDECLARED_OPTION = "undeclared-option"
"""The rule that a --var breaks that the spec does not declare; `given` is its whole name."""
DECLARE_IT = "declare it under variables"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[^{}]*)\}|\$\{")
_LITERAL = "$${"
_NEAR = 100  # declared names among which the meant one is looked for
_UNTOUCHED = ("version", "variables")  # top-level keys whose values are not expanded
_CREDENTIALS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "GH_ENTERPRISE_TOKEN",
    }
)
_CREDENTIAL_PREFIXES = ("ACTIONS_", "INPUT_", "AWS_CONTAINER_", "AWS_BEARER_TOKEN")


def is_credential(name: str) -> bool:
    """Whether the name is one that holds a credential of the runner; no spec can read it."""
    upper = name.upper()
    return upper in _CREDENTIALS or upper.startswith(_CREDENTIAL_PREFIXES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The document's values with every variable replaced; `broken` are the printed paths where that failed."""

    value: dict[str, Any]
    findings: tuple[Finding, ...]
    broken: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Variable:
    """What a name stands for: its value, and its text inside a longer string. Not `known`: its declaration is wrong."""

    value: Any = None
    text: str = ""
    known: bool = True


def expand(document: Document, *, given: Mapping[str, str], environ: Mapping[str, str]) -> Expanded:
    """Replace `${NAME}` by --var (`given`), environment or default. Keys, `version` and `variables` stay as they are."""
    declared, findings = _declared(document, given, environ)
    names = [key for key in document.root.children if key not in _UNTOUCHED]
    expansion = _Expansion(document, declared, findings)
    value = dict(document.root.value)
    for name in names:
        value[str(name)] = expansion.node(document.root.children[name], (name,))
    return Expanded(value=value, findings=tuple(expansion.findings), broken=frozenset(expansion.broken))


def _declared(
    document: Document, given: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[dict[str, _Variable] | None, list[Finding]]:
    """The declared variables; None when `variables` is no mapping, which is reported elsewhere."""
    section = Value(document, document.root.value).at("variables")
    if "variables" in document.root.value and not isinstance(section.content, dict):
        return None, []
    unknown = [name for name in given if not section.has(name)]
    names = [name for name, _ in section.entries()]
    findings = [undeclared_option(n, [document.path], did_you_mean(n, names) or DECLARE_IT) for n in unknown]
    declared: dict[str, _Variable] = {}
    for name, value in section.entries():
        try:
            declared[name] = _variable(name, value, given, environ)
        except _Wrong as wrong:
            declared[name] = _Variable(known=False)
            findings.append(wrong.finding)
    return declared, findings


def undeclared_option(name: str, paths: Sequence[str], remedy: str) -> Finding:
    """That none of these specs declares a name that --var gives."""
    *first, last = paths
    subject = f"{', '.join(first)} and {last} declare" if first else f"{last} declares"
    return Finding(
        rule=UNDECLARED_OPTION,
        severity=Severity.ERROR,
        message=f"--var {quoted(name)}: {subject} no such variable",
        remedy=remedy,
        given=name,
    )


class _Wrong(Exception):
    """A declaration cannot be used."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


def _variable(name: str, value: Value, given: Mapping[str, str], environ: Mapping[str, str]) -> _Variable:
    if not NAME.fullmatch(name):
        message = "is not a name for a variable"
        raise _Wrong(value.error("variable", message, "use letters, digits and _, no digit first", key=True))
    if is_credential(name):
        message = "is the name of a credential, which no spec can read"
        raise _Wrong(value.error("credential", message, "choose another name", key=True))
    default = value.content
    if isinstance(default, str) and any(match[0] != _LITERAL for match in _REFERENCE.finditer(default)):
        message = "a default cannot hold ${…}"
        raise _Wrong(value.error("variable", message, "write it out; $${ is a literal ${"))
    if name in given:
        return _read(given[name], "--var", value)
    if environ.get(name):
        return _read(environ[name], "the environment", value)
    if default is None:
        remedy = f"give it with --var {name}=VALUE or in the environment variable {name}"
        raise _Wrong(value.error("variable", "is required and has no value", remedy, key=True))
    if isinstance(default, str):
        text = default.replace(_LITERAL, "${")
        return _Variable(text, text)
    return _Variable(default, value.raw)


def _read(text: str, source: str, value: Value) -> _Variable:
    """A text from outside; a number or a boolean where the default is one."""
    default = value.content
    if not text.isascii() and text != text.encode(errors="ignore").decode():
        message = f"is not UTF-8 in {source}"
        raise _Wrong(value.error("variable", message, "give it in UTF-8", key=True))
    if not isinstance(default, bool | int | float):
        return _Variable(text, text)
    wanted = (bool,) if isinstance(default, bool) else (int, float)
    try:
        got = scalars.resolve(text)
    except ValueError:
        got = text
    if type(got) not in wanted:
        kind = "true or false" if isinstance(default, bool) else "a number"
        message = f"must be {kind} as its default is, not {described(text)} from {source}"
        raise _Wrong(value.error("variable", message, "give such a value, or put the default in quotes", key=True))
    return _Variable(got, text)


class _Expansion:
    """One walk over a document's nodes; nodes that aliases share are expanded once."""

    def __init__(self, document: Document, declared: dict[str, _Variable] | None, findings: list[Finding]) -> None:
        self.findings = findings
        self.broken: set[str] = set()
        self._document = document
        self._declared = declared
        self._done: dict[int, Any] = {}
        self._size = 0

    def node(self, node: Node, path: Path) -> Any:
        """The value of this node with its variables replaced."""
        value = node.value
        if not node.refers:
            return value
        if not node.children:
            return self._text(value, path) if isinstance(value, str) else value
        if id(node) not in self._done:
            children = [(key, self.node(child, (*path, key))) for key, child in node.children.items()]
            self._done[id(node)] = dict(children) if isinstance(value, dict) else [child for _, child in children]
        return self._done[id(node)]

    def _text(self, text: str, path: Path) -> Any:
        parts: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            variable = self._named(match, Value(self._document, text, path))
            if variable is None:
                self.broken.add(printed(path))
                return text
            if match[0] == text and match[0] != _LITERAL:
                return variable.value
            parts += [text[end : match.start()], variable.text]
            end = match.end()
        return "".join([*parts, text[end:]])

    def _named(self, match: re.Match[str], value: Value) -> _Variable | None:
        name = match["name"]
        if match[0] == _LITERAL:
            return _Variable(text="${")
        if len(self.findings) > MOST:
            return None
        if name is None or not NAME.fullmatch(name):
            self.findings.append(_malformed(match[0], value))
            return None
        if self._declared is None:
            return None
        if name not in self._declared:
            self.findings.append(self._undeclared(name, value))
            return None
        variable = self._declared[name]
        self._size += len(variable.text)
        if self._size > SIZE_LIMIT:
            self.findings.append(value.error("variable", "here the variables of this file expand to more than 1 MiB"))
            self._declared = None
            return None
        return variable if variable.known else None

    def _undeclared(self, name: str, value: Value) -> Finding:
        if is_credential(name):
            return value.error("credential", f"{name} is the name of a credential, which no spec can read")
        hint = did_you_mean(name, islice(self._declared or (), _NEAR))
        remedy = hint or f"declare it: variables: {{{name}: null}}"
        return value.error("variable", f"the variable {quoted(name)} is not declared", remedy)


def _malformed(reference: str, value: Value) -> Finding:
    text = value.content
    if "${{" in text:
        message = "holds GitHub's ${{ … }}, which only workflow files know"
        return value.error("variable", message, "declare a variable and give it with --var or env")
    if reference == "${":
        return value.error("variable", "holds a '${' without a name and '}'", "write ${NAME}, or $${ for a literal ${")
    message = f"{quoted(reference)} does not name a variable"
    return value.error("variable", message, "use letters, digits and _, or write $${ for a literal ${")


def references(text: str) -> Iterator[str]:
    """The names that a text refers to."""
    for match in _REFERENCE.finditer(text):
        if match["name"]:
            yield match["name"]
