from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.image import manifest as kinds
from sm_ci.image.manifest import Child, Malformed, children, configured, document, image, pick
from sm_ci.image.platform import Platform

DIGEST = f"sha256:{'a' * 64}"
LAYER = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "digest": DIGEST, "size": 5}
PLAIN: dict[str, Any] = {
    "schemaVersion": 2,
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": DIGEST, "size": 3},
    "layers": [LAYER],
}


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("header", "own", "known"),
    [
        (kinds.DOCKER_MANIFEST, "", kinds.DOCKER_MANIFEST),
        (f"{kinds.OCI_MANIFEST}; charset=utf-8", "", kinds.OCI_MANIFEST),
        ("application/json", kinds.DOCKER_MANIFEST, kinds.DOCKER_MANIFEST),
        ("application/json", "", kinds.OCI_MANIFEST),
        ("", "", kinds.OCI_MANIFEST),
        ("", "application/vnd.odd", "application/vnd.odd"),
    ],
)
def test_media_type_of_header_or_body_or_keys(header: str, own: str, known: str) -> None:
    assert document(raw({**PLAIN, **({"mediaType": own} if own else {})}), header).media_type == known


def test_types_by_their_keys() -> None:
    assert document(raw({"manifests": []}), "text/plain").media_type == kinds.OCI_INDEX
    assert document(raw({"schemaVersion": 1}), "text/plain").media_type == kinds.SCHEMA1
    assert document(raw({}), "text/plain").media_type == "text/plain"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[1]", "it is not a JSON object"),
        (raw({**PLAIN, "config": 1}), "it has no config"),
        (raw({**PLAIN, "layers": None}), "its 'layers' is not a list of objects"),
        (raw({**PLAIN, "layers": [1]}), "its 'layers' is not a list of objects"),
        (raw({**PLAIN, "layers": [{**LAYER, "digest": "sha256:../../x"}]}), "an entry has no digest"),
        (raw({**PLAIN, "layers": [{**LAYER, "size": -1}]}), "an entry has no size"),
        (raw({**PLAIN, "layers": [{**LAYER, "size": True}]}), "an entry has no size"),
    ],
)
def test_malformed(body: bytes, why: str) -> None:
    with pytest.raises(Malformed) as caught:
        image(document(body, kinds.DOCKER_MANIFEST))
    assert str(caught.value) == why


def test_what_the_config_adds() -> None:
    config = {
        "os": "linux",
        "architecture": "arm64",
        "variant": "v8",
        "created": "2026-01-02T03:04:05Z",
        "config": {"Labels": {"a": "b"}},
        "rootfs": {"diff_ids": ["sha256:d"]},
    }
    found = configured(image(document(raw(PLAIN), kinds.DOCKER_MANIFEST)), raw(config))
    assert str(found.platform) == "linux/arm64"
    assert found.labels == (("a", "b"),)
    assert found.created == "2026-01-02T03:04:05Z"
    assert [layer.diff_id for layer in found.layers] == ["sha256:d"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "config",
                    "layers",
                    "manifests",
                    "platform",
                    "os",
                    "architecture",
                    "digest",
                    "size",
                    "rootfs",
                    "diff_ids",
                    "Labels",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_json, _json)
def test_odd_json_is_malformed_and_nothing_else(body: Any, config: Any) -> None:
    with suppress(Malformed):
        children(document(raw(body), kinds.DOCKER_MANIFEST).body)
    with suppress(Malformed):
        image(document(raw(body), kinds.DOCKER_MANIFEST))
    with suppress(Malformed):
        configured(image(document(raw(PLAIN), kinds.DOCKER_MANIFEST)), raw(config))


def child(
    platform: str | None, media_type: str = kinds.OCI_MANIFEST, number: int = 1, attestation: bool = False
) -> Child:
    return Child(
        media_type=media_type,
        digest=f"sha256:{number:064x}",
        size=1,
        platform=Platform.parse(platform) if platform else None,
        attestation=attestation,
    )


@pytest.mark.parametrize(
    ("entries", "wanted", "at"),
    [
        ([child("linux/arm64"), child("linux/amd64")], "linux/amd64", 1),
        ([child("linux/amd64/v3"), child("linux/amd64")], "linux/amd64", 1),
        ([child("linux/amd64/v3")], "linux/amd64", None),
        ([child("linux/arm64/v8")], "linux/aarch64", 0),
        ([child("linux/arm/v6"), child("linux/arm/v7")], "linux/arm/v7", 1),
        ([child("windows/amd64")], "linux/amd64", None),
        ([child(None)], "linux/amd64", 0),
        ([child(None), child(None)], "linux/amd64", None),
        ([child("linux/amd64", kinds.OCI_INDEX)], "linux/amd64", None),
        ([child("linux/amd64", attestation=True)], "linux/amd64", None),
        ([], "linux/amd64", None),
    ],
)
def test_the_child_for_a_platform(entries: list[Child], wanted: str, at: int | None) -> None:
    assert pick(entries, Platform.parse(wanted)) == (None if at is None else entries[at])


def test_attestations_are_known_by_annotation_and_by_platform() -> None:
    entry = {"mediaType": kinds.OCI_MANIFEST, "digest": DIGEST, "size": 1}
    unknown = {**entry, "platform": {"os": "unknown", "architecture": "unknown"}}
    noted = {**entry, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    assert [one.attestation for one in children({"manifests": [entry, unknown, noted]})] == [False, True, True]
