from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.compare.contents import LONGEST, changes
from sm_ci.differences import Change, ImageContents, Layer, Package

PLAIN = ImageContents(size=1000)


def pip(name: str, version: str, place: str = "/usr/lib/python3/dist-packages") -> Package:
    return Package(manager="pip", name=name, version=version, place=place)


def of(manager: str, name: str, version: str) -> Package:
    return Package(manager=manager, name=name, version=version)


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    found = changes(dataclasses.replace(PLAIN, **before), dataclasses.replace(PLAIN, **after))
    return [(change.kind, change.name, change.baseline, change.candidate) for change in found]


def test_what_matters_most_comes_first() -> None:
    before = ImageContents(size=10)
    after = ImageContents(
        size=2048,
        layers=(Layer(digest="sha256:0123456789abcdef", size=2**20, made_by="COPY a b"),),
        packages=(of("rpm", "r", "1"), of("apk", "a", "1"), of("dpkg", "d", "1"), of("conda", "c", "1"), pip("p", "1")),
        os="Debian",
        python="3.11.2",
        cuda="12.4.1",
        environment=(("A", "1"),),
        entrypoint=("python", 'say "hi"'),
        command=("serve",),
        labels=(("l", "1"),),
        user="model",
        working_dir="/app",
        ports=("8080/tcp",),
    )
    assert [(change.kind, change.name, change.candidate) for change in changes(before, after)] == [
        ("python", "", "3.11.2"),
        ("cuda", "", "12.4.1"),
        ("os", "", "Debian"),
        ("entrypoint", "", '["python", "say \\"hi\\""]'),
        ("command", "", '["serve"]'),
        ("user", "", "model"),
        ("working_dir", "", "/app"),
        ("port", "8080/tcp", "8080/tcp"),
        ("package", "p (pip)", "1"),
        ("package", "c (conda)", "1"),
        ("package", "d (dpkg)", "1"),
        ("package", "r (rpm)", "1"),
        ("package", "a (apk)", "1"),
        ("environment", "A", "1"),
        ("label", "l", "1"),
        ("size", "", "2.0 KiB"),
        ("layer", "", "1 layer"),
        ("layer", "0123456789ab", "1.0 MiB, COPY a b"),
    ]
    assert [change.candidate for change in changes(after, before) if change.kind not in {"size", "layer"}] == [
        None
    ] * 15


def test_packages_are_compared_by_their_versions_wherever_they_lie() -> None:
    before = (pip("a", "1.10", "/x"), pip("a", "1.9", "/y"), pip("b", "1", "/x"), pip("c", "1"), of("dpkg", "c", "1"))
    after = (pip("a", "1.10", "/x"), pip("b", "1", "/z"), pip("c", "2"), pip("d", "1"))
    assert told({"packages": before}, {"packages": after}) == [
        ("package", "a (pip)", "1.9, 1.10", "1.10"),
        ("package", "c (pip)", "1", "2"),
        ("package", "d (pip)", None, "1"),
        ("package", "c (dpkg)", "1", None),
    ]


def test_what_conda_installed_is_told_once() -> None:
    before = (pip("ruamel-yaml", "0.17"), of("conda", "ruamel.yaml", "0.17"), of("conda", "zlib", "1"))
    after = (pip("ruamel-yaml", "0.18"), of("conda", "ruamel.yaml", "0.18"), of("conda", "zlib", "2"))
    assert told({"packages": before}, {"packages": after}) == [
        ("package", "ruamel-yaml (pip)", "0.17", "0.18"),
        ("package", "zlib (conda)", "1", "2"),
    ]


@pytest.mark.parametrize("side", ["before", "after"])
def test_what_could_not_be_read_is_not_missing(side: str) -> None:
    whole = {"packages": (pip("a", "1"), of("dpkg", "b", "1")), "python": "3.11", "os": "Debian"}
    part = {
        "packages": (of("dpkg", "b", "2"),),
        "unread": "pip: the 120 s are over",
        "unknown": ("pip",),
        "os": "Ubuntu",
    }
    before, after = (part, whole) if side == "before" else (whole, part)
    kinds = [(kind, name) for kind, name, _, _ in told(before, after)]
    assert kinds == [("os", ""), ("package", "b (dpkg)")]


