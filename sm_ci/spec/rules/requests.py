"""Rules about requests: one body, and headers that SageMaker passes on. Reads the files that are sent."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator

from sm_ci import contract
from sm_ci.errors import Finding
from sm_ci.spec import matchers
from sm_ci.spec.model import BODY_KINDS
from sm_ci.spec.rules.files import Files
from sm_ci.spec.value import Value
from sm_ci.spec.wording import quoted, shown

_SESSION = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_NEW_SESSION = "NEW_SESSION"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_NOT_ASCII = re.compile(r"[^\t\x20-\x7e]")
_NOT_IN_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def check(request: Value, files: Files) -> Iterator[Finding]:
    """What is wrong or odd with one request."""
    if not isinstance(request.content, dict):
        return
    yield from _one_body(request)
    yield from _body(request, files)
    yield from headers(request)
    yield from _session(request.at("session_id"))
    for name, value in request.at("headers").entries():
        yield from _header(name, value)
    if request.has("json_"):
        yield request.at("json_").error("unknown-key", "is not a known key", "did you mean 'json'?", key=True)


def headers(request: Value) -> Iterator[Finding]:
    """What is wrong with the members of InvokeEndpoint that become headers."""
    for key in contract.REQUEST_HEADERS:
        value = request.at(key)
        bad = _NOT_ASCII.search(value.text or "")
        if bad:
            message = f"holds {_named(bad[0])}, and SageMaker takes printable ASCII only"
            yield value.error("header", message, "leave it out, or encode it")
        else:
            yield from _bare(value)


def _bare(value: Value) -> Iterator[Finding]:
    """RFC 9110, 5.5: white space around a value is not part of it. The client refuses to send it."""
    text = value.text or ""
    if text != text.strip():
        message = f"begins or ends with white space, which no header can hold: {shown(text)}"
        yield value.error("header", message, f"write {shown(text.strip())}")


def _one_body(request: Value) -> Iterator[Finding]:
    given = [key for key in request.content if key in BODY_KINDS] if isinstance(request.content, dict) else []
    for key in given[1:]:
        message = f"a request has one body, and both {given[0]} and {key} are given"
        yield request.at(key).error("one-body", message, "keep one of them", key=True)
    for key in given:
        if key != "json" and request.at(key).content is None:
            yield request.at(key).error("one-body", "has no value", "write it, or leave the key out for an empty body")


def _body(request: Value, files: Files) -> Iterator[Finding]:
    if request.has("json"):
        yield from _json(request.at("json"))
        yield from matchers.json_in_text(request.at("json"))
    if request.at("file").text is not None:
        yield from files.file(request.at("file"))
        yield from _large(request.at("file"), files)
    encoded = request.at("base64")
    if encoded.text is None:
        return
    try:
        base64.b64decode("".join(encoded.text.split()), validate=True)
    except (binascii.Error, ValueError):
        message = f"is not base64: {shown(encoded.content)}"
        yield encoded.error("base64", message, "write what the command base64 prints")


def _large(value: Value, files: Files) -> Iterator[Finding]:
    """No error: the case is not sent, and the others are."""
    size = files.size(value)
    if size > contract.PAYLOAD_LIMIT:
        message = f"has {size:,} bytes, and SageMaker refuses more than {contract.PAYLOAD_LIMIT:,}"
        yield value.warning("payload", message, "send a smaller file")


def _json(value: Value) -> Iterator[Finding]:
    if isinstance(value.content, float) and not math.isfinite(value.content):
        yield value.error("json", f"JSON has no {shown(value.content)}", "send text: or file: if the model must get it")
    elif isinstance(value.content, list):
        for item in value.items():
            yield from _json(item)
    else:
        for _, entry in value.entries():
            yield from _json(entry)


def _session(value: Value) -> Iterator[Finding]:
    if value.text is not None and value.text != _NEW_SESSION and not _SESSION.fullmatch(value.text):
        message = f"is not a session id that SageMaker takes: {shown(value.content)}"
        yield value.error("header", message, f"write {_NEW_SESSION}, or letters and digits with '-' between them")


def _header(name: str, value: Value) -> Iterator[Finding]:
    if not _TOKEN.fullmatch(name):
        yield value.error("header", f"is not the name of a header: {quoted(name)}", key=True)
    elif name.lower() not in contract.PASSED_HEADERS:
        message = "SageMaker strips this header, so it is not sent"
        yield value.warning("header", message, "leave it out, or use custom_attributes", key=True)
    bad = _NOT_IN_HEADER.search(value.text or "")
    if bad:
        yield value.error("header", f"holds {_named(bad[0])}, which no header can hold", "leave it out, or encode it")
    else:
        yield from _bare(value)


def _named(character: str) -> str:
    shown_as = f" {character!r}" if character.isprintable() else ""
    return f"the character U+{ord(character):04X}{shown_as}"
