from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.errors import ImageMissing
from sm_ci.image.reference import EcrRegistry, Reference, ecr, public_ecr

A64 = "a" * 64
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "whole", "familiar"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"),
        ("ubuntu:24.04", "docker.io/library/ubuntu:24.04", "ubuntu:24.04"),
        ("docker.io/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"),
        ("index.docker.io/ann/churn:1", "docker.io/ann/churn:1", "ann/churn:1"),
        ("ann/churn", "docker.io/ann/churn:latest", "ann/churn:latest"),
        ("docker.io/foo.bar/baz", "docker.io/foo.bar/baz:latest", "docker.io/foo.bar/baz:latest"),
        ("localhost/churn", "localhost/churn:latest", "localhost/churn:latest"),
        ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
        ("localhost:5000/a/b:x", "localhost:5000/a/b:x", "localhost:5000/a/b:x"),
        ("127.0.0.1:5600/r", "127.0.0.1:5600/r:latest", "127.0.0.1:5600/r:latest"),
        ("[::1]:5000/r:1", "[::1]:5000/r:1", "[::1]:5000/r:1"),
        (f"[::1]/r@sha256:{A64}", f"[::1]/r@sha256:{A64}", f"[::1]/r@sha256:{A64}"),
        (f"ubuntu:1@sha256:{A64}", f"docker.io/library/ubuntu:1@sha256:{A64}", f"ubuntu:1@sha256:{A64}"),
        (f"a@sha512:{'0' * 128}", f"docker.io/library/a@sha512:{'0' * 128}", f"a@sha512:{'0' * 128}"),
        ("r.io/a__b/c-d.e_f---g:A_.-z", "r.io/a__b/c-d.e_f---g:A_.-z", "r.io/a__b/c-d.e_f---g:A_.-z"),
        (f"{ECR}/team/churn:1.9", f"{ECR}/team/churn:1.9", f"{ECR}/team/churn:1.9"),
    ],
)
def test_docker_reads_it_so(text: str, whole: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert (str(reference), reference.familiar) == (whole, familiar)
    assert Reference.parse(whole) == Reference.parse(familiar) == reference


TAGS = "A tag is up to 128 letters, digits, '_', '.' and '-', and begins with a letter, a digit or '_'."
DIGESTS = "A digest is sha256: and 64 of the characters 0-9a-f; docker prints it after a pull or push."
CONSOLE = "https://us-east-1.console.aws.amazon.com/ecr/repositories/private/123456789012/team/churn?region=us-east-1"


@pytest.mark.parametrize(
    ("text", "why", "remedy"),
    [
        ("", "it is empty", "Write registry/repository:tag."),
        (" ", "it is empty", "Write registry/repository:tag."),
        ("churn:1 .9", "it holds a space or a line break", "Write it in one word: churn:1.9"),
        ("churn:1\n", "it holds a space or a line break", "Write it in one word: churn:1"),
        (f"https://{ECR}/churn:1", "it begins with 'https://'", f"Write it without: {ECR}/churn:1"),
        ("docker://churn:1", "it begins with 'docker://'", "Write it without: churn:1"),
        (CONSOLE, "it is the address of a page of AWS's console", f"Write {ECR}/team/churn:TAG."),
        (
            "arn:aws:ecr:us-east-1:123456789012:repository/team/churn",
            "it is the ARN of an ECR repository",
            f"Write {ECR}/team/churn:TAG.",
        ),
        (
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/churn",
            "it is the ARN of an ECR repository",
            "Write 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/churn:TAG.",
        ),
        ("arn:aws:s3:::b", "it is an ARN", "Write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG."),
        (
            "Churn:1",
            "the repository's name holds capital letters, 'Churn'",
            "Registries know small letters only: write 'churn'.",
        ),
        ("churn:", "the tag after ':' is missing", "Write the tag, such as churn:1.0, or no ':'."),
        ("churn:.x", "'.x' is no tag: it begins with '.'", TAGS),
        ("churn:ü", "'ü' is no tag: it holds 'ü'", TAGS),
        (f"churn:{'x' * 129}", f"'{'x' * 30}…{'x' * 29}' is no tag: it has 129 characters", TAGS),
        ("churn@sha256", "the digest after '@' has no algorithm", DIGESTS),
        ("churn@md5:12", "'md5' is no digest's algorithm", DIGESTS),
        ("churn@sha256:12", "the digest has 2 characters after 'sha256:', where there are 64", DIGESTS),
        (f"churn@sha256:{'A' * 64}", "the digest holds other characters than 0-9a-f", DIGESTS),
        ("@sha256:12", "the name before '@' is missing", "Write registry/repository@sha256:…"),
        ("a@b@c", "it holds more than one '@'", "Write registry/repository@sha256:…"),
        (A64, "it is an image's id, which no registry knows", "Write the name, such as REPOSITORY@sha256:…"),
        (ECR, "it names a registry and no repository", f"Write {ECR}/REPOSITORY:TAG."),
        ("r.io/a/", "the repository's name ends with '/'", "Write registry/repository:tag."),
        ("r.io/a//b", "the repository's name is missing or has '//' in it", "Write registry/repository:tag."),
        (
            "r.io/a+b",
            "the repository's name holds '+'",
            "Use small letters, digits, and between them '.', '_', '__' or '-'.",
        ),
        (
            "r.io/-a",
            "the repository's name has '.', '_' or '-' in the wrong place, '-a'",
            "They stand between letters or digits, '.' alone, '_' at most twice.",
        ),
        ("r_x.io/a", "'r_x.io' is no registry's host name", "Write HOST/REPOSITORY:TAG or HOST:PORT/…"),
        (f"r.io/{'a' * 251}", "the name is longer than 255 characters", "Shorten the repository's name."),
    ],
)
def test_a_wrong_word_is_told_what_is_wrong(text: str, why: str, remedy: str) -> None:
    with pytest.raises(ImageMissing) as caught:
        Reference.parse(text)
    assert caught.value.message.endswith(f" is not an image reference: {why}")
    assert (caught.value.remedy, caught.value.kind) == (remedy, "image-reference")


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ImageMissing) as caught:
        Reference.parse("https://ann:hunter2@r.io/churn")
    assert str(caught.value) == (
        "'https://***@r.io/churn' is not an image reference: it begins with 'https://'\nWrite it without: r.io/churn"
    )


