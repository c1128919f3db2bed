"""How far a pull is, by lines that engines really printed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from sm_ci.engine.pull_progress import Pulling, PullProgress

BIG, TINY, SMALL = "184344f8bb97", "92f66f7eeed9", "5944976ee2cd"
SIZES = {BIG: 8391301, TINY: 407, SMALL: 3146825}
DIGEST = "sha256:5d7e46fea27029eff9ab4f055f8bfe1e122ef065ac9d215306c305d659a1269a"

CUT = f"""\
0.05 Pulling from team/rec | 1
0.05 Pulling fs layer | {BIG}
0.05 Pulling fs layer | {TINY}
0.05 Pulling fs layer | {SMALL}
0.09 Download complete | {TINY}
0.10 Downloading | {SMALL} 32768 3146825
0.11 Verifying Checksum | {SMALL}
0.11 Download complete | {SMALL}
0.13 Downloading | {BIG} 114688 8391301
0.15 Retrying in 5 seconds | {BIG}
1.15 Retrying in 4 seconds | {BIG}
2.15 Retrying in 3 seconds | {BIG}
3.15 Retrying in 2 seconds | {BIG}
4.15 Retrying in 1 second | {BIG}
5.16 Downloading | {BIG} 49152 4391301
5.20 Download complete | {BIG}
5.20 Extracting | {BIG} 98304 8391301
5.30 Extracting | {BIG} 8391301 8391301
5.31 Pull complete | {BIG}
5.31 Extracting | {TINY} 407 407
5.39 Pull complete | {TINY}
5.39 Extracting | {SMALL} 163840 3146825
5.52 Pull complete | {SMALL}
5.53 Digest: {DIGEST} |
5.53 Status: Downloaded newer image for 127.0.0.1:46389/team/rec:1 |
"""
"""Docker Engine 20.10, classic store. The connection of the largest layer was cut once, after 4,000,000 bytes."""

SHARED = """\
0.02 Pulling from team/rec | 2
0.02 Already exists | 184344f8bb97
0.02 Already exists | 92f66f7eeed9
0.03 Pulling fs layer | fd7d7b9602e1
0.05 Downloading | fd7d7b9602e1 36464 2097927
"""
UP_TO_DATE = f"0.02 Pulling from team/rec | 2\n0.04 Digest: {DIGEST} |\n0.04 Status: Image is up to date for x/y:2 |\n"


def told(lines: str, sizes: Mapping[str, int] | None = None) -> list[Pulling]:
    """What is known after each line."""
    pulling = Pulling(sizes=sizes or {})
    found = []
    for text in lines.splitlines():
        at, _, rest = text.partition(" ")
        status, _, about = rest.partition("|")
        name, *numbers = about.split() or [""]
        detail = dict(zip(("current", "total"), map(int, numbers), strict=False))
        pulling = pulling.after({"status": status.strip(), "id": name, "progressDetail": detail}, float(at))
        found.append(pulling)
    return found


def words(lines: str, sizes: Mapping[str, int] | None = None) -> list[str]:
    """As people read them, repetitions left out."""
    said = [str(pulling.progress) for pulling in told(lines, sizes)]
    return [said[0], *(after for before, after in pairwise(said) if before != after)]


def test_a_pull_whose_connection_was_cut_once() -> None:
    assert words(CUT) == [
        "asking the registry",
        "0 B so far, 0 of 1 layer",
        "0 B so far, 0 of 2 layers",
        "0 B so far, 0 of 3 layers",
        "0 B so far, 1 of 3 layers",
        "32.0 KiB so far, 1 of 3 layers",
        "3.0 MiB so far, 2 of 3 layers",
        "28 % of 11.0 MiB, 2 of 3 layers",
        f"layer {BIG}: retrying in 5 seconds; 28 % of 11.0 MiB, 2 of 3 layers",
        f"layer {BIG}: retrying in 4 seconds; 28 % of 11.0 MiB, 2.8 MiB/s, 2 of 3 layers",
        f"layer {BIG}: retrying in 3 seconds; 28 % of 11.0 MiB, 1.5 MiB/s, 2 of 3 layers",
        f"layer {BIG}: retrying in 2 seconds; 28 % of 11.0 MiB, 1.0 MiB/s, 2 of 3 layers",
        f"layer {BIG}: retrying in 1 second; 28 % of 11.0 MiB, 776.8 KiB/s, 2 of 3 layers",
        "62 % of 11.0 MiB, 958.2 KiB/s, 2 of 3 layers",
        "unpacking, 0 % of 11.0 MiB, 0 of 3 layers",
        "unpacking, 1 % of 11.0 MiB, 0 of 3 layers",
        "unpacking, 73 % of 11.0 MiB, 0 of 3 layers",
        "unpacking, 73 % of 11.0 MiB, 1 of 3 layers",
        "unpacking, 73 % of 11.0 MiB, 2 of 3 layers",
        "unpacking, 74 % of 11.0 MiB, 2 of 3 layers",
        "unpacking, 100 % of 11.0 MiB, 3 of 3 layers",
        "11.0 MiB, 3 layers",
    ]


def test_with_the_sizes_from_the_manifest_it_is_known_from_the_start_how_much_is_to_come() -> None:
    assert words(CUT, SIZES)[3:8] == [
        "0 % of 11.0 MiB, 0 of 3 layers",
        "0 % of 11.0 MiB, 1 of 3 layers",
        "27 % of 11.0 MiB, 2 of 3 layers",
        "28 % of 11.0 MiB, 2 of 3 layers",
        f"layer {BIG}: retrying in 5 seconds; 28 % of 11.0 MiB, 2 of 3 layers",
    ]


@pytest.mark.parametrize("sizes", [{}, SIZES], ids=["without sizes", "with sizes"])
def test_neither_bytes_nor_the_bar_ever_go_back(sizes: Mapping[str, int]) -> None:
    known = [pulling.progress for pulling in told(CUT, sizes)]
    assert all(before.fetched <= after.fetched for before, after in pairwise(known))
    for phase in ("downloading", "extracting"):
        parts = [each.part for each in known if each.phase == phase and each.layers == 3 and each.part is not None]
        assert parts == sorted(parts)
        assert len(set(parts)) > 1
    assert known[-1] == PullProgress(
        phase="done",
        layers=3,
        layers_fetched=3,
        layers_done=3,
        total=11538533,
        fetched=11538533,
        unpacked=11538533,
        sized=True,
        speed=known[-1].speed,
        part=1.0,
    )


def test_there_is_no_bar_while_nobody_knows_how_much_is_to_come() -> None:
    parts = [pulling.progress.part for pulling in told(CUT)]
    assert parts[:8] == [None] * 8
    assert None not in parts[8:]
    assert None not in [pulling.progress.part for pulling in told(CUT, SIZES)][1:]


def test_the_digest_and_that_the_engine_tried_again() -> None:
    last = told(CUT)[-1]
    assert (last.digest, last.engine_retried) == (DIGEST, True)
    assert told(SHARED)[-1].engine_retried is False


def test_a_layer_that_was_cut_is_not_all_there_though_the_engine_says_so() -> None:
    lines = f"""\
