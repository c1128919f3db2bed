from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from sm_ci.errors import ImageMissing
from sm_ci.image import catalogue
from sm_ci.image.reference import Reference, ecr


@pytest.mark.parametrize(
    ("framework", "version", "region", "accelerator", "account", "rest"),
    [
        # https://aws.github.io/deep-learning-containers/reference/available_images/ (docs/src/data of 2026-08-21)
        ("djl-lmi", "0.36", "us-east-1", "", "763104351884", "djl-inference:0.36.0-lmi28.0.0-cu130"),
        ("djl-inference", "0.36", "us-east-1", "gpu", "763104351884", "djl-inference:0.36.0-lmi28.0.0-cu130"),
        ("djl-inference", "0.36", "us-east-1", "cpu", "763104351884", "djl-inference:0.36.0-cpu-full"),
        ("djl-tensorrtllm", "0.33", "eu-south-1", "", "692866216735", "djl-inference:0.33.0-tensorrtllm0.21.0-cu128"),
        (
            "huggingface-vllm",
            "0.25",
            "us-east-1",
            "",
            "763104351884",
            "huggingface-vllm:0.25.1-transformers5.10.2-gpu-py312-cu130-ubuntu22.04",
        ),
        (
            "huggingface-tei",
            "1.9",
            "us-west-2",
            "gpu",
            "246618743249",
            "tei:2.0.1-tei1.9.3-gpu-py310-cu129-ubuntu24.04",
        ),
        ("huggingface-tei", "1.9", "us-west-2", "", "246618743249", "tei-cpu:2.0.1-tei1.9.3-cpu-py310-ubuntu24.04"),
        ("vllm", "0.27", "us-east-1", "", "763104351884", "vllm:0.27.1-gpu-py312-cu130-ubuntu22.04-sagemaker"),
        ("sglang", "0.5.17", "us-east-1", "", "763104351884", "sglang:0.5.17-gpu-py312-cu130-ubuntu24.04-sagemaker"),
        ("vllm-server", "2.3", "us-east-1", "", "763104351884", "vllm:server-sagemaker-cuda-v2.3"),
        (
            "autogluon",
            "1.5",
            "us-east-1",
            "gpu",
            "763104351884",
            "autogluon-inference:1.5.0-gpu-py312-cu124-ubuntu22.04",
        ),
        (
            "pytorch",
            "2.9",
            "us-east-1",
            "neuronx",
            "763104351884",
            "pytorch-inference-neuronx:2.9.0-neuronx-py312-sdk2.31.1-ubuntu24.04",
        ),
        ("whisperx", "3.8.6", "us-east-1", "", "763104351884", "whisperx:3.8.6-cu128-amzn2023-sagemaker"),
        # https://github.com/aws/deep-learning-containers/releases/tag/v1.26-pt-sagemaker-1.13.1-inf-cpu-py39
        ("pytorch", "1.13", "us-west-2", "cpu", "763104351884", "pytorch-inference:1.13.1-cpu-py39"),
        # …/releases/tag/v1.0-hf-tgi-0.9.3-pt-2.0.1-inf-gpu-py39
        (
            "huggingface-llm",
            "0.9",
            "us-west-2",
            "",
            "763104351884",
            "huggingface-pytorch-tgi-inference:2.0.1-tgi0.9.3-gpu-py39-cu118-ubuntu20.04",
        ),
        # https://github.com/kace/deep-learning-containers/releases, "All tags" of TensorFlow 2.14.1
        ("tensorflow", "2.14", "us-west-2", "cpu", "763104351884", "tensorflow-inference:2.14.1-cpu"),
        # available_images.md of aws/deep-learning-containers at 0081995
        (
            "huggingface",
            "4.17",
            "us-east-1",
            "gpu",
            "763104351884",
            "huggingface-pytorch-inference:1.10.2-transformers4.17.0-gpu-py38-cu113-ubuntu20.04",
        ),
        (
            "huggingface-tensorflow",
            "4.17",
            "us-east-1",
            "cpu",
            "763104351884",
            "huggingface-tensorflow-inference:2.6.3-transformers4.17.0-cpu-py38-ubuntu20.04",
        ),
        # public code: aws-samples and others, each with this account
        ("sklearn", "1.2", "us-east-1", "", "683313688378", "sagemaker-scikit-learn:1.2-1-cpu-py3"),
        ("sklearn", "1.2-1", "eu-west-1", "", "141502667606", "sagemaker-scikit-learn:1.2-1-cpu-py3"),
        ("xgboost", "1.7", "us-east-1", "", "683313688378", "sagemaker-xgboost:1.7-1"),
        ("triton", "25.04", "us-west-2", "gpu", "763104351884", "sagemaker-tritonserver:25.04-py3"),
        ("sagemaker-tritonserver", "24.05", "eu-west-1", "cpu", "763104351884", "sagemaker-tritonserver:24.05-py3-cpu"),
        # partitions: region_availability.md of the same
        ("pytorch", "2.6", "cn-north-1", "gpu", "727897471807", "pytorch-inference:2.6.0-gpu-py312"),
        ("djl-lmi", "0.36.0", "us-gov-west-1", "", "442386744353", "djl-inference:0.36.0-lmi28.0.0-cu130"),
        (
            "pytorch",
            "2.6",
            "us-east-1",
            "arm64",
            "763104351884",
            "pytorch-inference-arm64:2.6.0-cpu-py312-ubuntu22.04-sagemaker",
        ),
    ],
)
def test_known_addresses(framework: str, version: str, region: str, accelerator: str, account: str, rest: str) -> None:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    expected = f"{account}.dkr.ecr.{region}.{suffix}/{rest}"
    assert str(catalogue.find(framework, version, region=region, accelerator=accelerator)) == expected


