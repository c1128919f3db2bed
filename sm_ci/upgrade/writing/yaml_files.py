"""Images in YAML that is no spec of ours: whole words in its texts, and `repository:` with `tag:` beside it. Pure.

So Helm values, Kustomize, Compose, CloudFormation, serverless and workflows have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sm_ci.spec.positions import Mapping, Scalar, documents, walk
from sm_ci.upgrade.writing.pieces import Text, expanded, in_file, literal
from sm_ci.upgrade.writing.reading import Found, Source, Span

_PAIRS = (("repository", "tag"), ("newName", "newTag"), ("name", "newTag"))
"""Keys beside each other that name an image together: of Helm charts, of Kustomize."""


def find(source: Source) -> Found:
    """The texts that may name images. ValueError: why it is no YAML."""
    found = Found()
    for root in documents(source.text):
        for node in walk(root):
            if isinstance(node, Scalar):
                found.texts += expanded(content(source, node), _nothing)
                found.plain += [Span(start=node.start, end=node.end)] if not node.style else []
            elif isinstance(node, Mapping):
                found.texts += _pairs(source, node)
    return found


def content(source: Source, scalar: Scalar) -> Text:
    """What stands between a scalar's quotes."""
    return in_file(source.path, scalar.start, scalar.source)


def _pairs(source: Source, mapping: Mapping) -> Iterator[Text]:
    pair = next((pair for pair in _PAIRS if all(isinstance(mapping.get(key), Scalar) for key in pair)), None)
    if pair is None:
        return
    before, behind = mapping.get("registry"), mapping.get("digest")
    parts = [literal(":").join(content(source, part) for part in map(mapping.get, pair) if isinstance(part, Scalar))]
    if isinstance(before, Scalar) and before.value:
        parts = [content(source, before), literal("/"), *parts]
    if isinstance(behind, Scalar) and behind.value:
        parts += [literal("@"), content(source, behind)]
    yield from expanded(literal("").join(parts), _nothing)


def _nothing(_: str) -> Sequence[Text]:
    return ()
