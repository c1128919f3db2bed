"""What a case sends: the bytes of its body, and the headers that SageMaker passes on. Reads body files."""

from __future__ import annotations

import base64
import csv
import io
import json
import uuid
from pathlib import Path

from sm_ci import contract
from sm_ci.results import Headers
from sm_ci.spec import Spec
from sm_ci.spec.model import Request, SpecFile, Test
from sm_ci.streams import Format, Reading

_SUFFIX_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".libsvm": "text/libsvm",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/x-parquet",
    ".recordio": "application/x-recordio-protobuf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
}
_KIND_TYPES = {
    "json": "application/json",
    "text": "text/plain",
    "csv": "text/csv",
    "base64": "application/octet-stream",
}


def body_of(request: Request, directory: Path) -> tuple[bytes, str]:
    """The bytes to send, and the content type that their kind or suffix decides (empty: nothing decides it)."""
    kind = request.body_kind()
    if kind == "json":
        return json.dumps(request.json_, ensure_ascii=False).encode(), _KIND_TYPES["json"]
    if kind == "text":
        return (request.text or "").encode(), _KIND_TYPES["text"]
    if kind == "csv":
        return _csv_bytes(request.csv), _KIND_TYPES["csv"]
    if kind == "base64":
        return base64.b64decode(request.base64 or ""), _KIND_TYPES["base64"]
    if kind == "file":
        file = directory / (request.file or "")
        return file.read_bytes(), _SUFFIX_TYPES.get(file.suffix.lower(), "application/octet-stream")
    return b"", ""


def file_size(request: Request, directory: Path) -> int:
    """Bytes of the body's file, without reading it, which may be larger than memory; 0 for other bodies."""
    return (directory / request.file).stat().st_size if request.file is not None else 0


def headers_of(request: Request, spec: Spec, decided_type: str) -> Headers:
    """The headers as the container sees them behind InvokeEndpoint: those it passes on, and an inference id always."""
    defaults = spec.file.defaults.request
    values: dict[str, str | None] = {key: getattr(request, key) for key in contract.REQUEST_HEADERS}
    values["content_type"] = request.content_type or decided_type or defaults.content_type
    values["accept"] = request.accept or defaults.accept
    values["custom_attributes"] = request.custom_attributes or defaults.custom_attributes
    values["inference_id"] = request.inference_id or str(uuid.uuid4())
    named = {contract.REQUEST_HEADERS[key]: value for key, value in values.items() if value}
    passed = {name: value for name, value in request.headers.items() if name.lower() in contract.PASSED_HEADERS}
    given = {name.lower() for name in passed}
    return tuple({**{name: value for name, value in named.items() if name.lower() not in given}, **passed}.items())


def timeout_of(request: Request, spec: SpecFile) -> float:
    """Seconds for the whole answer; a streamed one has SageMaker's 8 minutes unless the request, or the defaults, say otherwise."""
    otherwise = contract.STREAM_TIMEOUT if request.stream else spec.invocation_timeout
    return request.timeout or spec.defaults.request.timeout or otherwise


def reading_of(test: Test) -> Reading | None:
    """How the answer is followed while it comes; None: it is not streamed."""
    if not test.request.stream:
        return None
    asked = test.expect.stream
    return Reading(format=Format(asked.format) if asked.format else None, text_at=asked.text_at or "")


def _csv_bytes(rows: str | tuple[tuple[object, ...], ...] | None) -> bytes:
    if isinstance(rows, str):
        return rows.encode()
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows or ())
    return buffer.getvalue().encode()
