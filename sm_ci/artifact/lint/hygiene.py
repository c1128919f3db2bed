"""What no model should hold, whatever family loads it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from sm_ci import contract
from sm_ci.artifact.lint.host import Family
from sm_ci.artifact.lint.tree import HEAD_LIMIT, Entry, Kind, inside
from sm_ci.artifact.lint.view import ERROR, NOTICE, WARNING, Place, View, listed, name
from sm_ci.errors import Finding

LARGEST = 512 * 10**9
"""Bytes: VolumeSizeInGB's maximum [api]."""
_MOST_SCRIPTS = 500
"""Files that are opened for their first line; where every file may be executed it says nothing."""
_LFS = b"version https://git-lfs.github.com/spec/"
_JUNK_FOLDERS = frozenset({"__MACOSX", ".ipynb_checkpoints"})
_SECRETS = re.compile(
    r"(?:^|/)(?:\.env|\.env\.(?:local|production|prod)|\.aws/credentials|\.netrc|\.pypirc|\.git-credentials|id_rsa|id_ed25519|id_ecdsa"
    r"|\.docker/config\.json|\.huggingface/token|\.cache/huggingface/token|\.kaggle/kaggle\.json)$"
)
_WRAPPED_WEIGHTS = {
    Family.PYTORCH: (".pt", ".pth"),
    Family.HUGGINGFACE: ("config.json",),
    Family.TGI: ("config.json",),
    Family.TEI: ("config.json",),
    Family.VLLM: ("config.json",),
}


def check(view: View) -> Iterator[Finding]:
    """Names, links, modes and sizes."""
    if view.tree.unseen:
        yield view.finding("not-looked-at", NOTICE, f"of the model {view.host.shown} {view.tree.unseen}")
    yield from _links(view)
    yield from _others(view)
    yield from _junk(view)
    yield from _contents(view)
    yield from _modes(view)
    if view.tree.twice:
        message = f"the archive holds {listed(list(view.tree.twice))} more than once"
        yield view.finding("duplicate-name", WARNING, message, "pack each file once")
    total = sum(entry.size for entry in view.tree.files())
    if total > LARGEST:
        message = (
            f"the model takes {total / 10**9:,.0f} GB, and an endpoint's volume has {LARGEST / 10**9:,.0f} GB at most"
        )
        yield view.finding("model-size", WARNING, message)


def wrapper(view: View) -> str:
    """The one folder around everything, whose content the family would not find; empty without one."""
    tops = [entry for entry in view.tree.within("") if not _is_junk(entry)]
    if len(tops) != 1 or tops[0].kind is not Kind.FOLDER or tops[0].name == "code" or view.tree.unseen:
        return ""
    only = tops[0].name
    if view.tree.folder(f"{only}/code"):
        return only
    wanted = _WRAPPED_WEIGHTS.get(view.family, ()) if view.family and view.certain else ()
    return only if wanted and any(entry.name.endswith(wanted) for entry in view.tree.within(only)) else ""


def wrapped(view: View, folder: str) -> Finding:
    """The warning that one folder is around all of the model."""
    inner, shown = name(folder), view.host.shown
    what = "its code is" if view.tree.folder(f"{folder}/code") else "its files are"
    there = f"in the container it is {contract.MODEL_DIRECTORY}/{inner}/, and {what} not found"
    if view.host.packed:
        message = f'the archive {shown} has one folder "{inner}/" around everything: {there}'
        remedy = f"pack it from inside: tar -czf model.tar.gz -C {shlex.quote(inner)} ."
    else:
        message = f'the folder {shown} holds nothing but "{inner}/": {there}'
        remedy = f"name the inner folder: {PurePosixPath(shown) / inner}"
    return view.finding("model-wrapped", WARNING, message, remedy)


