from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.differences import Package
from sm_ci.engine.contents import distributions
from sm_ci.engine.contents.distributions import Found

SITE = "/usr/lib/python3.11/site-packages"
METADATA = b"Metadata-Version: 2.1\nName: Foo.Bar_baz\nVersion: 1.2+cu121\nSummary: x\n folded: Name: no\n\nName: other\nVersion: 9\n"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (f"{SITE}/numpy-1.26.4.dist-info/METADATA", SITE),
        (f"{SITE}/PyYAML-6.0.egg-info/PKG-INFO", SITE),
        (f"{SITE}/distutils_one-1.0.egg-info", SITE),
        (f"{SITE}/foo-1.0-py3.11.egg/EGG-INFO/PKG-INFO", SITE),
        (f"{SITE}/numpy-1.26.4.dist-info/RECORD", None),
        (f"{SITE}/~umpy-1.26.3.dist-info/METADATA", None),
        (f"{SITE}/setuptools/_vendor/packaging-24.2.dist-info/METADATA", None),
        (f"{SITE}/pip/tests/data/site-packages/x-1.dist-info/METADATA", None),
        (f"{SITE}/METADATA", None),
        (f"{SITE}/numpy/METADATA", None),
    ],
)
def test_what_lies_right_in_the_folder_is_installed_and_what_is_below_was_vendored(
    path: str, place: str | None
) -> None:
    assert distributions.of_pip(path, SITE, deep=False) == (Found(place=place) if place else None)


@pytest.mark.parametrize(
    ("below", "place"),
    [
        ("a/lib/python3.10/site-packages/x-1.dist-info/METADATA", "a/lib/python3.10/site-packages"),
        ("a/lib/python3/dist-packages/x-1.egg-info/PKG-INFO", "a/lib/python3/dist-packages"),
        ("pkgs/x-1-0/site-packages/x-1.dist-info/METADATA", None),
        (".cache/uv/a/site-packages/x-1.dist-info/METADATA", None),
        ("a/site-packages/b/site-packages/x-1.dist-info/METADATA", None),
        ("a/src/x-1.dist-info/METADATA", None),
    ],
)
def test_below_a_folder_of_many_pythons_every_site_counts_but_a_cache(below: str, place: str | None) -> None:
    found = distributions.of_pip(f"/opt/conda/envs/{below}", "/opt/conda/envs", deep=True)
    assert found == (Found(place=f"/opt/conda/envs/{place}") if place else None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("numpy-1.26.4-py310hb13e2d6_0.json", ("numpy", "1.26.4")),
        ("ca-certificates-2024.7.4-hbcca054_0.json", ("ca-certificates", "2024.7.4")),
        ("_libgcc_mutex-0.1-conda_forge.json", ("_libgcc_mutex", "0.1")),
        ("history", None),
        ("x.json", None),
        ("a-b.json", None),
    ],
)
def test_condas_files_are_named_after_their_package(name: str, told: tuple[str, str] | None) -> None:
    package = told and Package(manager="conda", name=told[0], version=told[1], place="/opt/conda")
    assert distributions.of_conda(f"/opt/conda/conda-meta/{name}") == package
    assert distributions.of_conda(f"/opt/conda/other/{name}") is None


def test_a_package_is_named_as_pep_503_has_it_and_only_its_headers_count() -> None:
    assert distributions.package(METADATA, SITE) == Package(
        manager="pip", name="foo-bar-baz", version="1.2+cu121", place=SITE
    )


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"Name: x\n",
        b"Version: 1\n",
        b"Name: x\n\nVersion: 1\n",
        b"Name: a b\nVersion: 1\n",
        b"Name: \x1b[31m\nVersion: 1\n",
        b"Name: x\nVersion: " + b"1" * 300,
        b"Name: x\n" + b"A: b\n" * 20_000 + b"Version: 1\n",
    ],
)
def test_what_names_no_package_is_none(metadata: bytes) -> None:
    assert distributions.package(metadata, SITE) is None


def test_folders_of_a_pth_file() -> None:
    pth = b"# a comment\nimport os; os.system('x')\n/app/src\n\n./near.egg\n../up\n\xff\n"
    assert distributions.added_paths(pth, "/a/site") == ("/app/src", "/a/site/near.egg", "/a/up", "/a/site/\ufffd")


@given(st.text(max_size=80), st.text(max_size=20), st.binary(max_size=200), st.booleans())
def test_anything(path: str, root: str, data: bytes, deep: bool) -> None:
    distributions.of_pip(f"/{path}", f"/{root}", deep=deep)
    distributions.of_pip(f"/{path}/x-1.dist-info/METADATA", f"/{root}", deep=deep)
    distributions.of_conda(f"/{path}")
    distributions.package(b"Name: " + data, path)
    distributions.added_paths(data, f"/{root}")
