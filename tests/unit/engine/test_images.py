"""Which digest of an image is the one of the repository that was asked for."""

import pytest

from sm_ci.engine.images import digest_of

FIRST, SECOND = "sha256:" + "1" * 64, "sha256:" + "2" * 64
KNOWN = [f"127.0.0.1:5000/mirror/churn@{FIRST}", f"acme/churn@{SECOND}"]


@pytest.mark.parametrize(
    ("reference", "digest"),
    [
        ("acme/churn:1.9", SECOND),
        ("docker.io/acme/churn", SECOND),
        (f"acme/churn@{SECOND}", SECOND),
        ("127.0.0.1:5000/mirror/churn:2", FIRST),
        ("churn:local", FIRST),
        ("4d2f", FIRST),
        ("sha256:4d2f", FIRST),
    ],
)
def test_the_digest_in_the_repository_that_the_reference_names(reference: str, digest: str) -> None:
    assert digest_of(reference, KNOWN) == digest


def test_an_image_that_no_registry_has_seen() -> None:
    assert digest_of("churn:1", []) == ""
    assert digest_of("churn:1", ["<none>"]) == ""
