"""The grammar of tags: which are of one family, and which of these is newer. Pure.

A tag is cut at '-' and '_' into words and numbers. Its family is the tag with the numbers masked:
`2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker-v1.40` is of `<version.3>-gpu-py<python.2>-cu<cuda.2>-ubuntu<os.2>-sagemaker-v<build.2>`.
How many numbers there are belongs to the family, as whoever writes 2.6 follows a tag that moves, and whoever writes 2.6.0
one that does not: Renovate keeps the precision too, https://docs.renovatebot.com/docker/#preservation-of-version-precision.
Within a family the order is that of the numbers, from left to right, and never that of the text.

Numbers that are names stay: py3 and py2, ec2, s3, fp16, h100, x86_64, 8b. A commit is masked and counts nothing, for no
commit tells which is newer. Words such as latest have no numbers, and so no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sm_ci.image import tag_words as words
from sm_ci.image.tag_words import Kind

Order = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

_LONGEST = 128  # characters of a tag; longer ones are none
_STAMP = re.compile(
    r"(?<![0-9A-Za-z])(?<!\d\.)(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_.tT]?(\d\d)([-_.:]?)(\d\d)(?:\6(\d\d))?[zZ]?)?(?![0-9A-Za-z])(?!\.\d)",
    re.ASCII,
)
_NUMBER = re.compile(r"(?P<v>[vV]?)(?P<digits>\d+(?:\.\d+)*)(?P<rest>(?:\.?[A-Za-z]+\.?\d+)*)", re.ASCII)
_WORD = re.compile(r"(?P<word>[A-Za-z]+)(?P<point>\.?)(?P<digits>\d+(?:\.\d+)*)", re.ASCII)
_SUFFIX = re.compile(r"\.?([A-Za-z]+)\.?(\d+)", re.ASCII)
_EARLY = re.compile(r"(?P<word>[A-Za-z]+)(?P<rest>\.?\d+(?:\.\d+)*)?", re.ASCII)
_COMMIT = re.compile(r"(?P<mark>sha|git|g)?(?P<hex>[0-9a-f]{7,64})")
_OTHER_NAMES = frozenset({("x86", "64"), ("x64", "86")})
_RELEASE = (1,)
_CALENDAR = re.compile(r"20\d\d(?:\.\d+)+|(?:1[89]|[234]\d)\.(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One number of a tag. `name` is version, python, cuda, os, build, date or the word before it, and occurs once."""

    name: str
    kind: Kind
    numbers: tuple[int, ...]
    text: str  # 22.04; with points where the tag has none: 3.12 of py312
    counter: bool = False  # of builds, though it is all the version that there is: `b9522`
    calendar: bool = False  # a year and what follows: 2026.1, 24.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a tag says. `prerelease` is empty for a release, else its rank and its numbers."""

    tag: str
    family: str
    parts: tuple[Part, ...] = ()
    prerelease: tuple[int, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether it tells a version at all."""
        return bool(self.parts)

    @property
    def order(self) -> Order:
        """What is newer sorts higher, within a family. A prerelease comes before its release."""
        tail = (0, *self.prerelease) if self.prerelease else _RELEASE
        first = next((part for part in self.parts if part.kind is Kind.VERSION), None)
        return tuple((part.numbers, tail if part is first else ()) for part in self.parts)

    @property
    def kin(self) -> str:
        """The family without how precisely its numbers are written, builds and dates: 2.6, 2.6.0 and 2.6.0-v1 are kin."""
        bare = re.sub(r"[-_]?v?<(?:build|revision|date)\d*\.\d+>", "", self.family)
        return re.sub(r"\.\d+>", ">", bare)

    def part(self, name: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)


def parse(tag: str) -> Shape:
    """What the tag says. Never fails: what it does not know is a word."""
    if len(tag) > _LONGEST:
        return Shape(tag=tag, family=tag)
    reading = _Reading()
    end = 0
    for found in _STAMP.finditer(tag):
        if date := _date(found):
            reading.text(tag[end : found.start()])
            reading.number("date", Kind.BUILD, found[0], date)
            end = found.end()
    reading.text(tag[end:])
    return Shape(
        tag=tag, family="".join(reading.mask), parts=tuple(reading.parts), prerelease=tuple(reading.prerelease)
    )


@dataclass(slots=True)
class _Reading:
    """A tag while it is read, from left to right."""

    mask: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    prerelease: list[int] = field(default_factory=list)
    before: str = ""  # the word right before, in small letters
    follows: str = ""  # what is right before: version, prerelease, or nothing of interest
    has_version: bool = False

    def text(self, text: str) -> None:
        """What stands between two dates, or all."""
        for token in re.split(r"([-_])", text):
            if token in {"-", "_"}:
                self.mask.append(token)
            elif token:
                self._token(token)

    def number(self, name: str, kind: Kind, text: str, numbers: tuple[int, ...] = (), **more: bool) -> None:
        """A number, under a name that it alone has."""
        numbers = numbers or tuple(int(number) for number in text.split("."))
        same = sum(part.name.rstrip("0123456789") == name for part in self.parts)
        own = f"{name}{same + 1}" if same else name
        self.parts.append(Part(name=own, kind=kind, numbers=numbers, text=text, **more))
        self.mask.append(f"<{own}.{len(numbers)}>")
        self.before, self.follows = "", ""

    def _token(self, token: str) -> None:
        if (self.before, token) in _OTHER_NAMES:
            self._name(token)
        elif self._commit(token):
            self.mask.append("<commit>")
            self.before, self.follows = "", ""
        elif self.follows == "version" and self._early(token):
            self._drop_separator()
            self.follows = "prerelease"
        elif self.follows == "prerelease" and token.isdecimal() and token.isascii():
            self._drop_separator()
            self.prerelease.append(int(token))
            self.follows = ""
        elif found := _NUMBER.fullmatch(token):
            self._numbered(token, found)
        elif found := _WORD.fullmatch(token):
            self._worded(token, found)
        else:
            self._name(token)

    def _name(self, token: str) -> None:
        self.mask.append(token)
        self.before, self.follows = token.lower(), ""

    def _drop_separator(self) -> None:
        """1.2.3-rc.1 and 1.2.3 are of one family."""
        if self.mask and self.mask[-1] in {"-", "_"}:
            self.mask.pop()

    def _commit(self, token: str) -> bool:
        found = _COMMIT.fullmatch(token)
        if not found:
            return False
        digits = found["hex"]
        mixed = re.search("[0-9]", digits) and re.search("[a-f]", digits)
        return bool(mixed or found["mark"] in {"sha", "git"} or self.before in words.COMMIT or len(digits) in {40, 64})

    def _early(self, token: str) -> bool:
        """A word of a prerelease right after the version: its rank and numbers are kept."""
        found = _EARLY.fullmatch(token)
        rank = words.PRERELEASE.get(found["word"].lower()) if found else None
        if found is None or rank is None or self.prerelease:
            return False
        numbers = [int(number) for number in re.findall(r"\d+", found["rest"] or "")]
        if not numbers and found["word"].lower() not in words.ALONE:
            return False
        self.prerelease = [rank, *numbers]
        return True

    def _numbered(self, token: str, found: re.Match[str]) -> None:
        """`2.6.0`, `v1.40`, `1.2.0rc1`, `0.6.3.post1`, `8b`."""
        suffixes = list(_suffixes(found["rest"]))
        if any(word not in words.PRERELEASE and word != "post" for word, _ in suffixes):
            self._name(token)
            return
        self.mask.append(found["v"])
        self._plain(found["digits"], with_v=bool(found["v"]))
        after = self.follows
        for word, number in suffixes:
            if word == "post":
                self.number("build", Kind.BUILD, number)
            else:
                self.prerelease = self.prerelease or [words.PRERELEASE[word], int(number)]
        self.follows = "" if suffixes else after

    def _plain(self, digits: str, *, with_v: bool) -> None:
        """A number that stands alone: what it counts tells its place, or the word before it."""
        before = "" if with_v else self.before
        if (name := words.platform(before)) and (name != "python" or "." in digits):
            self.number(name, Kind.PLATFORM, digits)
        elif before in words.BUILD and (self.has_version or "." not in digits):
            self.number("build", Kind.BUILD, digits)
        elif not self.has_version:
            self._version(digits, calendar=bool(_CALENDAR.fullmatch(digits)))
        elif with_v:
            self.number("build", Kind.BUILD, digits)
        elif self.follows == "version" or "." not in digits or not before:
            self.number("revision", Kind.BUILD, digits)
        else:
            self.number(before, Kind.COMPONENT, digits)

    def _version(self, digits: str, *, counter: bool = False, calendar: bool = False) -> None:
        self.number("version", Kind.VERSION, digits, counter=counter, calendar=calendar)
        self.has_version, self.follows = True, "version"

    def _worded(self, token: str, found: re.Match[str]) -> None:
        """`py312`, `cu124`, `ubuntu22.04`, `transformers4.51.3`, `b9522`, `fp16`."""
        word, digits, bare = found["word"].lower(), found["digits"], "." not in found["digits"]
        name = words.platform(word)
        counts = name or word in words.BUILD or word in words.COUNTED or not bare
        if not counts or word in words.COMMIT or (name == "python" and len(digits) == 1):
            self._name(token)  # py3 is a kind of image, and no version
            return
        self.mask.append(found["word"] + found["point"])
        if name:
            numbers = words.unpacked(word, digits) if bare else ()
            self.number(name, Kind.PLATFORM, ".".join(map(str, numbers)) or digits, numbers)
        elif word not in words.BUILD:
            self.number(word, Kind.COMPONENT, digits)
        elif self.parts or len(self.mask) > 1:
            self.number("build", Kind.BUILD, digits)
        else:  # llama.cpp counts builds, and nothing else: b9522
            self._version(digits, counter=True)


def _suffixes(text: str) -> Iterator[tuple[str, str]]:
    for word, number in _SUFFIX.findall(text):
        yield word.lower(), number


def _date(found: re.Match[str]) -> tuple[int, ...]:
    """Year, month, day and the time as far as it stands there; nothing when there is no such day."""
    numbers = tuple(int(found[group]) for group in (1, 3, 4, 5, 7, 8) if found[group])
    try:
        year, month, day, hour, minute, second = (*numbers, 0, 0, 0)[:6]
        datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - only whether there is one
    except ValueError:
        return ()
    return numbers
