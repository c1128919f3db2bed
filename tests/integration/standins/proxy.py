"""A reverse proxy that breaks what passes through it: for the registry, S3 and STS alike.

`with Proxy("127.0.0.1:5000") as proxy:` serves at `proxy.host` in threads. A rule says which requests it is for (a regular
expression on `METHOD /path?query`), what it does to them, and how often; the first rule that fits counts.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOR_EVER = 1 << 30
_PIECE = 16 * 1024
_LONGEST = 600.0  # seconds that a stalled request is held at most
_PER_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}


@dataclass
class Rule:
    """What is done to the next `times` requests that fit. `after` counts bytes of the answer's body.

    stall   says nothing more, before the answer or after that many bytes, for `seconds` or until the rules change
    cut     closes the connection after that many bytes; of a `reset`, with RST in place of FIN
    refuse  closes the connection without an answer
    status  answers with `status`, `headers` and `body` in place of the server
    delay   passes on after `seconds`
    slow    passes on `rate` bytes a second
    garble  changes every byte after the first `after`
    """

    match: str
    do: str
    times: int = FOR_EVER
    after: int = 0
    seconds: float = _LONGEST
    rate: float = 10_000.0
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False


@dataclass
class Entry:
    """One request. `did` is the rule's deed or the server's status, `sent` bytes of the body that went to the client."""

    at: float
    request: str
    headers: dict[str, str]
    did: str = ""
    sent: int = 0


class Proxy:
    """`rules` and `log` may be read and changed while it serves; set `rules` anew to let go of what it holds."""

    def __init__(
        self, upstream: str, *, certificate: Path | None = None, address: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        """`certificate` is a PEM file with its key: then it speaks TLS."""
        self.upstream = upstream.removeprefix("http://")
        self.rewrite: Callable[[str, str, dict[str, str]], dict[str, str]] = lambda _method, _path, headers: headers
        self.scheme = "https" if certificate else "http"
        self.log: list[Entry] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._let_go = threading.Event()
        self._server = _Server(address, self._handler())
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            own = self._server.socket
            self._server.socket = context.wrap_socket(own, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def rules(self) -> list[Rule]:
        return self._rules

    @rules.setter
    def rules(self, rules: list[Rule]) -> None:
        with self._lock:
            self._rules = rules
            self._let_go.set()
            self._let_go = threading.Event()

    def reset(self) -> None:
        """No rules, nothing logged."""
        self.rules = []
        self.log.clear()

    def requests(self, match: str = "") -> list[str]:
        """What was asked, in order, as far as it fits."""
        return [entry.request for entry in self.log if re.search(match, entry.request)]

    def take(self, request: str) -> Rule | None:
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and re.search(rule.match, request):
                    rule.times -= 1
                    return rule
        return None

    def hold(self, seconds: float) -> None:
        self._let_go.wait(seconds)

    def _handler(self) -> type[_Handler]:
        return type("Handler", (_Handler,), {"proxy": self})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, *_: Any) -> None:
        """The proxy has a log of its own."""

    def send_error(self, *_: Any, **__: Any) -> None:
        """What is not HTTP, such as a TLS greeting: hung up on, and not logged."""
        self.close_connection = True

    def _any(self) -> None:
        request = f"{self.command} {self.path}"
        entry = Entry(at=time.monotonic(), request=request, headers={k.lower(): v for k, v in self.headers.items()})
        self.proxy.log.append(entry)
        rule = self.proxy.take(request)
        body = b"".join(self._body())
        if rule is None:
            self._pass_on(body, entry, None)
            return
        entry.did = rule.do
        if rule.do == "status":
            self._answer(rule)
        elif rule.do == "refuse":
            self._hang_up(reset=rule.reset)
        elif rule.do == "stall" and not rule.after:
            self.proxy.hold(rule.seconds)
            self._hang_up()
        else:
            if rule.do == "delay":
                self.proxy.hold(rule.seconds)
            self._pass_on(body, entry, rule)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - the base class's names

    def _body(self) -> Iterator[bytes]:
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            piece = self.rfile.read(min(left, _PIECE))
            if not piece:
                return
            left -= len(piece)
            yield piece
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

    def _answer(self, rule: Rule) -> None:
        data = rule.body.encode()
        self.send_response(rule.status)
        for name, value in {"Content-Length": str(len(data)), **rule.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        if reset:  # closing without lingering sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, body: bytes, entry: Entry, rule: Rule | None) -> None:
        server = http.client.HTTPConnection(self.proxy.upstream, timeout=_LONGEST)
        try:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            given: dict[str, str] = {}
            for name, value in self.headers.items():  # an engine sends a header Accept for each type
                if name.lower() not in _PER_CONNECTION:
                    given[name] = f"{given[name]}, {value}" if name in given else value
            for name, value in self.proxy.rewrite(self.command, self.path, given).items():
                server.putheader(name, value)
            if "Content-Length" not in self.headers and body:
                server.putheader("Content-Length", str(len(body)))
            server.endheaders(body or None)
            answer = server.getresponse()
            entry.did = entry.did or str(answer.status)
            self._head(answer)
            if self.command != "HEAD":
                self._stream(answer, entry, rule)
        finally:
            server.close()

    def _head(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _PER_CONNECTION:
                self.send_header(name, value)
        if answer.getheader("Content-Length") is None and self.command != "HEAD" and answer.status not in {204, 304}:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def _stream(self, answer: http.client.HTTPResponse, entry: Entry, rule: Rule | None) -> None:
        while True:
            left = rule.after - entry.sent if rule else 0
            if rule and left <= 0 and rule.do in {"stall", "cut"}:
                self.wfile.flush()
                if rule.do == "stall":
                    self.proxy.hold(rule.seconds)
                self._hang_up(reset=rule.reset)
                return
            piece = answer.read(min(left, _PIECE) if left > 0 else _PIECE)
            if not piece:
                return
            if rule and rule.do == "slow":
                self._slowly(piece, entry, rule)
                continue
            garbled = rule is not None and rule.do == "garble" and left <= 0
            self.wfile.write(bytes(255 - byte for byte in piece) if garbled else piece)
            entry.sent += len(piece)

    def _slowly(self, piece: bytes, entry: Entry, rule: Rule) -> None:
        """Ten times a second."""
        size = max(int(rule.rate / 10), 1)
        for start in range(0, len(piece), size):
            self.wfile.write(piece[start : start + size])
            self.wfile.flush()
            entry.sent += len(piece[start : start + size])
            self.proxy.hold(size / rule.rate)


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
