"""Whatever a file holds: nothing raises, and no byte changes but for those of the tag."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sm_ci.image.reference import Reference
from sm_ci.spec.positions import Scalar, documents, walk
from sm_ci.upgrade.writing import Outside, Source, plan

CURRENT, NEW = Reference.parse("r.io/ml/churn:1.9"), Reference.parse("r.io/ml/churn:1.10")
NAMES = st.sampled_from(["sm-ci.yml", "values.yaml", "Dockerfile", "main.tf", "a.tfvars", "task.json"])
FRAGMENTS = [
    *(
        "r.io/ml/churn:1.9",
        "r.io/ml/churn",
        "1.9",
        '"1.9"',
        ":",
        "@sha256:",
        "\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "\ufeff",
        "ü",
        "🙂",
    ),
    *(
        '"',
        "'",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "=",
        "#",
        "//",
        "/*",
        "*/",
        "-",
        "- ",
        "&a ",
        "*a",
        "!x ",
        "|\n ",
        "---\n",
    ),
    *("${", "${TAG}", "$TAG", "${TAG:-1.9}", "${local.tag}", "${var.tag}", "%{", "$${", "<<EOF\n", "EOF\n", "~"),
    *("version: 1\n", "image: ", "variables: {TAG: 1.9}\n", "repository: ", "tag: ", "framework: ", "build: .\n"),
    *("FROM ", "ARG TAG=1.9\n", "ARG ", "RUN ", "COPY --from=", " AS x\n", "`", "# escape=`\n"),
    *("locals {\n", "tag = ", 'tag = "1.9"\n', 'variable "tag" {\n', "default = ", "image = "),
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
OUTSIDE = Outside(variables={}, environ={})


def after(name: str, content: bytes) -> bytes:
    made = plan([Source(path=name, file=Path(name), content=content)], CURRENT, NEW, OUTSIDE)
    return made.changes[0].content if made.changes else content


@given(NAMES, TEXTS)
def test_only_tags_change(name: str, text: str) -> None:
    """What is neither the tag nor a quote around it is as it was, and in its order."""
    before, now = text.encode(), after(name, text.encode())
    assert re.sub(rb'"?1\.(?:9|10)\b"?', b"<>", now) == re.sub(rb'"?1\.9\b"?', b"<>", before)


@given(NAMES, TEXTS)
def test_a_second_time_there_is_nothing_to_do(name: str, text: str) -> None:
    once = after(name, text.encode())
    assert after(name, once) == once


@given(NAMES, st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes(name: str, head: bytes, tail: bytes) -> None:
    content = head + b' "r.io/ml/churn:1.9" ' + tail
    now = after(name, content)
    assert now in {content, content.replace(b"r.io/ml/churn:1.9", b"r.io/ml/churn:1.10")}


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_a_scalar_stands_where_it_is_said_to(text: str) -> None:
    try:
        roots = documents(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - why it is no YAML
        return
    for node in (node for root in roots for node in walk(root)):
        if isinstance(node, Scalar):
            assert text[node.start : node.end] == node.source
            assert node.style in {"", "'", '"', "|", ">"}
            if node.style == "" and "\n" not in node.source and "\r" not in node.source:
                assert node.value == node.source
            if node.style in {"'", '"'}:
                assert text[node.start - 1] == text[node.end] == node.style
