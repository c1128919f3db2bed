"""Where Pythons lie, in trees of paths."""

from __future__ import annotations

import posixpath

import pytest

from sm_ci.engine.contents import interpreters
from sm_ci.engine.contents.interpreters import Interpreter, Words
from sm_ci.engine.contents.looking import Entry


class Paths:
    """A tree of files and links; a folder is there when something lies below it."""

    def __init__(self, **files: bytes | str) -> None:
        self.files = {f"/{path}": content for path, content in files.items()}

    def find(self, path: str) -> Entry | None:
        content = self.files.get(path)
        if isinstance(content, str):
            return self.find(posixpath.normpath(posixpath.join(posixpath.dirname(path), content)))
        if content is not None:
            return Entry(path=path, size=len(content), file=True)
        return Entry(path=path, folder=True) if any(name.startswith(f"{path}/") for name in self.files) else None

    def head(self, path: str, most: int) -> bytes | None:
        found = self.find(path)
        content = self.files[found.path] if found and found.file else None
        return content[:most] if isinstance(content, bytes) else None


DEBIAN: dict[str, bytes | str] = {
    "usr/bin/python3": "python3.11",
    "usr/bin/python3.11": b"\x7fELF",
    "usr/lib/python3.11/os.py": b"",
    "usr/lib/python3/dist-packages/yaml.py": b"",
}
OFFICIAL: dict[str, bytes | str] = {
    "usr/local/bin/python3": "python3.12",
    "usr/local/bin/python3.12": b"\x7fELF",
    "usr/local/lib/python3.12/site-packages/x.py": b"",
}
CONDA: dict[str, bytes | str] = {
    "opt/conda/bin/python": "python3.10",
    "opt/conda/bin/python3": "python3.10",
    "opt/conda/bin/python3.10": b"\x7fELF",
    "opt/conda/lib/python3.10/site-packages/x.py": b"",
}
VENV: dict[str, bytes | str] = {
    "srv/it/bin/python": "python3",
    "srv/it/bin/python3": "/usr/local/bin/python3.12",
    "srv/it/pyvenv.cfg": b"home = /usr/local/bin\nversion = 3.12.4\n",
    "srv/it/lib/python3.12/site-packages/x.py": b"",
}


def words(
    path: str = "/usr/local/bin:/usr/bin:/bin", *start: str, made_by: tuple[str, ...] = (), **environment: str
) -> Words:
    return Words(environment={"PATH": path, **environment}, start=start, made_by=made_by)


def test_path_finds_the_first_and_links_lead_to_its_file() -> None:
    tree = Paths(**DEBIAN, **OFFICIAL)
    assert interpreters.first(tree, words()) == Interpreter(prefix="/usr/local", real="/usr/local/bin/python3.12")
    assert interpreters.first(tree, words("/usr/bin")) == Interpreter(prefix="/usr", real="/usr/bin/python3.11")
    assert interpreters.first(tree, words("/opt/bin")) is None


def test_without_one_on_path_it_is_the_one_that_serve_names_in_its_first_line() -> None:
    tree = Paths(**OFFICIAL, **VENV, **{"bin/serve": b"#!/srv/it/bin/python -u\nimport x\n"})
    assert interpreters.first(tree, words("/bin")) == Interpreter(prefix="/srv/it", real="/usr/local/bin/python3.12")
    assert interpreters.first(tree, words("/bin", "/srv/it/bin/python", "x.py")) == Interpreter(
        prefix="/srv/it", real="/usr/local/bin/python3.12"
    )


@pytest.mark.parametrize(
    "told",
    [
        words("/srv/it/bin:/usr/bin"),
        words("/usr/bin", "/srv/it/bin/gunicorn"),
        words("/usr/bin", VIRTUAL_ENV="/srv/it"),
        words("/usr/bin", START="exec /srv/it/bin/python x.py"),
        words("/usr/bin", made_by=("/bin/sh -c python3 -m venv /srv/it && /srv/it/bin/pip install x",)),
        words("/usr/bin", made_by=("COPY --from=build /srv/it /srv/it # buildkit",)),
        words("/usr/bin", "sh", "-c", ". /srv/it/bin/activate && x"),
        Words(environment={"PATH": "/usr/bin"}, start=(), working_dir="/srv/it"),
    ],
    ids=["path", "entrypoint", "variable", "mentioned", "run", "copy", "shell", "nowhere"],
)
def test_an_environment_is_found_by_whatever_the_image_says_of_it(told: Words, request: pytest.FixtureRequest) -> None:
    tree = Paths(**DEBIAN, **VENV)
    found = interpreters.prefixes(tree, told, interpreters.first(tree, told))
    assert found == (("/usr",) if request.node.callspec.id == "nowhere" else found)
    assert ("/srv/it" in found) is (request.node.callspec.id != "nowhere")


