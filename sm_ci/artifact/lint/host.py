"""What is known of the place where a model will be loaded. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sm_ci import contract
from sm_ci.errors import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What hosts the model.

    `official`: the image is AWS's own, so that nothing in it sets variables that the spec does not. `environment` has
    the image's variables too where they are known. `shown` is the source as the user wrote it, `packed` whether it is an
    archive, `folder` its path from here when it is a local folder, `at` where the spec names it.
    """

    image: str = ""
    official: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = False
    shown: str = "model"
    packed: bool = False
    folder: str | None = None
    at: Location | None = None

    @property
    def repository(self) -> str:
        """The last part of the image's name."""
        return self.image.partition("@")[0].rpartition("/")[2].partition(":")[0]

    @property
    def tag(self) -> str:
        """The image's tag; empty without one."""
        return self.image.partition("@")[0].rpartition("/")[2].partition(":")[2]

    def says(self, *names: str) -> str:
        """The first of these variables that has a value."""
        return next((value for name in names if (value := self.environment.get(name, ""))), "")


class Family(StrEnum):
    """The serving stacks that the lint knows."""

    DJL = "DJL Serving"
    PYTORCH = "PyTorch"
    HUGGINGFACE = "Hugging Face"
    TENSORFLOW = "TensorFlow Serving"
    SKLEARN = "scikit-learn"
    XGBOOST = "XGBoost"
    TRITON = "Triton"
    MXNET = "MXNet"
    MMS = "Multi Model Server"
    TGI = "TGI"
    TEI = "TEI"
    VLLM = "vLLM"


TOOLKITS = frozenset({Family.PYTORCH, Family.HUGGINGFACE, Family.MXNET, Family.MMS, Family.SKLEARN, Family.XGBOOST})
"""Those whose handler is a module with model_fn and its like."""

_REPOSITORIES = {  # the names of sm_ci/image/deep_learning_containers.json
    "djl-inference": Family.DJL,
    "pytorch-inference": Family.PYTORCH,
    "pytorch-inference-arm64": Family.PYTORCH,
    "pytorch-inference-graviton": Family.PYTORCH,
    "pytorch-inference-neuronx": Family.PYTORCH,
    "sagemaker-pytorch": Family.PYTORCH,
    "stabilityai-pytorch-inference": Family.PYTORCH,
    "huggingface-pytorch-inference": Family.HUGGINGFACE,
    "huggingface-pytorch-inference-neuron": Family.HUGGINGFACE,
    "huggingface-pytorch-inference-neuronx": Family.HUGGINGFACE,
    "huggingface-tensorflow-inference": Family.HUGGINGFACE,
    "huggingface-pytorch-tgi-inference": Family.TGI,
    "tei": Family.TEI,
    "tei-cpu": Family.TEI,
    "tensorflow-inference": Family.TENSORFLOW,
    "tensorflow-inference-arm64": Family.TENSORFLOW,
    "tensorflow-inference-graviton": Family.TENSORFLOW,
    "tensorflow-inference-neuronx": Family.TENSORFLOW,
    "sagemaker-tensorflow-serving": Family.TENSORFLOW,
    "sagemaker-scikit-learn": Family.SKLEARN,
    "sagemaker-xgboost": Family.XGBOOST,
    "sagemaker-tritonserver": Family.TRITON,
    "mxnet-inference": Family.MXNET,
    "sagemaker-mxnet": Family.MXNET,
    "sagemaker-mxnet-serving": Family.MXNET,
    "vllm": Family.VLLM,
    "huggingface-vllm": Family.VLLM,
    "huggingface-vllm-omni": Family.VLLM,
    "huggingface-vllm-inference-neuronx": Family.VLLM,
}
_ANYBODYS = frozenset({"tei", "tei-cpu", "vllm"})
"""Names that other images have too; believed of AWS's own only."""
_LABEL = re.compile(r"com\.amazonaws\.ml\.engines\.sagemaker\.dlc\.framework\.([a-z]+)\.")
_LABELLED = {
    "djl": Family.DJL,
    "huggingface": Family.HUGGINGFACE,
    "tensorflow": Family.TENSORFLOW,
    "mxnet": Family.MXNET,
    "pytorch": Family.PYTORCH,
}
_MODULES = {  # by the start of SAGEMAKER_SERVING_MODULE, which AWS's Dockerfiles set
    "sagemaker_pytorch_serving_container": Family.PYTORCH,
    "sagemaker_huggingface_inference_toolkit": Family.HUGGINGFACE,
    "sagemaker_sklearn_container": Family.SKLEARN,
    "sagemaker_xgboost_container": Family.XGBOOST,
    "sagemaker_mxnet_serving_container": Family.MXNET,
}
_PYTHON = re.compile(r"(?:^|-)py([23])(\d*)(?=-|$)")


def by_image(host: Host) -> Family | None:
    """The family that the image says it is: by its name, its labels, or what its Dockerfile set."""
    found = _REPOSITORIES.get(host.repository)
    if found and (host.official or host.repository not in _ANYBODYS):
        return found
    names = {match[1] for key in host.labels if (match := _LABEL.match(key))}
    labelled = next((family for name, family in _LABELLED.items() if name in names), None)
    module = host.says("SAGEMAKER_SERVING_MODULE").partition(".")[0]
    return labelled or _MODULES.get(module)


def python_of(host: Host) -> tuple[int, int] | None:
    """The image's Python, as its tag says (`py310`); (2, 7) for Python 2, None when it is not known."""
    found = _PYTHON.search(host.tag)
    if found is None or (found[1] == "3" and not found[2]):
        return None
    return (2, 7) if found[1] == "2" else (3, int(found[2]))


def below_model(path: str) -> str | None:
    """A path of the container as a name below the model's folder; None when it is elsewhere."""
    folder = contract.MODEL_DIRECTORY
    if path.rstrip("/") == folder:
        return ""
    return path.removeprefix(f"{folder}/").strip("/") if path.startswith(f"{folder}/") else None
