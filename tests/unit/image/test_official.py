"""Which images are AWS's own."""

import pytest

from sm_ci.image.official import official


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312", True),
        ("public.ecr.aws/deep-learning-containers/vllm:server-sagemaker-cuda-v2.6", True),
        ("111122223333.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312", False),
        ("public.ecr.aws/docker/library/python:3.12", False),
        ("pytorch-inference", False),
        ("not an image", False),
        ("", False),
    ],
)
def test_an_image_is_awss_own_by_its_account_and_not_by_its_name(name: str, *, own: bool) -> None:
    assert official(name) is own
