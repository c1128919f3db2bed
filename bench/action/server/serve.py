#!/usr/bin/env python3
"""Answers each request with the time of the first GET /ping, in seconds since 1970."""

import json
import signal
import socket
import sys
import time
from types import FrameType


def leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


signal.signal(signal.SIGTERM, leave)
first = 0.0
with socket.create_server(("0.0.0.0", 8080), backlog=64) as listener:
    while True:
        connection, _ = listener.accept()
        first = first or time.time()
        with connection:
            try:
                connection.recv(65536)
                body = json.dumps({"first_ping": first}).encode()
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            except OSError:
                continue  # whoever called went away
