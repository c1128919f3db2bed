"""What people write where an image reference is due, and what they meant. Pure."""

from __future__ import annotations

import re

from sm_ci.text import shorten

_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^/@\s]*@)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):ecr:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):repository/(?P<name>\S+)"
)
_CONSOLE = re.compile(
    r"(?:(?P<region>[a-z0-9-]+)\.)?console\.(?P<suffix>aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/ecr/"
    r"(?:repositories/)?(?:private/(?P<account>[0-9]{12})/(?P<name>[^\s?#]+?)(?:/_?/?(?:image|details).*)?)?(?:[?#]\S*)?"
)
_SUFFIX = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}


class Miswritten(Exception):
    """Not an image reference: why, and what to write."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def shown(text: str, limit: int) -> str:
    """The text in quotes, cut, with what cannot be seen made visible."""
    return ascii(shorten(text, limit)) if not text.isprintable() else repr(shorten(text, limit))


def refuse_other_things(text: str) -> None:
    """Miswritten for what is recognised at its start: nothing, an ARN, an address of the web; and for spaces."""
    if not text.strip():
        raise Miswritten("it is empty", "Write registry/repository:tag.")
    if text.startswith("arn:"):
        raise _arn(text)
    if scheme := _SCHEME.fullmatch(text):
        raise _address(scheme["scheme"].lower(), scheme["rest"])
    if any(char.isspace() for char in text):
        raise Miswritten("it holds a space or a line break", f"Write it in one word: {''.join(text.split())[:200]}")
    if text.startswith("@"):
        raise Miswritten("the name before '@' is missing", "Write registry/repository@sha256:…")
    if "@" in text and text.count("@") > 1:
        raise Miswritten("it holds more than one '@'", "Write registry/repository@sha256:…")


def of_component(component: str, repository: str) -> Miswritten:
    """What is wrong with one part of a repository's name."""
    if not component:
        where = "ends with '/'" if repository.endswith("/") else "begins with '/'" if repository.startswith("/") else ""
        return Miswritten(
            f"the repository's name {where}" if where else "the repository's name is missing or has '//' in it",
            "Write registry/repository:tag.",
        )
    if component.lower() != component:
        small = component.lower()
        return Miswritten(
            f"the repository's name holds capital letters, {shown(component, 60)}",
            f"Registries know small letters only: write {shown(small, 60)}.",
        )
    if odd := re.search("[^a-z0-9._-]", component):
        return Miswritten(
            f"the repository's name holds {shown(odd[0], 10)}",
            "Use small letters, digits, and between them '.', '_', '__' or '-'.",
        )
    return Miswritten(
        f"the repository's name has '.', '_' or '-' in the wrong place, {shown(component, 60)}",
        "They stand between letters or digits, '.' alone, '_' at most twice.",
    )


def why_no_tag(tag: str) -> str:
    """The rule of tags that this one breaks."""
    if len(tag) > 128:
        return f"it has {len(tag)} characters"
    if tag[0] in ".-":
        return f"it begins with {tag[0]!r}"
    odd = re.search("[^A-Za-z0-9_.-]", tag)
    return f"it holds {shown(odd[0], 10)}" if odd else "it is malformed"


def _arn(text: str) -> Miswritten:
    if match := _ARN.fullmatch(text):
        suffix = _SUFFIX.get(match["partition"], "amazonaws.com")
        host = f"{match['account']}.dkr.ecr.{match['region']}.{suffix}"
        return Miswritten("it is the ARN of an ECR repository", f"Write {host}/{match['name'][:200]}:TAG.")
    return Miswritten("it is an ARN", "Write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG.")


def _address(scheme: str, rest: str) -> Miswritten:
    if console := _CONSOLE.fullmatch(rest):
        region = console["region"] or _query(rest, "region") or "REGION"
        suffix = "amazonaws.com.cn" if console["suffix"] == "amazonaws.cn" else "amazonaws.com"
        host = f"{console['account'] or 'ACCOUNT'}.dkr.ecr.{region}.{suffix}"
        name = (console["name"] or "REPOSITORY").strip("/")
        return Miswritten("it is the address of a page of AWS's console", f"Write {host}/{name[:200]}:TAG.")
    plain = rest.strip().strip("/")[:200]
    return Miswritten(f"it begins with '{scheme}://'", f"Write it without: {plain}" if plain else "Write it without.")


def _query(address: str, key: str) -> str:
    match = re.search(rf"[?&]{key}=([a-z0-9-]+)", address)
    return match[1] if match else ""
