"""A registry of one image with one layer: `small_registry.py PORT MEGABYTES [stall]`. With `stall` half of it never comes.

It speaks as much of https://github.com/opencontainers/distribution-spec as a pull needs.
"""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import sys
import tarfile
import threading

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer_of(megabytes: int) -> bytes:
    """A tar with one file, which cannot be compressed; the engine takes it as it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("ballast")
        info.size = megabytes << 20
        archive.addfile(info, io.BytesIO(os.urandom(info.size)))
    return buffer.getvalue()


def contents(layer: bytes) -> dict[str, tuple[str, bytes]]:
    """The end of each path, with what is there: its media type and its bytes."""
    rootfs = {"type": "layers", "diff_ids": [digest(layer)]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    parts = [
        {"mediaType": kind, "size": len(part), "digest": digest(part)}
        for kind, part in ((CONFIG, config), (LAYER, layer))
    ]
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
    manifest = json.dumps(document).encode()
    return {
        "/v2/": ("application/json", b"{}"),
        "/manifests/latest": (MANIFEST, manifest),
        f"/manifests/{digest(manifest)}": (MANIFEST, manifest),
        f"/blobs/{digest(config)}": (CONFIG, config),
        f"/blobs/{digest(layer)}": (LAYER, layer),
    }


def main(port: int, megabytes: int, *, stall: bool) -> None:
    there = contents(layer_of(megabytes))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, content = next((there[end] for end in there if self.path.endswith(end)), ("", b""))
            self.send_response(200 if kind else 404)
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(content)),
                "Docker-Content-Digest": digest(content),
            }
            for name, value in {**headers, "Docker-Distribution-Api-Version": "registry/2.0"}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if kind == LAYER and stall:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                tell("half of the layer is sent")
                threading.Event().wait()
            self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        tell("listening")
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), stall="stall" in sys.argv[3:])
