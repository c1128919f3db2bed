"""The curl line of a request does what the request did, when it is pasted into a shell."""

import hashlib
import http.server
import subprocess
import threading
from collections.abc import Iterator

import pytest

from sm_ci.report import wording
from sm_ci.results import Blob, Sent
from sm_ci.text import Redactor, terminal

Received = list[tuple[str, str, dict[str, str], bytes]]


@pytest.fixture
def server() -> Iterator[tuple[str, Received]]:
    """Its address, and the requests that it gets."""
    received: Received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", received
        listening.shutdown()


def sent(body: bytes, *headers: tuple[str, str], kind: str = "application/json", path: str = "/invocations") -> Sent:
    blob = Blob(size=len(body), sha256=hashlib.sha256(body).hexdigest(), media_type=kind, head=body)
    return Sent(method="POST", path=path, headers=headers, body=blob)


BODIES = {
    "json": (b'{"a": "it\'s $HOME `id` \\\\n !"}', "application/json"),
    "csv of several rows": (b"5.1,3.5\n6.7,3.0\n", "text/csv"),
    "windows' line ends and tabs": (b"a\tb\r\n1\t2\r\n", "text/csv"),
    "umlauts": ("Gr\u00fc\u00dfe \u4f60\u597d".encode(), "text/plain"),
    "bytes": (bytes(range(256)), "application/octet-stream"),
    "text that turns its direction": ("a\u202eb".encode(), "text/plain"),
    "a text that curl would take for a file": (b"@/etc/passwd", "text/plain"),
    "no utf-8": (b"caf\xe9", "text/plain"),
    "a dash": (b"-x", "text/plain"),
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_pasted_sends_the_same_bytes(server: tuple[str, Received], name: str) -> None:
    """As the console shows it: indented, and escaped for a terminal."""
    address, received = server
    body, kind = BODIES[name]
    given = {"content-type": kind, "x-amzn-sagemaker-custom-attributes": "a='b c'; d=$x", "x-empty": ""}
    line = wording.request(sent(body, *given.items(), kind=kind), Redactor(()))
    assert "\n" not in line
    pasted = f"  {terminal(line)}\n".replace(wording.BASE_URL, address)
    done = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    ((method, path, headers, got),) = received
    assert (method, path, got) == ("POST", "/invocations", body)
    assert {key: headers.get(key) for key in given} == given


def test_curls_own_content_type_is_not_added(server: tuple[str, Received]) -> None:
    address, received = server
    line = wording.request(sent(b"x", path="/models/a b/invoke?q='1'"), Redactor(())).replace(wording.BASE_URL, address)
    assert subprocess.run(["bash", "-c", line.replace("a b", "a%20b")], timeout=30, check=False).returncode == 0
    ((_, path, headers, _),) = received
    assert path == "/models/a%20b/invoke?q='1'"
    assert "content-type" not in headers


def test_a_body_that_is_too_long_is_a_file_that_a_comment_tells_of() -> None:
    body = b"\x00" * 3000
    line, comment = wording.request(sent(body, ("Content-Type", "image/png"), kind="image/png"), Redactor(())).split(
        "\n"
    )
    assert line == "curl -sS -H 'Content-Type: image/png' --data-binary @request-body http://localhost:8080/invocations"
    assert comment == f"# request-body: 2.9 KiB of image/png, sha256 {hashlib.sha256(body).hexdigest()}"
    assert subprocess.run(["bash", "-n", "-c", f"{line}\n{comment}"], check=False).returncode == 0


def test_secrets_are_masked_in_texts_and_in_base64() -> None:
    for body in (b'{"key": "hunter2hunter2"}', b"\xff\xfehunter2hunter2"):
        line = wording.request(sent(body), Redactor(["hunter2hunter2"]))
        assert "***" in line or "Kio" in line
        assert "hunter2" not in line
        assert "aHVudGVyM" not in line
