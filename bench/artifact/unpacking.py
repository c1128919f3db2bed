"""Unpacking against `tar -xzf`, and a second run from the cache. Touches processes."""

from __future__ import annotations

from bench.artifact.models import Models
from bench.artifact.timing import in_turns, middle, ours, ratio, theirs
from bench.overhead.measuring import Figure, say

TIMES = 5


def measure(made: Models) -> list[Figure]:
    """Twice as fast as tar means half of its time."""
    figures: list[Figure] = []
    peak = 0
    for what, archive, target in (
        ("512 MB of float32 weights", made.weights, 0.5),
        (
            "20,000 small files",
            made.small,
            1.0,
        ),  # most of it is the kernel's time to make a file, which tar has as well
        ("both in one archive", made.both, 0.5),
    ):
        say(f"unpacking {what}")
        turns = in_turns(
            TIMES,
            {
                "tar": lambda archive=archive: theirs(made.root, f"tar -xzf {archive} -C $OUT"),  # type: ignore[misc]
                "sm-ci": lambda archive=archive: ours(made.root, "unpack", archive),  # type: ignore[misc]
            },
        )
        peak = max(peak, *(turn.peak for turn in turns["sm-ci"]))
        figures.append(
            Figure(
                what=f"unpacking {what}, against `tar -xzf`",
                value=ratio(turns["sm-ci"], turns["tar"]),
                unit="×",
                target=target,
                note=f"median of {TIMES}: {middle(turns['sm-ci']):.2f} s, tar {middle(turns['tar']):.2f} s",
            )
        )
    figures.append(
        Figure(what="memory while unpacking, at its peak", value=peak / 2**20, unit="MiB", digits=0, target=150)
    )
    return [*figures, _again(made)]


def _again(made: Models) -> Figure:
    say("from the cache")
    first = ours(made.root, "cache", made.both, into=made.root / "cache")
    second = [ours(made.root, "cache", made.both, into=made.root / "cache") for _ in range(TIMES)]
    return Figure(
        what="both in one archive, from the cache",
        value=middle(second) / first.seconds,
        unit="×",
        target=0.25,
        note=f"median of {TIMES}: {middle(second):.2f} s, the first run {first.seconds:.2f} s with its hash",
    )