_words = st.text(alphabet="abzAZ019.-_:/@[] \n%é\u202e\x00", max_size=40)
_names = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["localhost/", "localhost:5000/", "r.io/", "A-b.io:65535/", "[::1]/", "docker.io/library/"]),
        st.lists(st.sampled_from(["a", "0", "a.b", "a_b", "a__b", "a---b", "x1"]), min_size=1, max_size=3).map(
            "/".join
        ),
        st.sampled_from(["", ":1", ":A_.-", ":_", f":{'x' * 128}"]),
        st.sampled_from(["", f"@sha256:{A64}", f"@sha512:{'0' * 128}"]),
    ),
)


@given(st.one_of(st.text(max_size=300), _words, _names))
def test_parse_raises_nothing_else_and_comes_back(text: str) -> None:
    with suppress(ImageMissing):
        reference = Reference.parse(text)
        assert Reference.parse(str(reference)) == Reference.parse(reference.familiar) == reference


@given(_names)
def test_what_the_grammar_allows_is_read(text: str) -> None:
    assert Reference.parse(text)


@pytest.mark.parametrize(
    ("host", "region", "suffix", "partition"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1", "amazonaws.com", "aws"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "amazonaws.com", "aws-us-gov"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "amazonaws.com.cn", "aws-cn"),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "c2s.ic.gov", "aws-iso"),
        ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", "sc2s.sgov.gov", "aws-iso-b"),
        ("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", "cloud.adc-e.uk", "aws-iso-e"),
        ("123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", "csp.hci.ic.gov", "aws-iso-f"),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "amazonaws.eu", "aws-eusc"),
        ("123456789012.dkr-ecr.us-west-2.on.aws", "us-west-2", "on.aws", "aws"),
        ("123456789012.dkr-ecr-fips.us-west-2.on.aws", "us-west-2", "on.aws", "aws"),
    ],
)
def test_ecr_of_every_partition(host: str, region: str, suffix: str, partition: str) -> None:
    found = ecr(Reference.parse(f"{host}/churn:1"))
    assert found == EcrRegistry(account="123456789012", region=region, suffix=suffix, host=host)
    assert found.partition == partition


@pytest.mark.parametrize(
    "text",
    [
        "ubuntu",
        "ghcr.io/a/b",
        "public.ecr.aws/a/b",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/a",
        "12345.dkr.ecr.us-east-1.amazonaws.com/a",
        "evil-123456789012.dkr.ecr.us-east-1.amazonaws.com/a",
        f"{ECR}:8443/a",
    ],
)
def test_not_ecr(text: str) -> None:
    assert ecr(Reference.parse(text)) is None


def test_the_public_gallery() -> None:
    assert public_ecr(Reference.parse("public.ecr.aws/deep-learning-containers/vllm:1"))
    assert not public_ecr(Reference.parse(f"{ECR}/a"))
