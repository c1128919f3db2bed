"""Images in a Dockerfile: FROM, COPY --from and RUN --mount=from, with the global ARGs before them. Pure.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sm_ci.upgrade.writing.pieces import UNKNOWN, Lookup, Piece, Text, expanded, limited, literal
from sm_ci.upgrade.writing.reading import Arguments, Found, Source

_DIRECTIVE = re.compile(r"#\s*(?P<name>[a-zA-Z]+)\s*=\s*(?P<value>[^\r\n]*?)\s*")
_KEYWORD = re.compile(r"\s*(?P<word>[A-Za-z]+)(?=\s|$)")
_FROM = re.compile(r"""\s*FROM\s+(?:--\S+\s+)*(?P<quote>["']?)(?P<image>[^\s"']+)(?P=quote)""", re.IGNORECASE)
_NAMED = re.compile(r"\bAS\s+(?P<stage>\S+)", re.IGNORECASE)
_OTHER = re.compile(r"--from=(?P<copied>\S+)|--mount=\S*?\bfrom=(?P<mounted>[^\s,]+)")
_ARGUMENT = re.compile(r"""(?P<name>[A-Za-z_]\w*)=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"']*))""")
_HEREDOC = re.compile(r"""(?<!\S)[0-9]*<<-?(?P<quote>["']?)(?P<word>[A-Za-z_][A-Za-z0-9_]*)(?P=quote)(?!\S)""")
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
_HEREDOC_LINE = "<<"


@dataclass(frozen=True, slots=True)
class _Line:
    text: str  # with its line end
    at: int


def find(source: Source, given: Arguments) -> Found:
    """The texts that may name images. `given` are build arguments from elsewhere; the defaults of these are looked at too."""
    found = Found()
    arguments: dict[str, Text] = {}
    stages = 0

    lookup = limited(lambda name: [*given.get(name, ()), *([arguments[name]] if name in arguments else [])])

    for keyword, instruction in _instructions(source):
        if keyword == "ARG" and not stages:
            arguments.update(_arguments(instruction))
        elif keyword == "FROM":
            stages += 1
            found.texts += _of(_FROM.match(instruction.text), "image", instruction, lookup)
        else:
            for match in _OTHER.finditer(instruction.text) if keyword in {"COPY", "RUN"} else ():
                found.texts += _of(match, "copied" if match["copied"] else "mounted", instruction, lookup)
            where = "a heredoc" if keyword == _HEREDOC_LINE else keyword
            found.left.append((instruction, f"stands in {where}, which is left as it is"))
    found.texts += [text for value in arguments.values() for text in expanded(value, lookup)]
    return found


def base(source: Source, target: str | None, given: Mapping[str, str]) -> str:
    """The image, with its tag, that the stage `target` (or the last one) builds on through all stages between.

    `given` are build arguments. Empty when it has no tag, or cannot be told.
    """
    stages: dict[str, str] = {}  # by name and by number, what each is from
    arguments: dict[str, Text] = {}
    count = 0

    def value(name: str) -> list[Text]:
        return [literal(given[name])] if name in given else [arguments[name]] if name in arguments else []

    lookup = limited(value)

    for keyword, instruction in _instructions(source):
        match = _FROM.match(instruction.text) if keyword == "FROM" else None
        if keyword == "ARG" and not count:
            arguments.update(_arguments(instruction))
        elif match:
            (image,) = _of(match, "image", instruction, lookup)
            whole = stages.get(image.text.lower(), image.text)
            named = _NAMED.search(instruction.text, match.end())
            stages |= {str(count): whole, named["stage"].lower() if named else str(count): whole}
            count += 1
    found = stages.get((target or str(count - 1)).lower(), "")
    return found if ":" in found.rpartition("/")[2].partition("@")[0] and UNKNOWN not in found else ""


def _of(match: re.Match[str] | None, group: str, instruction: Text, lookup: Lookup) -> list[Text]:
    return expanded(instruction.cut(*match.span(group)), lookup) if match else []


def _arguments(instruction: Text) -> Iterator[tuple[str, Text]]:
    for match in _ARGUMENT.finditer(instruction.text):
        group = next(name for name in ("double", "single", "bare") if match[name] is not None)
        if match[group]:
            yield match["name"], instruction.cut(*match.span(group))


def _instructions(source: Source) -> Iterator[tuple[str, Text]]:
    """Keyword and whole text of each, its continued lines joined, comments left out; a heredoc's lines have one of their own."""
    lines = _lines(source.text)
    escape = _escape(lines)
    pieces: list[Piece] = []
    waiting: list[str] = []  # ends of heredocs
    for line in lines:
        bare = line.text.strip("\ufeff \t\r\n")
        if waiting:
            if bare == waiting[0]:
                waiting = waiting[1:]
            else:
                yield _HEREDOC_LINE, Text((Piece(line.text.rstrip(), source.path, line.at),))
            continue
        if bare.startswith("#") or (not bare and pieces):
            continue
        body = line.text.rstrip()
        begin = len(body) - len(body.lstrip("\ufeff")) if not line.at else 0
        continued = body.endswith(escape)
        pieces.append(Piece(body[begin : -1 if continued else None], source.path, line.at + begin))
        if continued:
            continue
        yield from _finished(pieces)
        waiting = _heredocs(pieces)
        pieces = []
    yield from _finished(pieces)


def _finished(pieces: list[Piece]) -> Iterator[tuple[str, Text]]:
    text = Text(tuple(pieces))
    if keyword := _KEYWORD.match(text.text):
        yield keyword["word"].upper(), text


def _heredocs(pieces: list[Piece]) -> list[str]:
    text = "".join(piece.text for piece in pieces)
    keyword = _KEYWORD.match(text)
    if not keyword or keyword["word"].upper() not in _WITH_HEREDOC:
        return []
    return [match["word"] for match in _HEREDOC.finditer(text)]


def _lines(text: str) -> list[_Line]:
    lines, at = [], 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        lines.append(_Line(line, at))
        at += len(line)
    return lines


def _escape(lines: list[_Line]) -> str:
    """What continues a line: directives stand above everything else."""
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.text.strip("\ufeff \t\r\n"))
        if match is None:
            break
        if match["name"].lower() == "escape" and match["value"] in {"`", "\\"}:
            return match["value"]
    return "\\"
