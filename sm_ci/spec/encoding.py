"""The bytes of a spec as text, or what is wrong with them. Pure."""

from __future__ import annotations

import re

from sm_ci.errors import Finding, Location, Severity, SpecError

SIZE_LIMIT = 2**20  # bytes
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How the small file begins that Git LFS leaves in place of one that it has not fetched."""
FETCH_LFS = "write lfs: true at actions/checkout, or run git lfs pull"
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 parsers, and so the places, count as one
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


def decode(path: str, source: str | bytes) -> str:
    """The text. SpecError when it is not UTF-8, too long, or holds what YAML does not allow."""
    if isinstance(source, bytes):
        return _checked(path, _decoded(path, source))
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise _refused(path, source[: error.start], "is not UTF-8 here", "save it as UTF-8") from error
    return _checked(path, source)


def finding(path: str, rule: str, message: str, remedy: str = "", before: str = "") -> Finding:
    """A finding about the file as a whole; `before` is the text up to its place."""
    lines = LINE_END.split(before)
    at = Location(path=path, line=len(lines), column=len(lines[-1]) + 1)
    return Finding(rule=rule, severity=Severity.ERROR, message=message, remedy=remedy, at=at)


def _decoded(path: str, source: bytes) -> str:
    if len(source) > SIZE_LIMIT:
        raise _refused(path, "", "is larger than 1 MiB", "put large bodies into files and name them with file:")
    for mark, name in _BYTE_ORDER_MARKS.items():
        if source.startswith(mark):
            raise _refused(path, "", f"is not UTF-8 but {name}", "save it as UTF-8")
    if source.startswith(LFS_POINTER):
        raise SpecError((finding(path, "git-lfs", "is a Git LFS pointer and not the file itself", FETCH_LFS),))
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8-sig")
        message = f"is not UTF-8: the byte 0x{source[error.start]:02x}"
        raise _refused(path, before, message, "save it as UTF-8") from error


def _checked(path: str, text: str) -> str:
    bad = _FORBIDDEN.search(text)
    if bad is None:
        return text
    before = text[: bad.start()]
    if bad[0] == "\0":
        raise _refused(path, before, "is not text: it holds a NUL character", "name the spec's YAML file")
    message = f"holds the character U+{ord(bad[0]):04X}, which YAML does not allow"
    raise _refused(path, before, message, f'write it as "\\u{ord(bad[0]):04x}" in double quotes')


def _refused(path: str, before: str, message: str, remedy: str) -> SpecError:
    return SpecError((finding(path, "encoding", message, remedy, before),))