def test_the_usual_places_are_looked_at_unasked() -> None:
    assert interpreters.prefixes(Paths(**DEBIAN, **CONDA), words(), None) == ("/usr", "/opt/conda")


def test_the_folders_of_a_prefix() -> None:
    assert list(interpreters.sites(Paths(**DEBIAN), "/usr")) == [
        ("/usr/lib/python3.11/site-packages", "3.11"),
        ("/usr/lib/python3.11/dist-packages", "3.11"),
        ("/usr/lib/python3/dist-packages", ""),
    ]
    rpms = Paths(**{"usr/lib64/python3.9/os.py": b""})
    assert ("/usr/lib64/python3.9/site-packages", "3.9") in list(interpreters.sites(rpms, "/usr"))
    linked = Paths(**DEBIAN, **{"usr/lib64": "lib"})
    assert not [place for place, _ in interpreters.sites(linked, "/usr") if "lib64" in place]


def test_folders_of_packages_alone() -> None:
    told = words(
        "/bin",
        made_by=(
            "RUN pip install -r x --target=/opt/deps && pip3 install -t /opt/more y",
            "RUN tar -t /no && rm -t /none",
        ),
        PYTHONPATH="/app:relative::/",
    )
    assert interpreters.targets(told) == ("/app", "/opt/deps", "/opt/more")


@pytest.mark.parametrize(
    ("files", "path", "packages", "environment", "version"),
    [
        ({**CONDA}, "/opt/conda/bin", {"conda": "3.10.14"}, {}, "3.10.14"),
        ({**DEBIAN}, "/usr/bin", {"system": "3.11.2"}, {}, "3.11.2"),
        ({**DEBIAN}, "/usr/bin", {"system": "3.9.2"}, {}, "3.11"),
        ({**OFFICIAL}, "/usr/local/bin", {"system": "3.12.1"}, {"PYTHON_VERSION": "3.12.4"}, "3.12.4"),
        ({**OFFICIAL, "usr/local/include/python3.12/patchlevel.h": b'#define PY_VERSION "3.12.5"\n'}, "/usr/local/bin", {},
         {"PYTHON_VERSION": "3.12.4"}, "3.12.5"),
        ({**OFFICIAL, **VENV}, "/srv/it/bin", {}, {}, "3.12.4"),
        ({"usr/bin/python3": b"\x7fELF"}, "/usr/bin", {"system": "3.11.2"}, {}, "3.11.2"),
        ({"usr/bin/python3": b"\x7fELF"}, "/usr/bin", {}, {}, "3.8"),
        ({"bin/python3": "python3.11", "bin/python3.11": b""}, "/bin", {"system": "3.11.2"}, {}, "3.11.2"),
    ],
    ids=["conda", "system", "another", "official", "header", "venv", "unnamed", "library", "bin"],
)  # fmt: skip
def test_the_version_is_as_exact_as_the_image_tells_it(
    files: dict[str, bytes | str], path: str, packages: dict[str, str], environment: dict[str, str], version: str
) -> None:
    tree = Paths(**files)
    python = interpreters.first(tree, words(path))
    assert python is not None
    minors = ("3.8",) if version == "3.8" else ()
    assert interpreters.version(tree, python, packages, environment, minors) == version


def test_hostile_words_are_looked_at_only_so_often() -> None:
    looked: list[str] = []

    class Counting(Paths):
        def find(self, path: str) -> Entry | None:
            looked.append(path)
            return super().find(path)

    many = tuple(f"RUN x /a{number}" for number in range(100_000))
    told = Words(
        environment={"PATH": ":".join(["\0", "relative", "/p"])}, start=("\0/x",), working_dir="//", made_by=many
    )
    assert interpreters.prefixes(Counting(), told, None) == ()
    assert len(looked) < 300
