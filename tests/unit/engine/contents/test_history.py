"""Which entry of an image's history made which layer."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sm_ci.engine.contents import configured
from sm_ci.engine.contents.history import layers

Entry = dict[str, Any]
RUN = "/bin/sh -c pip install numpy"
ENV = "/bin/sh -c #(nop)  ENV A=b"
WORKDIR = "/bin/sh -c #(nop) WORKDIR /app"
COPY = "COPY /a /b # buildkit"


def told(digests: list[str], *entries: tuple[str, int]) -> list[tuple[str, int, str]]:
    """From the base up, which the engine tells the other way round."""
    history = [{"CreatedBy": words, "Size": size} for words, size in reversed(entries)]
    return [(layer.digest, layer.size, layer.made_by) for layer in layers(digests, history)]


def test_entries_that_only_set_something_made_none() -> None:
    assert told(["a", "b"], (COPY, 10), (ENV, 0), ('CMD ["x"]', 0), (RUN, 20)) == [
        ("a", 10, "COPY /a /b"),
        ("b", 20, "pip install numpy"),
    ]


def test_one_without_bytes_made_a_layer_where_there_is_one_for_it() -> None:
    assert told(["a", "b"], (COPY, 10), (WORKDIR, 0)) == [("a", 10, "COPY /a /b"), ("b", 0, "WORKDIR /app")]
    assert told(["a"], (COPY, 10), (WORKDIR, 0)) == [("a", 10, "COPY /a /b")]


def test_where_it_is_open_which_made_one_those_between_are_told_without_size() -> None:
    assert told(["a", "b", "c", "d"], (COPY, 10), (WORKDIR, 0), (RUN, 20), (WORKDIR, 0), (RUN, 30)) == [
        ("a", 10, "COPY /a /b"),
        ("b", 0, ""),
        ("c", 0, ""),
        ("d", 30, "pip install numpy"),
    ]


def test_a_history_that_is_not_whole_says_nothing() -> None:
    assert told(["a", "b"], (RUN, 20)) == [("a", 0, ""), ("b", 0, "")]
    assert told(["a", "b"]) == [("a", 0, ""), ("b", 0, "")]
    assert told(["a"], (RUN, 20), (RUN, 30)) == [("a", 0, "")]


@given(
    st.lists(st.text(max_size=3), max_size=6),
    st.lists(st.tuples(st.sampled_from([RUN, ENV, WORKDIR, COPY, ""]), st.integers(-1, 3)), max_size=8),
)
def test_every_layer_is_told_once_in_order(digests: list[str], entries: list[tuple[str, int]]) -> None:
    found = told(digests, *entries)
    assert [digest for digest, _, _ in found] == digests
    sizes = [size for _, size, _ in found if size]
    rest = iter([size for _, size in entries if size > 0])
    assert all(size in rest for size in sizes), "the sizes stand in the history's order"


def test_the_engines_document() -> None:
    facts = {
        "Size": 7,
        "RootFS": {"Layers": ["sha256:a"]},
        "Config": {
            "Env": ["PATH=/a", "A=b=c", "ALONE"],
            "Entrypoint": ["python", "x.py"],
            "Cmd": None,
            "Labels": {"z": "1", "a": "2"},
            "User": "model",
            "WorkingDir": "/app",
            "ExposedPorts": {"8080/tcp": {}, "443/tcp": {}},
        },
    }
    found = configured.contents(facts, [{"CreatedBy": COPY, "Size": 7}])
    assert found.environment == (("A", "b=c"), ("ALONE", ""), ("PATH", "/a"))
    assert (found.entrypoint, found.command) == (("python", "x.py"), ())
    assert found.labels == (("a", "2"), ("z", "1"))
    assert (found.user, found.working_dir, found.ports) == ("model", "/app", ("443/tcp", "8080/tcp"))
    assert configured.contents({}, []) == configured.contents({"Config": None, "RootFS": None}, [])