0.05 Pulling fs layer | {BIG}
0.15 Downloading | {BIG} 8391301 8391301
0.15 Retrying in 5 seconds | {BIG}
5.20 Downloading | {BIG} 1000000 6391301
5.30 Verifying Checksum | {BIG}
"""
    assert [(pulling.fetched, pulling.progress.total) for pulling in told(lines)] == [
        (0, 0),
        (0, 8391301),
        (0, 8391301),
        (3000000, 8391301),
        (8391301, 8391301),
    ]


def test_layers_that_are_there_already_have_no_bytes() -> None:
    last = told(SHARED, {"184344f8bb97": 8391301})[-1].progress
    assert str(last) == "2 % of 2.0 MiB, 2 of 3 layers"
    assert (last.total, last.sized, last.layers_done) == (2097927, True, 2)


def test_an_image_that_is_up_to_date_is_done_at_once() -> None:
    known = [pulling.progress for pulling in told(UP_TO_DATE)]
    assert [(progress.phase, progress.part) for progress in known] == [("asking", None), ("done", 1.0), ("done", 1.0)]


def test_containerd_tells_the_seconds_that_it_unpacks() -> None:
    pulling = Pulling()
    for line in (
        {"status": "Pulling fs layer", "id": BIG, "progressDetail": {}},
        {"status": "Downloading", "id": BIG, "progressDetail": {"current": 1048576, "total": 8391301}},
        {"status": "Download complete", "id": BIG, "progressDetail": {"hidecounts": True}},
        {"status": "Extracting", "id": BIG, "progressDetail": {"current": 3, "units": "s"}},
    ):
        pulling = pulling.after(line, 0.0)
    progress = pulling.progress
    assert (progress.phase, progress.fetched, progress.unpacked, progress.part) == ("extracting", 8391301, 0, 0.0)


def test_the_speed_is_that_of_the_last_seconds() -> None:
    lines = [f"{at}.0 Downloading | {BIG} {1024 * 1024 * min(at, 10)} 99999999" for at in range(21)]
    speeds = [round(pulling.progress.speed / 2**20, 2) for pulling in told("\n".join(lines))]
    assert speeds == [0.0, *[1.0] * 10, 0.8, 0.6, 0.4, 0.2, *[0.0] * 6]


def test_many_lines_in_a_moment_do_not_lose_the_speed() -> None:
    lines = [f"{at / 100} Downloading | {BIG} {at * 1000} 99999999" for at in range(1000)]
    last = told("\n".join(lines))[-1]
    assert round(last.progress.speed) == 100_000
    assert len(last.marks) < 20


def test_a_line_about_nothing_known_changes_nothing() -> None:
    pulling = Pulling()
    assert pulling.after({"status": "Hello", "id": BIG}, 1.0) is pulling
    assert pulling.after({"stream": "from another engine"}, 1.0) is pulling
    assert pulling.after({"aux": {"ID": "x"}}, 1.0) is pulling


def test_why_it_is_tried_again_stands_alone() -> None:
    assert str(PullProgress(note="the registry failed; it is tried again in 3 s")) == (
        "the registry failed; it is tried again in 3 s"
    )
