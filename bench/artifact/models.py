"""The models that are measured with. Touches files."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.overhead.measuring import say

WEIGHTS = 512 * 2**20
SMALL = 20_000

# In a process of its own: whoever is forked from this one afterwards begins with its memory.
_MAKE = f"""
import sys
from pathlib import Path
import numpy
root, dice = Path(sys.argv[1]), numpy.random.default_rng(1)
(root / "weights").mkdir()
weights = dice.standard_normal({WEIGHTS // 4}, dtype=numpy.float32)
(weights * numpy.float32(0.02)).tofile(root / "weights" / "weights.bin")
for number in range({SMALL}):
    folder = root / "small" / f"{{number // 200:03d}}"
    folder.mkdir(parents=True, exist_ok=True)
    line = b'{{"id": %d, "value": 1}}\\n' % number
    (folder / f"{{number:05d}}.json").write_bytes(dice.bytes(200) + line * int(dice.integers(4, 150)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Folders and archives below `root`: weights.tar.gz, small.tar.gz, and both of them in one."""

    root: Path
    weights: Path
    small: Path
    both: Path


def make(root: Path) -> Models:
    """512 MB of float32 weights as training leaves them, and 20,000 small files; packed as `tar -czf` does."""
    say("making 512 MB of weights and 20,000 files, and packing them (gzip takes a minute)")
    subprocess.run([sys.executable, "-c", _MAKE, root], check=True)
    made = Models(root=root, weights=root / "weights.tar.gz", small=root / "small.tar.gz", both=root / "both.tar.gz")
    packing = [
        subprocess.Popen(["tar", "-czf", archive, "-C", root, *folders], env=os.environ)
        for archive, folders in ((made.weights, ["weights"]), (made.both, ["small", "weights"]))
    ]
    subprocess.run(["tar", "-czf", made.small, "-C", root, "small"], check=True)
    for process in packing:
        if process.wait() != 0:
            raise SystemExit("tar failed")
    return made
