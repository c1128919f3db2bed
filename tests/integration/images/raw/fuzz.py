"""Random answers of an HTTP server: half of them noise, half valid ones with a few faults. Pure."""

import gzip
import random
from collections.abc import Callable

_LINES = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/2 200\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
]
_NAMES = [
    b"Content-Length: ",
    b"Content-Type: ",
    b"Connection: ",
    b"Transfer-Encoding: chunked",
    b": ",
    b":",
    b"From x y",
]
_VALUES = [b"multipart/mixed; boundary*0*=utf-16''%", b"message/rfc822", b"text/csv; charset=\xff", b"gzip", b"close"]
_NUMBERS = [
    b"0",
    b"-1",
    b"7",
    b"1e9",
    b"5;x=",
    b"ffffffffffffffffffff",
    b"99999999999999999999",
    b"100",
    b"204",
    b"500",
]
_TEXTS = [
    b"NaN",
    b"[1, 2]",
    b'{"status": "Healthy"}',
    b"\x00",
    b"\x1b[31m",
    b"\xff\xfe",
    b"]]>",
    b"::error::",
    b" ",
    b"\t",
]
WORDS = [*_LINES, *_NAMES, *_VALUES, *_NUMBERS, *_TEXTS, "\u202e".encode()]
VALID = [
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"score": 0.75}',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n3;x=y\r\n1,2\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1,2",
    b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n[1, 2]",
    b"HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
    b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=x\r\nContent-Length: 11\r\n\r\n--x\r\n\r\n--x--",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1, 2]", mtime=0),
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n<h1>no</h1>",
]


def answer_of(rng: random.Random) -> bytes:
    """Everything that goes over one connection."""
    if rng.random() < 0.5:
        return rng.choice((_noise, _words))(rng)
    data = rng.choice(VALID)
    for _ in range(rng.randint(0, 4)):
        data = rng.choice(FAULTS)(data, rng)
    return data


def _noise(rng: random.Random) -> bytes:
    start = rng.choice((b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))
    return start + rng.randbytes(rng.choice((0, 1, 100, 5000, 200_000)))


def _words(rng: random.Random) -> bytes:
    start = rng.choice((b"", b"HTTP/1.1 200 OK\r\n"))
    return start + b"".join(rng.choice(WORDS) * rng.choice((1, 1, 1, 2, 300)) for _ in range(rng.randint(1, 40)))


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(1) + data[at + 1 :]


def _drop(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randint(1, 20) :]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at : at + rng.randint(1, 40)] * rng.choice((2, 3, 200)) + data[at:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((rng.choice(WORDS), rng.randbytes(8))) + data[at:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


FAULTS: list[Callable[[bytes, random.Random], bytes]] = [_flip, _drop, _repeat, _insert, _cut]
