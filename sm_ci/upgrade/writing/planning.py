"""What must be changed in which files so that they name the new image. Pure but for a table of the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from sm_ci.errors import Finding, Severity
from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing import dockerfiles, specs, terraform, yaml_files
from sm_ci.upgrade.writing.changes import Change, Plan, with_quotes
from sm_ci.upgrade.writing.pieces import UNKNOWN, Edit, Text, expanded, in_file, replaced
from sm_ci.upgrade.writing.reading import Found, Source
from sm_ci.upgrade.writing.search import Mention, mentions
from sm_ci.upgrade.writing.specs import Outside
from sm_ci.upgrade.writing.wanted import Wanted, Whose

NOT_NAMED = "image-not-named"
_SPEC, _YAML, _DOCKERFILE, _TERRAFORM, _TEXT = "spec", "yaml", "dockerfile", "terraform", "text"
_LOOKED_FOR = {
    _SPEC: "in image: and in the variables that it is made of",
    _YAML: "in its texts, and as repository: with tag: beside it",
    _DOCKERFILE: "in FROM, COPY --from and RUN --mount=from, with the ARGs before the first FROM",
    _TERRAFORM: "in quoted texts, with the locals and variables that they are made of",
    _TEXT: "as a whole word",
}
_SHOWN = 3


def plan(sources: Sequence[Source], current: Reference, new: Reference, outside: Outside) -> Plan:
    """What to change so that every place that names the current image names the new one.

    Both have a tag. A digest of `current` is looked for where a file has no tag beside it; the one of `new` goes where a file
    pins one. A place that pins none stays so.
    """
    wanted = Wanted(current=current, new=new)
    return _Planning(wanted, _read(sources, wanted, outside)).plan()


@dataclass(slots=True)
class _File:
    source: Source
    kind: str
    found: Found
    trouble: str = ""  # why it was read as text, although its name says YAML
    named: bool = False
    others: dict[str, int] = field(default_factory=dict)  # what it names instead, and in which line
    edits: set[Edit] = field(default_factory=set)


def _read(sources: Sequence[Source], wanted: Wanted, outside: Outside) -> list[_File]:
    module = terraform.module([source for source in sources if _kind(source) == _TERRAFORM])
    return [_file(source, wanted, outside, module) for source in sources]


def _file(source: Source, wanted: Wanted, outside: Outside, module: terraform.Module) -> _File:
    kind = _kind(source)
    if kind == _DOCKERFILE:
        return _File(source, kind, dockerfiles.find(source))
    if kind == _TERRAFORM:
        return _File(source, kind, terraform.find(source, module))
    trouble = ""
    if kind == _YAML:
        try:
            if specs.is_spec(source):
                return _File(source, _SPEC, specs.find(source, wanted, outside))
            return _File(source, kind, yaml_files.find(source))
        except ValueError as error:
            trouble = str(error)
    texts = expanded(in_file(source.path, 0, source.text), lambda _: ())
    return _File(source, _TEXT, Found(texts=texts), trouble)


def _kind(source: Source) -> str:
    name = PurePath(source.path).name.lower()
    if name.endswith((".yml", ".yaml")):
        return _YAML
    if name.endswith((".tf", ".tfvars", ".hcl")):
        return _TERRAFORM
    docker = name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile"))
    return _DOCKERFILE if docker else _TEXT


class _Planning:
    """Gathers edits and findings over all files: a variable's place may be another file than the one that uses it."""

    def __init__(self, wanted: Wanted, files: list[_File]) -> None:
        self._wanted = wanted
        self._files = {file.source.path: file for file in files}
        self._findings: dict[tuple[str, str], Finding] = {}  # by file and message: the first place of each
        self._mentions = [
            (file, mention) for file in files for text in file.found.texts for mention in mentions(text, wanted)
        ]
        self._others = {
            (piece.path, piece.at): mention
            for _, mention in self._mentions
            if not self._is_current(mention)
            for piece in mention.tag.pieces
            if piece.shared and piece.at is not None
        }

    def plan(self) -> Plan:
        """Everything."""
        for file, mention in self._mentions:
            self._mention(file, mention)
        for file in self._files.values():
            self._more(file)
        for file in self._files.values():
            if not file.named and not file.edits:
                self._not_named(file)
        changes = tuple(
            Change(
                source=file.source,
                edits=with_quotes(file.source, file.edits, file.found.plain),
                spec=file.kind == _SPEC,
            )
            for file in self._files.values()
            if file.edits
        )
        return Plan(wanted=self._wanted, changes=changes, findings=tuple(self._findings.values()))

    def _is_current(self, mention: Mention) -> bool:
        return mention.whose in {Whose.OURS, Whose.ELSEWHERE} and mention.is_current(self._wanted)

    def _mention(self, file: _File, mention: Mention) -> None:
        if not self._is_current(mention):
            if mention.whose is not Whose.OTHER:
                self._other(file, mention)
            return
        file.named = True
        if mention.digest.text and not self._wanted.new.digest:
            message = f"{_shown(mention)} is pinned by a digest, and that of {self._wanted.new.familiar} is not known"
            self._note(Severity.ERROR, file, mention.whole, "image-pinned", message, "take the digest away here")
            return
        parts = [(mention.tag, self._wanted.new.tag), (mention.digest, self._wanted.new.digest)]
        changed = [self._change(file, mention.whole, part, new) for part, new in parts if part.text]
        if any(changed) and mention.whose is Whose.ELSEWHERE:
            message = f"{_shown(mention)} is changed too, and was not tried there"
            remedy = f"look whether {self._wanted.new.tag} is in that registry"
            self._note(Severity.NOTICE, file, mention.whole, "image-elsewhere", message, remedy)

    def _other(self, file: _File, mention: Mention) -> None:
        name = _shown(mention)
        if name not in file.others and len(file.others) < _SHOWN:
            source, at = self._place(file, mention.whole)
            file.others[name] = source.location(at).line

    def _more(self, file: _File) -> None:
        for finding in file.found.findings:
            file.named = True
            self._findings[file.source.path, finding.message] = finding
        for text, version in file.found.whole:
            file.named = True
            self._change(file, text, text, version)
        for text, why in file.found.left:
            for mention in mentions(text, self._wanted):
                if self._is_current(mention):
                    file.named = True
                    self._leave(file, mention.whole, f"{_shown(mention)} {why}", "change it by hand")

    def _change(self, file: _File, whole: Text, part: Text, new: str) -> bool:
        """Whether this part of a name is another one then."""
        if part.text == new:
            return False
        edit = replaced(part, new)
        other = self._others.get((edit.path, edit.start)) if edit else None
        if edit is None:
            self._leave(file, whole, *_why_not(part, new))
        elif other:
            name = next((piece.name for piece in part.pieces if piece.shared), "")
            message = f"{name} is in the tag of {_shown(other)} too, so it is left as it is"
            self._leave(file, part, message, "give each image a variable of its own")
        else:
            self._files[edit.path].edits.add(edit)
        return edit is not None and other is None

    def _leave(self, file: _File, text: Text, message: str, remedy: str) -> None:
        self._note(Severity.WARNING, file, text, "image-left", message, remedy)

    def _note(self, severity: Severity, file: _File, text: Text, rule: str, message: str, remedy: str) -> None:
        source, at = self._place(file, text)
        if (source.path, message) not in self._findings:
            self._findings[source.path, message] = source.finding(severity, at, rule, message, remedy)

    def _place(self, file: _File, text: Text) -> tuple[Source, int]:
        """The nearest place of this text in a file."""
        piece = text.first()
        return (file.source, 0) if piece is None or piece.at is None else (self._files[piece.path].source, piece.at)

    def _not_named(self, file: _File) -> None:
        message = f"names {self._wanted.current.familiar} nowhere; it was looked for {_LOOKED_FOR[file.kind]}"
        if file.trouble:
            message += f", as the file is no YAML ({file.trouble})"
        if file.others:
            message += f"; there is {', '.join(f'{name} in line {line}' for name, line in file.others.items())}"
        self._note(Severity.WARNING, file, Text(()), NOT_NAMED, message, "nothing is changed in it")


def _shown(mention: Mention) -> str:
    """As the files have it, a variable that is not known by its name."""
    return "".join(piece.text.replace(UNKNOWN, piece.name or "…") for piece in mention.whole.pieces)


def _why_not(part: Text, new: str) -> tuple[str, str]:
    if part.first() is None:
        name = next((piece.name for piece in part.pieces if piece.name), "")
        return f"the tag {part.text} comes from outside{f', as {name}' if name else ''}", "change it there"
    return f"no one part of {part.text} makes {new} of it", "change it by hand"