def _links(view: View) -> Iterator[Finding]:
    links = [entry for entry in view.tree.entries.values() if entry.kind is Kind.LINK]
    if view.tree.packed:
        for entry in links[:1]:
            more = f", and {len(links) - 1} more" if len(links) > 1 else ""
            message = (
                f"holds a link, {name(entry.name)} -> {name(entry.link)}{more}: SageMaker refuses archives with links"
            )
            remedy = "pack the files themselves: tar -czhf model.tar.gz -C MODEL_FOLDER ."
            yield view.finding("model-link", ERROR, message, remedy, at=Place(file=entry.name))
        return
    good: list[Entry] = []
    for entry in links:
        target = inside(entry)
        if target is not None and (target in view.tree.entries or target == "."):
            good.append(entry)
            continue
        why = "which leads out of the model" if target is None else "which is not there"
        message = f"is a link to {name(entry.link)}, {why}: the container finds nothing"
        yield view.finding("model-link", WARNING, message, "put the file itself there", at=Place(file=entry.name))
    if good:
        message = f"{listed([entry.name for entry in good])} {'is a link' if len(good) == 1 else 'are links'}"
        remedy = "pack with tar -h: SageMaker refuses archives with links"
        yield view.finding("model-link", NOTICE, message, remedy)


def _others(view: View) -> Iterator[Finding]:
    for entry in view.tree.entries.values():
        if entry.kind is Kind.OTHER:
            severity = ERROR if view.tree.packed else WARNING
            message = "is neither a file nor a folder"
            yield view.finding("model-link", severity, message, "leave it out", at=Place(file=entry.name))


def _is_junk(entry: Entry) -> bool:
    return entry.base in _JUNK_FOLDERS or entry.base == ".DS_Store" or entry.base.startswith("._")


def _junk(view: View) -> Iterator[Finding]:
    found = [entry for entry in view.tree.entries.values() if _is_junk(entry)]
    if not found:
        return
    taken = view.family is Family.TRITON and any(one.kind is Kind.FOLDER and "/" not in one.name for one in found)
    severity, why = (WARNING, ", and Triton takes each folder for a model") if taken else (NOTICE, "")
    message = f"holds what only your own machine needs, {listed([one.name for one in found])}{why}"
    remedy = "leave it out: COPYFILE_DISABLE=1 tar --exclude .DS_Store --exclude .ipynb_checkpoints"
    yield view.finding("junk-files", severity, f"the model {view.host.shown} {message}", remedy)


def _contents(view: View) -> Iterator[Finding]:
    scripts = 0
    for entry in view.tree.files():
        if _SECRETS.search(entry.name):
            message = "looks like a file with credentials, which everybody has who has the model"
            yield view.finding("secret-file", WARNING, message, "leave it out", at=Place(file=entry.name))
        if view.tree.packed and 100 <= entry.size <= 1024 and _head(view, entry).startswith(_LFS):
            message = "is a Git LFS pointer and not the file itself"
            remedy = "write lfs: true at actions/checkout, or run git lfs pull, and pack it again"
            yield view.finding("git-lfs", WARNING, message, remedy, at=Place(file=entry.name))
        if entry.size and (entry.executable or entry.base.endswith(".sh")) and scripts < _MOST_SCRIPTS:
            scripts += 1
            first = _head(view, entry).partition(b"\n")[0]
            if first.startswith(b"#!") and first.endswith(b"\r"):
                message = "has Windows line ends, so that its first line names a program that is not there"
                yield view.finding("script-crlf", WARNING, message, "save it with LF", at=Place(file=entry.name))


def _head(view: View, entry: Entry) -> bytes:
    return view.tree.read(entry.name, HEAD_LIMIT) or b""


def _modes(view: View) -> Iterator[Finding]:
    """Only of folders: what mode SageMaker gives to unpacked files is not documented."""
    closed = [
        entry.name
        for entry in view.tree.entries.values()
        if entry.mode is not None and not entry.mode & (0o005 if entry.kind is Kind.FOLDER else 0o004)
    ]
    if closed and not view.tree.packed:
        message = f"only its owner may read {listed(closed)}: an image that does not run as root cannot"
        yield view.finding("file-mode", NOTICE, message, "chmod -R a+rX", at=Place(file=closed[0]))