def test_secrets_are_masked_wherever_they_stand_and_that_they_differ_is_told() -> None:
    before = {"environment": (("API_TOKEN", "first-of-two"), ("NAME", "a"), ("PASSWORD", ""))}
    after = {
        "environment": (("API_TOKEN", "other-of-two"), ("NAME", "b"), ("PASSWORD", "x")),
        "entrypoint": ("serve", "--token=other-of-two"),
        "labels": (("build.password", "hunter2-hunter2"), ("note", "with hunter2-hunter2"), ("other-of-two", "1")),
        "layers": (Layer(digest="sha256:a", size=10, made_by="RUN echo other-of-two"),),
    }
    assert told(before, after) == [
        ("entrypoint", "", None, '["serve", "--token=***"]'),
        ("environment", "API_TOKEN", "***", "***"),
        ("environment", "NAME", "a", "b"),
        ("environment", "PASSWORD", "", "***"),
        ("label", "build.password", None, "***"),
        ("label", "note", None, "with ***"),
        ("label", "***", None, "1"),
        ("layer", "", "0 layers", "1 layer"),
        ("layer", "a", None, "10 B, RUN echo ***"),
    ]


def test_layers_that_only_one_side_has() -> None:
    shared, old, new = (Layer(digest=f"sha256:{name}", size=size) for name, size in (("s", 5), ("o", 2048), ("n", 0)))
    assert told({"layers": (shared, old)}, {"layers": (shared, new)}) == [
        ("layer", "o", "2.0 KiB", None),
        ("layer", "n", None, "size and maker unknown"),
    ]


def test_a_size_that_looks_the_same_is_told_in_bytes() -> None:
    assert told({"size": 10_000_000}, {"size": 10_000_001}) == [("size", "", "10,000,000 B", "10,000,001 B")]
    assert told({"size": 2**20}, {"size": 2**21}) == [("size", "", "1.0 MiB", "2.0 MiB")]


def test_long_values_are_cut() -> None:
    found = changes(PLAIN, dataclasses.replace(PLAIN, environment=(("A", "x" * 100_000), ("B" * 10_000, "1"))))
    assert all(len(str(change.candidate)) <= LONGEST and len(change.name) <= LONGEST for change in found)


TEXT = st.text(max_size=5)
CONTENTS = st.builds(
    ImageContents,
    size=st.integers(0, 2**40),
    layers=st.lists(st.builds(Layer, digest=TEXT, size=st.integers(0, 9), made_by=TEXT), max_size=4).map(tuple),
    packages=st.lists(
        st.builds(
            Package,
            manager=st.sampled_from(["pip", "dpkg", "conda", "rpm", "apk"]),
            name=TEXT,
            version=TEXT,
            place=TEXT,
        ),
        max_size=6,
    ).map(tuple),
    environment=st.dictionaries(TEXT, TEXT, max_size=3).map(lambda pairs: tuple(pairs.items())),
    labels=st.dictionaries(TEXT, TEXT, max_size=3).map(lambda pairs: tuple(pairs.items())),
    entrypoint=st.lists(TEXT, max_size=2).map(tuple),
    user=TEXT,
    ports=st.lists(TEXT, max_size=3).map(tuple),
    unknown=st.lists(st.sampled_from(["pip", "dpkg"]), max_size=1).map(tuple),
)


@given(CONTENTS, CONTENTS)
def test_nothing_differs_from_itself_and_the_other_way_round_is_the_reverse(
    one: ImageContents, other: ImageContents
) -> None:
    assert changes(one, one) == ()
    there, back = changes(one, other), changes(other, one)
    reversed_ = {Change(kind=c.kind, name=c.name, baseline=c.candidate, candidate=c.baseline) for c in back}
    assert set(there) == reversed_
    assert all(change.baseline is not None or change.candidate is not None for change in there)
