"""What must be changed in which files so that they name the new image. Pure but for a table of the package."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sm_ci.errors import Finding, Severity
from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing import dockerfiles, kinds
from sm_ci.upgrade.writing.changes import Change, Plan, with_quotes
from sm_ci.upgrade.writing.kinds import DOCKERFILE, SPEC, TERRAFORM, TEXT, YAML, File
from sm_ci.upgrade.writing.pieces import UNKNOWN, Edit, Text, in_file, replaced
from sm_ci.upgrade.writing.reading import Found, Source
from sm_ci.upgrade.writing.search import Mention, mentions
from sm_ci.upgrade.writing.specs import Outside
from sm_ci.upgrade.writing.wanted import Wanted, Whose

NOT_NAMED = "image-not-named"
ARGUMENT = "image.args."
"""Before the name of a build argument: a place in no file."""
_LOOKED_FOR = {
    SPEC: "in image: with its args, and in the variables that it is made of",
    YAML: "in its texts, and as repository: with tag: beside it",
    DOCKERFILE: "in FROM, COPY --from and RUN --mount=from, with the ARGs before the first FROM",
    TERRAFORM: "in quoted texts, with the locals and variables that they are made of",
    TEXT: "as a whole word",
}
_SHOWN = 3
_MOST_LEFT = 20  # places of a file that are told
_WITH_REGISTRY = re.compile(r"(?:[^/]*[.:][^/]*|localhost)/.+")


def plan(sources: Sequence[Source], current: Reference, new: Reference, outside: Outside) -> Plan:
    """What to change so that every place that names the current image names the new one.

    Both have a tag. A digest of `current` is looked for where a file has no tag beside it; the one of `new` goes where a file
    pins one. A place that pins none stays so.
    """
    wanted = Wanted(current=current, new=new)
    return _Planning(wanted, kinds.find(sources, wanted, outside)).plan()


def rebuilt(
    dockerfile: Source, arguments: Mapping[str, str], current: Reference, new: Reference
) -> tuple[bytes, dict[str, str]]:
    """The Dockerfile and the build arguments with the new image wherever they name the current one, as far as that can be done.

    A new digest goes to the tag where the current image has none: it is another image under the same tag.
    """
    if new.digest and not current.digest:
        new = replace(new, tag=f"{new.tag}@{new.digest}", digest="")
    sources = {
        name: Source(path=f"{ARGUMENT}{name}", file=Path(name), content=value.encode(errors="surrogateescape"))
        for name, value in arguments.items()
    }
    texts = {name: [in_file(source.path, 0, source.text)] for name, source in sources.items()}
    files = [File(source, TEXT, Found(texts=texts[name])) for name, source in sources.items()]
    files.append(File(dockerfile, DOCKERFILE, dockerfiles.find(dockerfile, texts)))
    changes = _Planning(Wanted(current=current, new=new), files).plan().changes
    after = {change.source.path: change.content for change in changes}
    given = {name: after.get(source.path, source.content) for name, source in sources.items()}
    shown = {name: content.decode(errors="surrogateescape") for name, content in given.items()}
    return after.get(dockerfile.path, dockerfile.content), shown


class _Planning:
    """Gathers edits and findings over all files: a variable's place may be another file than the one that uses it."""

    def __init__(self, wanted: Wanted, files: list[File]) -> None:
        self._wanted = wanted
        self._files = {file.source.path: file for file in files}
        self._findings: dict[tuple[str, str, int], Finding] = {}  # by file, message and where its place matters
        self._left: Counter[str] = Counter()
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
        bare = self._bare()
        for file in self._files.values():
            if file.named or file.edits:
                self._open(file, bare)
            else:
                self._not_named(file, bare)
        changes = tuple(
            Change(
                source=file.source,
                edits=with_quotes(file.source, file.edits, file.found.plain),
                spec=file.kind == SPEC,
            )
            for file in self._files.values()
            if file.edits
        )
        return Plan(wanted=self._wanted, changes=changes, findings=tuple(self._findings.values()))

    def _is_current(self, mention: Mention) -> bool:
        return mention.whose in {Whose.OURS, Whose.ELSEWHERE} and mention.is_current(self._wanted)

    def _mention(self, file: File, mention: Mention) -> None:
        if self._is_current(mention):
            file.named = True
            self._current(file, mention)
        elif mention.whose is not Whose.OTHER:
            self._other(file, mention.whole)
            if mention.whose is not Whose.UNKNOWN and not mention.known:
                file.open.append(mention)

    def _current(self, file: File, mention: Mention) -> None:
        new = self._wanted.new
        if not mention.known:
            file.open.append(mention)
            return
        if mention.digest.text and not new.digest:
            message = f"{_shown(mention.whole)} is pinned by a digest, and that of {new.familiar} is not known"
            self._note(Severity.ERROR, file, mention.whole, "image-pinned", message, "take the digest away here")
            return
        parts = [(mention.tag, new.tag), (mention.digest, new.digest)]
        edits = [self._edit(file, mention.whole, part, to) for part, to in parts if part.text not in {"", to}]
        if not self._added(edits):
            return
        if edits and mention.whose is Whose.ELSEWHERE:
            message = f"{_shown(mention.whole)} is changed too, and was not tried there"
            remedy = f"look whether {self._wanted.new.tag} is in that registry"
            self._note(Severity.NOTICE, file, mention.whole, "image-elsewhere", message, remedy)

    def _other(self, file: File, text: Text) -> None:
        name = _shown(text)
        if name not in file.others and len(file.others) < _SHOWN:
            source, at = self._place(file, text)
            file.others[name] = source.location(at).line

    def _more(self, file: File) -> None:
        for finding in file.found.findings:
            file.named = True
            self._findings[file.source.path, finding.message, -1] = finding
        for text, version in file.found.whole:
            file.named = True
            self._added([self._edit(file, text, text, version)] if text.text != version else [])
        changed = {(edit.path, edit.start) for edit in file.edits}
        for text, why in file.found.left:
            for mention in mentions(text, self._wanted):
                places = {(piece.path, piece.at) for piece in (mention.tag + mention.digest).pieces}
                if self._is_current(mention) and not places & changed:
                    file.named = True
                    self._leave(file, mention.whole, f"{_shown(mention.whole)} {why}", "change it by hand")

    def _bare(self) -> list[tuple[File, Text]]:
        """Terraform's texts that are our name and nothing else, and are a part of no other that is known: format() has them."""
        used = {(piece.path, piece.at) for _, mention in self._mentions for piece in mention.whole.pieces}
        return [
            (file, text)
            for file in self._files.values()
            if file.kind == TERRAFORM
            for text in file.found.texts
            if _WITH_REGISTRY.fullmatch(text.text)
            and UNKNOWN not in text.text
            and self._wanted.whose(text.text) in {Whose.OURS, Whose.ELSEWHERE}
            and not used & {(piece.path, piece.at) for piece in text.pieces}
        ]

    def _open(self, file: File, bare: Iterable[tuple[File, Text]]) -> None:
        """Of a file that names the current one too: what may be it, or may not."""
        for mention in file.open:
            what = "tag" if UNKNOWN in mention.tag.text else "digest"
            message = f"{_shown(mention.whole)} is left as it is: its {what} is not known here"
            self._leave(file, mention.whole, message, "look at it")
        for text in (text for of, text in bare if of is file):
            self._leave(file, text, f"{text.text} is left as it is: it stands without a tag", "look at what uses it")

    def _added(self, edits: Sequence[Edit | None]) -> bool:
        """Whether all can be made; else none is."""
        made = [edit for edit in edits if edit]
        if len(made) < len(edits):
            return False
        for edit in made:
            self._files[edit.path].edits.add(edit)
        return True

    def _edit(self, file: File, whole: Text, part: Text, new: str) -> Edit | None:
        """What makes another of this part of a name; None when nothing does, and that is told."""
        edit = replaced(part, new)
        other = self._others.get((edit.path, edit.start)) if edit else None
        if edit is None:
            self._leave(file, whole, *_why_not(part, new))
        elif other:
            name = next((piece.name for piece in part.pieces if piece.shared), "")
            message = f"{name} is in the tag of {_shown(other.whole)} too, so it is left as it is"
            self._leave(file, part, message, "give each image a variable of its own")
        return None if other else edit

    def _leave(self, file: File, text: Text, message: str, remedy: str) -> None:
        """A warning for each place, up to so many that nobody reads them."""
        source, at = self._place(file, text)
        if (source.path, message, at) in self._findings:
            return
        self._left[source.path] += 1
        rule, path = "image-left", source.path
        if self._left[path] <= _MOST_LEFT:
            self._findings[path, message, at] = source.finding(Severity.WARNING, at, rule, message, remedy)
        elif self._left[path] == _MOST_LEFT + 1:
            message = f"here and behind it are more than the {_MOST_LEFT} places that are told"
            self._findings[path, message, at] = source.finding(Severity.WARNING, at, rule, message, "look at them")

    def _note(self, severity: Severity, file: File, text: Text, rule: str, message: str, remedy: str) -> None:
        """Told once in a file, at the first place."""
        source, at = self._place(file, text)
        if (source.path, message, -1) not in self._findings:
            self._findings[source.path, message, -1] = source.finding(severity, at, rule, message, remedy)

    def _place(self, file: File, text: Text) -> tuple[Source, int]:
        """The nearest place of this text in a file."""
        piece = text.first()
        return (file.source, 0) if piece is None or piece.at is None else (self._files[piece.path].source, piece.at)

    def _not_named(self, file: File, bare: Iterable[tuple[File, Text]]) -> None:
        for text in (text for of, text in bare if of is file):
            self._other(file, text)
        message = f"names {self._wanted.current.familiar} nowhere; it was looked for {_LOOKED_FOR[file.kind]}"
        if file.trouble:
            message += f", as the file is no YAML ({file.trouble})"
        if file.others:
            message += f"; there is {', '.join(f'{name} in line {line}' for name, line in file.others.items())}"
        self._note(Severity.WARNING, file, Text(()), NOT_NAMED, message, "nothing is changed in it")


def _shown(text: Text) -> str:
    """As the files have it, a variable that is not known by its name."""
    return "".join(piece.text.replace(UNKNOWN, piece.name or "…") for piece in text.pieces)


def _why_not(part: Text, new: str) -> tuple[str, str]:
    if part.first() is None:
        name = next((piece.name for piece in part.pieces if piece.name), "")
        return f"the tag {part.text} comes from outside{f', as {name}' if name else ''}", "change it there"
    return f"no one part of {part.text} makes {new} of it", "change it by hand"
