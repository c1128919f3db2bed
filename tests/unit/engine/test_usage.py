from __future__ import annotations

import json

import pytest

from sm_ci.engine.usage import samples
from sm_ci.results import Usage


def line(read: str, cpu: float, memory: dict[str, object] | None = None) -> bytes:
    return json.dumps(
        {"read": read, "cpu_stats": {"cpu_usage": {"total_usage": int(cpu * 1e9)}}, "memory_stats": memory or {}}
    ).encode()


def test_cpu_is_what_was_used_since_the_sample_before() -> None:
    told = [
        line("2026-01-01T00:00:00.5Z", 7.0),
        line("2026-01-01T00:00:01.500000000Z", 8.5),
        line("2026-01-01T00:00:03.5Z", 8.5),
        line("2026-01-01T00:00:04.5Z", 8.0),
    ]
    assert [one.cpu for one in samples(told, lambda: 3.0)] == [None, 1.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("stats", "memory"),
    [
        ({"usage": 1000, "stats": {"inactive_file": 300}}, 700),
        ({"usage": 1000, "stats": {"total_inactive_file": 200, "inactive_file": 300}}, 800),
        ({"usage": 1000, "stats": {"inactive_file": 2000}}, 1000),
        ({"usage": 1000}, 1000),
        ({}, None),
    ],
    ids=["cgroup-v2", "cgroup-v1", "more-cache-than-use", "podman", "ended"],
)
def test_memory_is_told_without_page_cache(stats: dict[str, object], memory: int | None) -> None:
    (one,) = samples([line("2026-01-01T00:00:00Z", 1.0, stats)], lambda: 3.0)
    assert one == Usage(at=3.0, cpu=None, memory=memory)


def test_what_is_no_sample_is_left_out() -> None:
    ended = b'{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{}}'
    told = [b"", b"no JSON", b'{"read": 1}', b'{"read": "x", "cpu_stats": {"cpu_usage": {"total_usage": 1}}}', ended]
    assert list(samples(told, lambda: 3.0)) == []
