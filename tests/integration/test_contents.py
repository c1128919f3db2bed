"""What is in an image, of a real engine, and what differs between two. Nothing of them is run but to hold it against."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator

import pytest
from harness import BASE, ROOT, Images

from sm_ci.compare.contents import changes
from sm_ci.differences import Change, ImageContents, Package
from sm_ci.engine import ownership
from sm_ci.engine.client import Engine
from sm_ci.engine.contents import contents_of
from sm_ci.errors import Cancelled, ImageMissing
from sm_ci.progress import Silent

RUN = f"contents-{os.getpid()}"
LABELS = ownership.labels(RUN, ownership.myself())
DATABASES = ROOT / "tests/unit/engine/contents/databases"
SITE = "usr/local/lib/python3.11/site-packages"
PYTHON = {
    "usr/local/bin/python3.11": "\x7fELF",
    "usr/local/include/python3.11/patchlevel.h": '#define PY_VERSION "3.11.9"\n',
    "etc/os-release": 'PRETTY_NAME="Test OS 1"\n',
}


class Heard(Silent):
    """Notes what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, text: str) -> None:
        self.said.append(text)

    def detail(self, text: str, part: float | None = None) -> None:
        self.said.append(text)

    def done(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(autouse=True)
def no_container_left(engine: Engine) -> Iterator[None]:
    yield
    assert ours(engine) == []


def ours(engine: Engine, run: str = RUN) -> list[str]:
    found = engine.api.containers(all=True, filters={"label": f"{ownership.RUN_LABEL}={run}"})
    return [str(container["Names"]) for container in found]


def read(engine: Engine, image: str, seconds: float = 60.0) -> ImageContents:
    return contents_of(engine, image, labels=LABELS, progress=Silent(), seconds=seconds)


def from_files(images: Images, name: str, *lines: str, **files: str) -> str:
    """An image of these files and no others, in one layer, then what the lines say."""
    context = {path if path.startswith("beside/") else f"root/{path}": content for path, content in files.items()}
    copy = ["COPY root /"] if files else []
    return images.of(f"contents-{name}", "\n".join(["FROM scratch", *copy, *lines]), **context)


def metadata(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nA README.\n"


def database(name: str) -> str:
    return gzip.decompress((DATABASES / f"{name}.gz").read_bytes()).decode("latin-1")


def packages(contents: ImageContents, manager: str) -> dict[str, str]:
    return {one.name: one.version for one in contents.packages if one.manager == manager}


def test_what_a_real_image_says_of_itself_when_it_runs(engine: Engine) -> None:
    heard = Heard()
    contents = contents_of(engine, BASE, labels=LABELS, progress=heard)
    asked = [
        "dpkg-query -W -f '${Package} ${Version}\\n'",
        "python3 -m pip list --format json",
        "python3 -V",
        "cat /etc/os-release",
    ]
    script = " && echo ==== && ".join(asked)
    told = subprocess.run(
        ["docker", "run", "--rm", BASE, "sh", "-c", script], capture_output=True, text=True, check=True
    )
    dpkg, pip, version, system = told.stdout.split("====\n")
    assert packages(contents, "dpkg") == dict(line.split() for line in dpkg.splitlines())
    assert packages(contents, "pip") == {one["name"]: one["version"] for one in json.loads(pip)}
    assert f"Python {contents.python}" == version.strip()
    assert f'PRETTY_NAME="{contents.os}"' in system
    assert (contents.cuda, contents.unread, contents.unknown) == ("", "", ())
    assert heard.said == [f"looking at what is in {BASE}", f"{BASE} has {len(contents.packages)} packages"]


def pair(images: Images, name: str, numpy: str, openssl: str, *more: str, **files: str) -> str:
    dpkg = f"Package: openssl\nStatus: install ok installed\nVersion: {openssl}\n\nPackage: base\nVersion: 1\n"
    site = {f"{SITE}/numpy-{numpy}.dist-info/METADATA": metadata("numpy", numpy)}
    return from_files(
        images, name, 'LABEL same="1"', 'ENV SAME=1', *more, **{**PYTHON, "var/lib/dpkg/status": dpkg, **site, **files}
    )  # fmt: skip


def test_each_difference_of_two_images_is_told(engine: Engine, images: Images) -> None:
    older = pair(images, "older", "1.26.4", "3.0.11-1", "ENV MODEL=a API_TOKEN=first-secret-value", 'LABEL version="1"')
    newer = pair(
        images, "newer", "2.0.1", "3.0.15-1", 'ENV MODEL=b API_TOKEN=other-secret-value', 'LABEL version="2" added="x"',
        "USER model", "EXPOSE 8080", 'ENTRYPOINT ["python3", "serve.py"]', "COPY beside/large /srv/",
        **{"usr/local/bin/python3": "\x7fELF", "beside/large": "x" * 20 * 2**20},
    )  # fmt: skip
    baseline, candidate = read(engine, older), read(engine, newer)
    found = changes(baseline, candidate)
    assert [change for change in found if change.kind not in {"size", "layer"}] == [
        Change(kind="python", name="", baseline=None, candidate="3.11.9"),
        Change(kind="entrypoint", name="", baseline=None, candidate='["python3", "serve.py"]'),
        Change(kind="user", name="", baseline=None, candidate="model"),
        Change(kind="port", name="8080/tcp", baseline=None, candidate="8080/tcp"),
        Change(kind="package", name="numpy (pip)", baseline="1.26.4", candidate="2.0.1"),
        Change(kind="package", name="openssl (dpkg)", baseline="3.0.11-1", candidate="3.0.15-1"),
        Change(kind="environment", name="API_TOKEN", baseline="***", candidate="***"),
        Change(kind="environment", name="MODEL", baseline="a", candidate="b"),
        Change(kind="label", name="added", baseline=None, candidate="x"),
        Change(kind="label", name="version", baseline="1", candidate="2"),
    ]
    assert candidate.size - baseline.size == 20 * 2**20 + 3  # Python's four bytes, and numpy's version has one less
    layers = [change for change in found if change.kind == "layer"]
    assert layers[0] == Change(kind="layer", name="", baseline="1 layer", candidate="2 layers")
    assert [(one.baseline is None, one.candidate is None) for one in layers[1:]] == [
        (False, True),
        (True, False),
        (True, False),
    ]
    assert str(layers[-1].candidate).startswith("20.0 MiB, COPY ")
    assert changes(baseline, baseline) == changes(candidate, candidate) == ()
    assert "secret-value" not in str(found)


def test_packages_of_pip_wherever_a_python_looks_for_them(engine: Engine, images: Images) -> None:
    image = from_files(
        images, "places", "ENV PATH=/srv/it/bin PYTHONPATH=/opt/deps", "WORKDIR /app",
        **PYTHON,
        **{
            "srv/it/bin/python3.11": "\x7fELF",
            "srv/it/lib/python3.11/site-packages/a-1.egg-info/PKG-INFO": metadata("A", "1"),
            "srv/it/lib/python3.11/site-packages/editable.pth": "/app/src\n/\n/usr\n",
            "app/src/mine.egg-info/PKG-INFO": metadata("mine", "0.1"),
            f"{SITE}/a-2.dist-info/METADATA": metadata("a", "2"),
            f"{SITE}/a/_vendor/b-3.dist-info/METADATA": metadata("b", "3"),
            "opt/deps/c-4.dist-info/METADATA": metadata("c", "4"),
            "opt/conda/lib/python3.10/site-packages/d-5.dist-info/METADATA": metadata("d", "5"),
            "opt/conda/conda-meta/python-3.10.14-h955ad1f_0.json": "{}",
            "opt/conda/envs/e/lib/python3.9/site-packages/e-6.dist-info/METADATA": metadata("e", "6"),
            "opt/conda/pkgs/f-7/lib/python3.10/site-packages/f-7.dist-info/METADATA": metadata("f", "7"),
            "app/.venv/lib/python3.12/site-packages/g-8.dist-info/METADATA": metadata("g", "8"),
            "usr/local/cuda/version.json": '{"cuda": {"version": "12.4.1"}}',
        },
    )  # fmt: skip
    contents = read(engine, image)
    assert [(one.name, one.version, one.place) for one in contents.packages if one.manager == "pip"] == [
        ("a", "1", "/srv/it/lib/python3.11/site-packages"),
        ("a", "2", f"/{SITE}"),
        ("c", "4", "/opt/deps"),
        ("d", "5", "/opt/conda/lib/python3.10/site-packages"),
        ("e", "6", "/opt/conda/envs/e/lib/python3.9/site-packages"),
        ("g", "8", "/app/.venv/lib/python3.12/site-packages"),
        ("mine", "0.1", "/app/src"),
    ]
    assert Package(manager="conda", name="python", version="3.10.14", place="/opt/conda") in contents.packages
    assert (contents.cuda, contents.unread) == ("12.4.1", "")


RPMS = {"glibc": "2.34-117.amzn2", "openssl-libs": "1:3.0.8-1.el9", "python3.11-libs": "3.11.6-1.amzn2023.0.1"}


APKS = {"lib/apk/db/installed": "P:musl\nV:1.2.5-r0\n", "usr/lib/apk/db/installed": "P:glibc\nV:2.40-r1\n"}
DISTROLESS = {
    "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12.4\n",
    "var/lib/dpkg/status.d/base.md5sums": "Package: no\nVersion: 1\n",
    "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\n",
}
OF_BERKELEY = {"var/lib/rpm/Packages": database("Packages"), "var/lib/rpm/Name": "an index"}


@pytest.mark.parametrize(
    ("name", "manager", "files", "found"),
    [
        ("apk", "apk", APKS, {"musl": "1.2.5-r0", "glibc": "2.40-r1"}),
        ("distroless", "dpkg", DISTROLESS, {"base-files": "12.4", "tzdata": "2024a"}),
        ("rpm", "rpm", {"usr/lib/sysimage/rpm/rpmdb.sqlite": database("rpmdb.sqlite")}, RPMS),
        ("rpm-of-old", "rpm", OF_BERKELEY, RPMS),
        ("nothing", "dpkg", {}, {}),
    ],
    ids=["apk", "distroless", "rpm", "rpm-of-old", "nothing"],
)
def test_packages_of_every_kind_of_system(
    engine: Engine, images: Images, name: str, manager: str, files: dict[str, str], found: dict[str, str]
) -> None:
    labelled = () if files else ("LABEL nothing=else",)
    contents = read(engine, from_files(images, name, *labelled, **files))
    assert packages(contents, manager) == found
    assert len(contents.packages) == len(found)
    assert (contents.os, contents.python, contents.cuda, contents.unread, contents.unknown) == ("", "", "", "", ())
    assert len(contents.layers) == bool(files)


def hostile() -> str:
    """A tar of what no image should hold, as text."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:

        def add(name: str, kind: bytes, content: bytes = b"", link: str = "", **more: int) -> None:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(content)
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))

        add("etc/os-release", tarfile.SYMTYPE, link="loop")
        add("etc/loop", tarfile.SYMTYPE, link="os-release")
        add("usr/lib/os-release", tarfile.SYMTYPE, link="../../../../../../../../proc/self/environ")
        add("var/lib/dpkg/status", tarfile.CHRTYPE, devmajor=1, devminor=5)  # /dev/zero's
        add("lib/apk/db/installed", tarfile.FIFOTYPE)
        add("usr/lib/apk/db/installed", tarfile.DIRTYPE)
        add("var/lib/rpm/rpmdb.sqlite", tarfile.REGTYPE, b"SQLite format 3\0" + b"\xff" * 5000)
        add("usr/local/bin/python3", tarfile.SYMTYPE, link="/usr/local/bin/python3")
        add("usr/local/cuda/version.json", tarfile.REGTYPE, b"[" * 200_000)
        site = "usr/local/lib/python3.11/site-packages"
        add(f"{site}/big-1.dist-info/METADATA", tarfile.REGTYPE, metadata("big", "1").encode().ljust(5 * 2**20, b"x"))
        add(
            f"{site}/never-1.dist-info/METADATA", tarfile.REGTYPE, b"A: b\n" * 100_000 + metadata("never", "1").encode()
        )
        add(f"{site}/pipe-1.dist-info/METADATA", tarfile.FIFOTYPE)
        add(f"{site}/zero-1.dist-info/METADATA", tarfile.CHRTYPE, devmajor=1, devminor=5)
        add(f"{site}/link-1.dist-info/METADATA", tarfile.SYMTYPE, link="/var/lib/dpkg/status")
        add(f"{site}/twin-1.dist-info/METADATA", tarfile.LNKTYPE, link=f"{site}/big-1.dist-info/METADATA")
        add(f"{site}/{'n' * 200}-1.dist-info/METADATA", tarfile.REGTYPE, metadata("long", "1" * 500).encode())
        add(f"{site}/\x1b[31m-1.dist-info/METADATA", tarfile.REGTYPE, metadata("\x1b[31m", "1").encode())
        add(f"{site}/odd\udcff-1.dist-info/METADATA", tarfile.REGTYPE, metadata("odd", "\u202e1").encode())
        add(f"{site}/deep{'/d' * 800}/x-1.dist-info/METADATA", tarfile.REGTYPE, metadata("deep", "1").encode())
        add(f"{site}/all.pth", tarfile.REGTYPE, b"/\n/usr\n" + b"".join(b"/p%d\n" % number for number in range(10_000)))
        add("opt/conda/lib/python3.10/site-packages", tarfile.SYMTYPE, link="/")
        add("opt/conda/conda-meta", tarfile.SYMTYPE, link="/dev")
    return buffer.getvalue().decode("latin-1")


def test_a_hostile_file_system_hurts_nobody(engine: Engine, images: Images) -> None:
    variables = f'ENV PATH="/usr/local/bin::relative:{"/a" * 3000}" PYTHONPATH="/:/usr:{"/b:" * 300}" API_KEY="s3cret-of-an-image"'
    image = images.of("contents-hostile", f"FROM scratch\nADD hostile.tar /\n{variables}", **{"hostile.tar": hostile()})
    contents = read(engine, image)
    assert packages(contents, "pip") == {"big": "1", "odd": "\u202e1"}
    assert {one.manager for one in contents.packages} == {"pip"}
    assert (contents.os, contents.python, contents.cuda) == ("", "", "")
    assert contents.unread == "rpm: /var/lib/rpm/rpmdb.sqlite is damaged: SQLite says: file is not a database"
    assert contents.unknown == ("rpm",)
    assert dict(contents.environment)["API_KEY"] == "s3cret-of-an-image"


def test_when_the_time_is_over_the_configuration_stands_and_packages_are_unknown(
    engine: Engine, images: Images
) -> None:
    image = pair(images, "older", "1.26.4", "3.0.11-1", "ENV MODEL=a API_TOKEN=first-secret-value", 'LABEL version="1"')
    contents = read(engine, image, seconds=0)
    assert contents.unread == "os, dpkg, apk, rpm, pip, conda, cuda: the 0 s for reading an image are over"
    assert contents.unknown == ("dpkg", "apk", "rpm", "pip", "conda")
    assert (contents.packages, dict(contents.environment)["MODEL"]) == ((), "a")
    assert changes(contents, read(engine, image)) == ()


def test_a_list_that_is_too_large_is_not_read(engine: Engine, images: Images) -> None:
    files = {"var/lib/dpkg/status": "x" * (32 * 2**20 + 1), "lib/apk/db/installed": "P:musl\nV:1\n"}
    contents = read(engine, from_files(images, "large-list", **files))
    assert contents.unread == "dpkg: /var/lib/dpkg/status is larger than 32 MiB"
    assert (contents.unknown, packages(contents, "apk")) == (("dpkg",), {"musl": "1"})


def test_an_image_that_is_gone(engine: Engine) -> None:
    with pytest.raises(ImageMissing) as caught:
        read(engine, "sm-ci-test/nowhere:1")
    assert caught.value.message == "the image sm-ci-test/nowhere:1 is no longer on the Docker engine"


def test_who_is_interrupted_leaves_no_container(engine: Engine) -> None:
    left = iter([0.0] * 12)

    def clock() -> float:
        for now in left:
            return now
        assert ours(engine) != []
        raise Cancelled("interrupted by SIGINT")

    with pytest.raises(Cancelled):
        contents_of(engine, BASE, labels=LABELS, progress=Silent(), clock=clock)


KILLED = """
import os
from sm_ci.engine import ownership
from sm_ci.engine.client import connect
from sm_ci.engine.contents import contents_of
from sm_ci.progress import Silent
labels = ownership.labels("contents-killed", ownership.myself())
with connect() as engine:
    contents_of(engine, "sm-ci-base:latest", labels=labels, progress=Silent(), clock=lambda: os._exit(9))
"""


@pytest.mark.alone
def test_what_a_killed_run_leaves_the_next_removes(engine: Engine) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, check=False).returncode == 9
    assert len(ours(engine, "contents-killed")) == 1
    assert "contents-killed" in ownership.sweep(engine, ownership.myself())
    assert ours(engine, "contents-killed") == []
