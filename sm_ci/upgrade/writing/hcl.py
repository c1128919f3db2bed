"""What of HCL must be known to find texts in it: quoted templates, attributes with their blocks, heredocs. Pure.

No expression is evaluated. https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sm_ci.upgrade.writing.reading import Span

_TOKEN = re.compile(
    r"""(?P<comment>(?:\#|//)[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<heredoc><<-?(?P<word>[A-Za-z_][\w-]*)[^\S\n]*\r?\n)
    |(?P<quote>")
    |(?P<name>[A-Za-z_][\w-]*)
    |(?P<operator>==|!=|<=|>=|=>|&&|\|\|)
    |(?P<mark>[={}\[\](),:])
    |(?P<line>\n)
    |(?P<other>[^\s"=\w]|\d[\w.]*)""",
    re.VERBOSE | re.DOTALL,
)
_INTERPOLATION = re.compile(r"[$%]\{")
_MOST_NESTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of a quoted template: literal characters, or what stands between `${` and `}`."""

    span: Span
    expression: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A quoted template, without its quotes."""

    span: Span
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`name = "…"` or `name = local.x`. `block` has the words of all blocks and objects around it; `within` says which one."""

    block: tuple[str, ...]
    within: int
    name: str
    value: Template | str


@dataclass(slots=True, kw_only=True)
class File:
    """What stands in a file."""

    templates: list[Template] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    heredocs: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    template: Template | None = None


def parse(text: str) -> File:
    """The file, as far as it can be understood; never an error."""
    file = File()
    tokens = list(_tokens(text, 0, len(text), file, 0))
    file.attributes += _attributes(tokens)
    return file


def _tokens(text: str, at: int, end: int, file: File, depth: int) -> Iterator[_Token]:
    while match := _TOKEN.search(text, at, end):
        at, kind = match.end(), match.lastgroup or ""
        if kind == "quote":
            template = _template(text, at, end, file, depth)
            file.templates.append(template)
            at = template.span.end + 1
            yield _Token("text", text[template.span.start : template.span.end], template)
        elif match["heredoc"]:
            closing = re.compile(rf"^[^\S\n]*{re.escape(match['word'])}[^\S\n]*\r?$", re.MULTILINE).search(
                text, at, end
            )
            file.heredocs.append(Span(start=at, end=closing.start() if closing else end))
            at = closing.end() if closing else end
            yield _Token("heredoc", "")
        elif not match["comment"]:
            yield _Token(kind, match[0])
        elif match[0].count("\n"):
            yield _Token("line", "\n")


def _template(text: str, at: int, end: int, file: File, depth: int) -> Template:
    """What begins behind a quote; ends at the next one outside of interpolations, or at the line's end."""
    start = begin = at
    parts: list[Part] = []
    while at < end and text[at] not in '"\n':
        if text[at] == "\\":
            at += 2
        elif text.startswith(("$${", "%%{"), at):
            at += 3
        elif _INTERPOLATION.match(text, at):
            closing = _closing(text, at + 2, end, file, depth)
            parts += [Part(span=Span(start=begin, end=at))]
            parts += [Part(span=Span(start=at, end=closing + 1), expression=text[at + 2 : closing].strip(" ~"))]
            at = begin = min(closing + 1, end)
        else:
            at += 1
    at = min(at, end)
    parts.append(Part(span=Span(start=begin, end=at)))
    return Template(
        span=Span(start=start, end=at), parts=tuple(part for part in parts if part.span.end > part.span.start)
    )


def _closing(text: str, at: int, end: int, file: File, depth: int) -> int:
    """Where an interpolation ends; templates inside of it are found too."""
    braces = 1
    while at < end:
        if text[at] == '"' and depth < _MOST_NESTED:
            inner = _template(text, at + 1, end, file, depth + 1)
            file.templates.append(inner)
            at = inner.span.end
        braces += {"{": 1, "}": -1}.get(text[at : at + 1], 0)
        if not braces:
            return at
        at += 1
    return at


@dataclass(slots=True)
class _Walk:
    """The blocks that are open, and the tokens of the statement that is being read."""

    blocks: list[tuple[str, ...]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    opened: int = 0
    statement: list[_Token] = field(default_factory=list)

    def open(self) -> None:
        """A block or object begins: the statement is its head."""
        self.opened += 1
        self.blocks.append(tuple(token.text for token in self.statement if token.kind in {"name", "text"}))
        self.numbers.append(self.opened)
        self.statement = []

    def close(self) -> None:
        """The innermost one ends."""
        if self.blocks:
            self.blocks.pop()
            self.numbers.pop()

    def attribute(self) -> Attribute | None:
        """What the statement is, when it is `name = "text"`, `name = local.x` or, in an object, `name: "text"`."""
        if len(self.statement) < 3 or self.statement[1].kind != "mark" or self.statement[1].text not in "=:":
            return None
        name, _, *tokens = self.statement
        value: Template | str | None = tokens[0].template if len(tokens) == 1 else None
        if value is None and all(token.kind == "name" or token.text == "." for token in tokens):
            value = "".join(token.text for token in tokens)
        if value is None or name.kind not in {"name", "text"}:
            return None
        block = tuple(word for words in self.blocks for word in words)
        return Attribute(block=block, within=self.numbers[-1] if self.numbers else 0, name=name.text, value=value)


def _attributes(tokens: list[_Token]) -> Iterator[Attribute]:
    walk = _Walk()
    for token in [*tokens, _Token("line", "\n")]:
        mark = token.text if token.kind in {"mark", "line"} else ""
        if mark in {"\n", ",", "}"}:
            if attribute := walk.attribute():
                yield attribute
            walk.statement = []
        if mark == "{":
            walk.open()
        elif mark == "}":
            walk.close()
        elif mark not in {"\n", ","}:
            walk.statement.append(token)
