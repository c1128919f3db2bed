"""For uvicorn."""

from collections.abc import Awaitable, Callable
from typing import Any

from scoring import score


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[Any]]
) -> None:
    if scope["type"] != "http":
        return
    status, body = 200, b""
    if scope["path"] == "/invocations":
        asked, more = b"", True
        while more:
            message = await receive()
            asked, more = asked + message.get("body", b""), message.get("more_body", False)
        status, body = score(asked)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
