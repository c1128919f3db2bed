"""The grammar of tags, over every tag of the shipped catalogue and those of other registries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.image import catalogue
from sm_ci.image.reference import Reference
from sm_ci.image.tags import Shape, parse

ROWS = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "tag_families.tsv").read_text().splitlines()
    if not line.startswith("#")
]
REGIONS = ("us-east-1", "us-west-2", "eu-central-1")


def shipped() -> dict[tuple[str, str], catalogue.Container]:
    """Every image of the catalogue, once."""
    every = [
        one
        for name in catalogue.frameworks()
        for region in REGIONS
        for accelerator in catalogue.ACCELERATORS
        for one in _chosen(name, region, accelerator)
    ]
    return {(one.repository, one.tag): one for one in every}


def _chosen(name: str, region: str, accelerator: str) -> tuple[catalogue.Container, ...]:
    from sm_ci.errors import ImageMissing

    try:
        return catalogue.choose(name, region=region, accelerator=accelerator)
    except ImageMissing:
        return ()


SHIPPED = shipped()


def test_every_tag_of_the_catalogue_is_of_the_family_that_stands_in_the_table() -> None:
    found = Counter((repository, parse(tag).family) for repository, tag in SHIPPED)
    assert found == {(repository, family): int(count) for repository, count, family, _ in ROWS if repository != "-"}


@pytest.mark.parametrize(("family", "tag"), [(family, tag) for _, _, family, tag in ROWS], ids=lambda text: text)
def test_a_tag_of_each_family(family: str, tag: str) -> None:
    assert parse(tag).family == family


def test_the_catalogue_and_the_grammar_read_the_same_version_python_and_system_in_a_tag() -> None:
    for one in SHIPPED.values():
        shape = parse(one.tag)
        python, os = shape.part("python"), shape.part("os")
        literal = one.python if one.python in {"py2", "py3"} else ""
        assert one.python == (f"py{python.text.replace('.', '')}" if python else literal), one.tag
        assert one.os == ("" if os is None else one.os[: -len(os.text)] + os.text), one.tag
        texts = {part.text for part in shape.parts} | {"-".join(part.text for part in shape.parts[:2])}
        builds = one.version.removeprefix("b").removesuffix("-py312")  # sklearn 1.4-2-py312, llama.cpp b9522
        elsewhere = one.repository in {"huggingface-pytorch-tgi-inference", "huggingface-vllm-inference-neuronx"}
        assert builds in texts or elsewhere, one.tag


NUMBERS = [
    ("2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker-v1.40", "version=2.6.0 python=3.12 cuda=12.4 os=22.04 build=1.40"),
    (
        "2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker-v1.40-2026-08-01-12-00-00",
        "version=2.6.0 python=3.12 cuda=12.4 os=22.04 build=1.40 date=2026-08-01-12-00-00",
    ),
    ("0.36.0-lmi28.0.0-cu130", "version=0.36.0 lmi=28.0.0 cuda=13.0"),
    ("1.7-1", "version=1.7 revision=1"),
    ("4.51.3-tgi3.3.6-gpu-py311-cu124-ubuntu22.04", "version=4.51.3 tgi=3.3.6 python=3.11 cuda=12.4 os=22.04"),
    ("2.0.1-neuronx-py310-sdk2.19.1-ubuntu20.04", "version=2.0.1 python=3.10 sdk=2.19.1 os=20.04"),
    ("24.09-py3", "version=24.09"),
    ("b9522-gpu-cu130-ubuntu24.04-v1.0", "version=9522 cuda=13.0 os=24.04 build=1.0"),
    ("devel-cu92-amzn2023", "cuda=9.2 os=2023"),
    ("2.6.0-cuda12.4-cudnn9-runtime", "version=2.6.0 cuda=12.4 cudnn=9"),
    ("12.4.1-cudnn-runtime-ubuntu2204", "version=12.4.1 os=22.4"),
    ("v1.2.3-14-g3f2a9bc", "version=1.2.3 revision=14"),
    ("v0.6.3.post1", "version=0.6.3 build=1"),
    ("v1.2.3-rc.1", "version=1.2.3 pre=4.1"),
    ("1.2.3-rc-1", "version=1.2.3 pre=4.1"),
    ("1.2.0rc1-slim", "version=1.2.0 pre=4.1"),
    ("1.2.0.dev3", "version=1.2.0 pre=0.3"),
    ("1.2.3-beta.1.2", "version=1.2.3 pre=2.1.2"),
    ("1.2.3-beta", "version=1.2.3 pre=2"),
    ("3.12-dev", "version=3.12"),  # an image with a shell as often as a prerelease
    ("1.2.3_build", "version=1.2.3"),
    ("1.2.3_build.7", "version=1.2.3 build=7"),
    ("1.2.3-nightly.20260131", "version=1.2.3 date=20260131"),
    ("8.0.1_container-1.2.0", "version=8.0.1 container=1.2.0"),
    ("2026-01-31", "date=2026-01-31"),
    ("20260131", "date=20260131"),
    ("main-20260801T120000Z-3f2a9bc", "date=20260801T120000Z"),
    ("20261331", "version=20261331"),  # there is no such day
    ("2026.1", "version=2026.1"),
    ("python-3.12-cuda-12.4-1.0.0", "python=3.12 cuda=12.4 version=1.0.0"),
    ("1.0-x86_64-2", "version=1.0 revision=2"),
    ("1.0-fp16-h100-llama3-8b-arm64-ec2-s3", "version=1.0"),
    ("llama3.1-8b-1.2.0", "llama=3.1 version=1.2.0"),
    ("build-45", "build=45"),
    ("3f2a9bc", ""),
    ("sha-1234567", ""),
    ("0123456789012345678901234567890123456789", ""),
    ("1234567", "version=1234567"),
    ("latest", ""),
    ("stable-cpu-py3", ""),
    ("", ""),
    ("1..2", ""),
    ("v", ""),
    ("9" * 200, ""),  # longer than a tag can be
    ("9" * 128, f"version={'9' * 128}"),
]


@pytest.mark.parametrize(
    ("tag", "said"), NUMBERS, ids=[f"{number}-{tag[:40]}" for number, (tag, _) in enumerate(NUMBERS)]
)
def test_what_a_tag_says(tag: str, said: str) -> None:
    shape = parse(tag)
    prerelease = [f"pre={'.'.join(map(str, shape.prerelease))}"] if shape.prerelease else []
    assert " ".join([f"{part.name}={part.text}" for part in shape.parts] + prerelease) == said


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.9", "1.10", "2.0"],
        ["1.2.3-alpha.2", "1.2.3-beta", "1.2.3-rc.1", "1.2.3-rc.10", "1.2.3", "1.2.4-rc.1"],
        ["1.2.0.dev3", "1.2.0a1", "1.2.0b1", "1.2.0rc1", "1.2.0"],
        ["2.6.0-gpu-py312-cu118-v1.9", "2.6.0-gpu-py312-cu124-v1.9", "2.6.0-gpu-py312-cu124-v1.10"],
        ["0.36.0-lmi9.0.0-cu128", "0.36.0-lmi28.0.0-cu130", "0.38.0-lmi29.0.0-cu130"],
        ["1.7-1", "1.7-10", "3.0-5", "3.2-0"],
        ["2026-01-31", "2026-02-01"],
        ["24.09-py3", "24.10-py3", "25.04-py3"],
        ["1.4.0-py39", "1.4.0-py310"],
        ["a-cu92", "a-cu101", "a-cu130"],
        ["x-ubuntu18.04", "x-ubuntu22.04"],
        ["b999", "b9522", "b10000"],
    ],
    ids=lambda ascending: ascending[0],
)
def test_the_order_is_that_of_the_numbers(ascending: list[str]) -> None:
    shapes = [parse(tag) for tag in reversed(ascending)]
    assert len({shape.family for shape in shapes}) == 1
    assert [shape.tag for shape in sorted(shapes, key=lambda shape: shape.order)] == ascending


@pytest.mark.parametrize(
    ("one", "other", "kin"),
    [
        ("2.6", "2.6.0", True),
        ("2.6.0-gpu", "2.6.0-gpu-v1.40", True),
        ("server-v1", "server-v1.0.1", True),
        ("2.6.0-gpu-v1.40", "2.6.0-gpu-v1.40-2026-08-01-12-00-00", True),
        ("2.6.0-gpu", "2.6.0-cpu", False),
        ("2.6.0-gpu-py3", "2.6.0-gpu-py36", False),
        ("2.6.0-ec2", "2.6.0-sagemaker", False),
        ("1.0-amzn2023", "1.0-ubuntu22.04", False),
        ("v1.2.3", "1.2.3", False),
        ("1.2.3-slim", "1.2.3-slim-bookworm", False),
        ("1.2.3", "1.2.3_build", False),
    ],
)
def test_tags_of_several_families(one: str, other: str, *, kin: bool) -> None:
    assert parse(one).family != parse(other).family
    assert (parse(one).kin == parse(other).kin) is kin


def test_until_when_awss_containers_are_patched_is_known_of_their_builds_too() -> None:
    from sm_ci.image.known import patched_until, tags

    def day(name: str) -> str:
        return str(patched_until(Reference.parse(name)))

    own = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference"
    assert day(f"{own}:2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker") == "2026-06-30"
    assert day(f"{own}:2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker-v1.40") == "2026-06-30"
    assert day(f"{own}:2.4.0-gpu-py311") == "None"
    copied = own.replace("763104351884", "123456789012")
    assert day(f"{copied}:2.6.0-gpu-py312") == "None"
    assert tags(Reference.parse(copied)) == ()
    assert "2.6.0-gpu-py312" in tags(Reference.parse(own))
    assert "0.14.0-gpu-py312-cu129-ubuntu22.04-sagemaker" in tags(
        Reference.parse("public.ecr.aws/deep-learning-containers/vllm")
    )
    assert tags(Reference.parse("public.ecr.aws/acme/vllm")) == ()


WORDS = st.sampled_from(
    [
        *(
            "2.6.0",
            "1.10",
            "7",
            "v1.2",
            "v3",
            "py312",
            "py3",
            "cu124",
            "cuda12.4",
            "ubuntu22.04",
            "amzn2023",
            "gpu",
            "cpu",
        ),
        *("rc1", "rc.2", "beta", "dev", "post1", "1.2.0rc1", "20260131", "2026-02-01", "3f2a9bc", "sha", "latest"),
        *("lmi28.0.0", "tgi3", "ec2", "b9522", "x86", "64", ".", "..", "-", "_"),
    ]
)
TAGS = st.lists(WORDS, min_size=1, max_size=6).flatmap(
    lambda words: st.sampled_from("-_.").map(lambda by: by.join(words))
)


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_.\-]{1,128}", fullmatch=True), TAGS))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    shape = parse(text)
    assert shape.tag == text
    assert len({part.name for part in shape.parts}) == len(shape.parts)
    assert all(part.numbers for part in shape.parts)
    assert parse(text) == shape


@given(st.lists(st.one_of(TAGS, WORDS), min_size=2, max_size=30))
def test_all_of_a_family_can_be_ordered_and_what_is_equal_counts_the_same(tags: list[str]) -> None:
    families: dict[str, list[Shape]] = {}
    for tag in tags:
        families.setdefault(parse(tag).family, []).append(parse(tag))
    for shapes in families.values():
        for one in shapes:
            for other in shapes:
                assert (one.order < other.order) + (one.order > other.order) + (one.order == other.order) == 1
                if one.order == other.order:
                    assert [part.numbers for part in one.parts] == [part.numbers for part in other.parts]


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["1.{}", "{}.0", "1.0-gpu-py312-v1.{}", "1.2-{}-cpu"])
)
def test_numbers_are_compared_as_numbers(one: int, other: int, form: str) -> None:
    assert (parse(form.format(one)).order < parse(form.format(other)).order) is (one < other)
