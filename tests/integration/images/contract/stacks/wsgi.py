"""For gunicorn."""

from collections.abc import Callable
from typing import Any

from scoring import score

PHRASES = {200: "200 OK", 400: "400 Bad Request"}


def app(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
    status, body = (200, b"")
    if environ["PATH_INFO"] == "/invocations":
        status, body = score(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    start(PHRASES[status], [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
