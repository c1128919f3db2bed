"""How many bytes of the action's image travel: `docker save`, compressed as registries compress. Touches the engine."""

from __future__ import annotations

import subprocess
import zlib

from bench.overhead.measuring import Figure, NotMeasured, output

BASE = "sm-ci-base:latest"
_GZIP = 31  # zlib's number for gzip with a window of 32 KiB


def measure(action: str) -> list[Figure]:
    """The whole image, and what it adds to its base."""
    whole, base = _compressed(action), _compressed(BASE)
    unpacked = int(output("docker", "image", "inspect", "--format", "{{.Size}}", action))
    made_of = output("docker", "image", "inspect", "--format", '{{index .Config.Labels "io.sm-ci.base"}}', BASE)
    return [
        Figure(
            what="the action's image, compressed",
            value=whole / 1e6,
            unit="MB",
            digits=1,
            note=f"{unpacked / 1e6:.0f} MB unpacked",
        ),
        Figure(
            what="of it sm-ci, its packages and byte code",
            value=(whole - base) / 1e6,
            unit="MB",
            digits=1,
            target=25,
            note=f"the rest is the base image ({made_of or 'without a name'})",
        ),
    ]


def _compressed(image: str) -> int:
    """Bytes, as `gzip -6` makes them."""
    packing, size = zlib.compressobj(level=6, wbits=_GZIP), 0
    with subprocess.Popen(("docker", "save", image), stdout=subprocess.PIPE) as saving:
        assert saving.stdout
        while piece := saving.stdout.read(2**20):
            size += len(packing.compress(piece))
    if saving.returncode != 0:
        raise NotMeasured(f"docker save {image} ended with {saving.returncode}")
    return size + len(packing.flush())