def test_a_full_tag_where_a_system_is_asked_for() -> None:
    found = catalogue.find("pytorch", "2.6", region="us-east-1", accelerator="gpu", os="ubuntu22.04")
    assert found.tag == "2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker"


@pytest.mark.parametrize("python", ["py36", "3.6", "36"])
def test_a_python_is_one_whatever_its_spelling(python: str) -> None:
    found = catalogue.find("pytorch", "1.8", region="us-east-1", accelerator="cpu", python=python)
    assert found.tag == "1.8.1-cpu-py36"


def test_a_version_is_no_prefix_of_digits() -> None:
    assert catalogue.find("pytorch", "1.1", region="us-east-1", accelerator="cpu").tag.startswith("1.1.0-")


def test_an_exact_version_comes_before_what_begins_with_it() -> None:
    assert catalogue.find("vllm-server", "2", region="us-east-1").tag == "server-sagemaker-cuda-v2"
    assert catalogue.find("xgboost", "1", region="us-east-1").tag == "1"


def test_without_a_version_the_newest() -> None:
    newest, *older = catalogue.choose("djl-lmi", region="us-east-1")
    assert newest.version == "0.38.0"
    assert [one.tag for one in older][-1] == "0.28.0-lmi10.0.0-cu124"


@pytest.mark.parametrize(
    ("framework", "version", "region", "choice", "message", "remedy", "kind"),
    [
        (
            "djl-lm",
            "",
            "us-east-1",
            {},
            "'djl-lm' is no container of AWS that this version of sm-ci knows",
            "Did you mean 'djl-lmi' or 'djl' or 'vllm'?",
            "framework-unknown",
        ),
        (
            "\x1b[31m",
            "",
            "us-east-1",
            {},
            r"'\x1b[31m' is no container of AWS that this version of sm-ci knows",
            "See: sm-ci image --list",
            "framework-unknown",
        ),
        ("triton", "9", "us-east-1", {}, "triton has no version '9'", None, "version-unknown"),
        ("autogluon", "1.55", "us-east-1", {}, "autogluon has no version '1.55'", None, "version-unknown"),
        (
            "djl-lmi",
            "0.36",
            "us-east-1",
            {"accelerator": "cpu"},
            "djl-lmi in that version is not there for the accelerator 'cpu'",
            "There is gpu.",
            "accelerator-unknown",
        ),
        (
            "pytorch",
            "2.6",
            "us-east-1",
            {"python": "3.9"},
            "pytorch in that version is not there for the Python 'py39'",
            "There is py310, py312.",
            "python-unknown",
        ),
        (
            "djl-lmi",
            "0.36",
            "us-est-1",
            {},
            "djl-lmi in that version is not in the region 'us-est-1'",
            "Did you mean 'us-west-1' or 'us-east-1' or 'us-west-2'?",
            "region-unknown",
        ),
        (
            "djl-lmi",
            "0.36",
            "",
            {},
            "the image of djl-lmi needs a region",
            "Give region, or AWS_REGION.",
            "region-unknown",
        ),
    ],
)
def test_unknown_words(
    framework: str, version: str, region: str, choice: dict[str, str], message: str, remedy: str | None, kind: str
) -> None:
    with pytest.raises(ImageMissing) as caught:
        catalogue.find(framework, version, region=region, **choice)
    assert (caught.value.message, caught.value.kind) == (message, kind)
    if remedy:
        assert caught.value.remedy == remedy


def test_an_unknown_version_lists_the_newest() -> None:
    with pytest.raises(ImageMissing) as caught:
        catalogue.find("djl-lmi", "0.99", region="us-east-1")
    assert caught.value.remedy == (
        "There are 0.38.0, 0.36.0, 0.35.0, 0.34.0, 0.33.0, 0.32.0, 0.31.0, 0.30.0, 0.29.0, 0.28.0."
    )


def test_the_end_of_patches_is_told() -> None:
    found = next(
        one
        for one in catalogue.choose("pytorch", "2.6", region="us-east-1", accelerator="gpu")
        if one.patched_until is not None
    )
    assert found.finding(date(2026, 6, 30)) is None
    finding = found.finding(date(2026, 11, 22))
    assert finding is not None
    assert finding.message == ("AWS has not patched pytorch-inference:2.6.0-gpu-py312 since 2026-06-30")


def test_every_row_has_an_address_in_every_region_of_its_own() -> None:
    for name in catalogue.frameworks():
        for one in catalogue.choose(name, region="us-east-1"):
            for region in one.accounts:
                reference = one.reference(region)
                assert Reference.parse(str(reference)) == reference
                place = ecr(reference)
                assert place is not None
                assert (place.region, place.account) == (region, one.accounts[region])
            assert one.accelerator in catalogue.ACCELERATORS


def test_amazons_accounts() -> None:
    assert {"763104351884", "683313688378"} <= catalogue.amazons()


def test_the_table_is_small() -> None:
    assert len(resources.files("sm_ci.image").joinpath("deep_learning_containers.json").read_bytes()) < 150_000
