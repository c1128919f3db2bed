"""The files that a family cannot do without, and where it looks for them. Pure.

Sources: default_pytorch_inference_handler.py of aws/sagemaker-pytorch-inference-toolkit; tfs_utils.py of
aws/sagemaker-tensorflow-serving-container; mms_model_server.py of aws/sagemaker-huggingface-inference-toolkit; serving.py of
aws/sagemaker-xgboost-container; the entry points of TGI, TEI and vLLM.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from sm_ci.artifact.lint.definitions import definitions
from sm_ci.artifact.lint.handlers import CODE, INFERENCE, code_folder, program
from sm_ci.artifact.lint.host import Family, below_model
from sm_ci.artifact.lint.source import Trouble, parse
from sm_ci.artifact.lint.view import NOTICE, WARNING, Place, View, listed, name
from sm_ci.errors import Finding

_WEIGHTS = re.compile(
    r"(?:^|/)(?:.+\.(?:safetensors|gguf|onnx|msgpack|h5|neuron|ot|pt|pth)|(?:pytorch_model|model|adapter_model).*\.bin|model\.ckpt.*)$"
)
_PARTS = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_OFFLINE_IDS = ("HF_MODEL_ID", "SM_VLLM_MODEL")
_NO_MODELS = (".py", ".txt", ".md", ".sh", ".yml", ".yaml", ".ipynb", ".csv")


def check(view: View) -> Iterator[Finding]:
    """What is missing, or not where it is looked for."""
    yield from _misplaced(view)
    yield from _program(view)
    rules: dict[Family, Callable[[View], Iterator[Finding]]] = {
        Family.PYTORCH: _pytorch,
        Family.HUGGINGFACE: _hugging_face,
        Family.TENSORFLOW: _tensorflow,
        Family.XGBOOST: _xgboost,
        Family.MXNET: _mxnet,
        Family.TGI: _hub_server,
        Family.TEI: _hub_server,
        Family.VLLM: _vllm,
    }
    if view.family in rules and view.certain:
        yield from rules[view.family](view)
    yield from _parts(view)


def _misplaced(view: View) -> Iterator[Finding]:
    """inference.py at the top, where only those look who are told to."""
    readers = {Family.PYTORCH, Family.HUGGINGFACE, Family.TENSORFLOW, Family.MXNET, Family.MMS}
    folder = code_folder(view)
    wanted = posixpath.join(folder or CODE, INFERENCE)
    if view.family not in readers or not view.told or folder == "" or view.tree.has(wanted) or view.tree.unseen:
        return
    if view.tree.has(INFERENCE) and not view.tree.has("MAR-INF/MANIFEST.json"):
        message = f"is not read: {view.family} looks for {CODE}/{INFERENCE}"
        yield view.finding("handler-misplaced", WARNING, message, f"move it to {CODE}/", at=Place(file=INFERENCE))


def _program(view: View) -> Iterator[Finding]:
    """SAGEMAKER_PROGRAM, and for script mode that it is given."""
    given, folder = view.host.says("SAGEMAKER_PROGRAM"), code_folder(view)
    if not view.certain or folder is None or view.family is Family.TENSORFLOW:
        return
    file = posixpath.join(folder, program(view))
    toolkits = {Family.PYTORCH, Family.HUGGINGFACE, Family.MXNET, Family.SKLEARN, Family.XGBOOST}
    if given and view.family in toolkits and not view.tree.has(file):
        message = f"SAGEMAKER_PROGRAM is {name(given)}, and the model {view.host.shown} has no {name(file)}"
        yield view.finding("handler-missing", view.refusal, message)
    elif not given and view.family is Family.SKLEARN:
        message = "SAGEMAKER_PROGRAM is not set, and the scikit-learn container needs the name of a module"
        remedy = "write environment: {SAGEMAKER_PROGRAM: inference.py, SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}"
        yield view.finding("handler-missing", view.refusal, message, remedy)
    script = {Family.SKLEARN, Family.XGBOOST}
    if given and view.family in script and view.tree.has(file) and not view.host.says("SAGEMAKER_SUBMIT_DIRECTORY"):
        message = f"SAGEMAKER_SUBMIT_DIRECTORY is not set, and the default is /opt/ml/code: {name(file)} is not found"
        remedy = "write environment: {SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}"
        yield view.finding("handler-missing", WARNING, message, remedy)


def _loads_itself(view: View) -> bool:
    """Whether the user's module has, or may have, a model_fn; also when it cannot be read, or is elsewhere."""
    folder = code_folder(view)
    if folder is None:
        return True
    source = view.tree.text(posixpath.join(folder, program(view)))
    if source is None:
        return False
    parsed = parse(source, view.python)
    return parsed is None or isinstance(parsed, Trouble) or definitions(parsed).may_define("model_fn")


def _pytorch(view: View) -> Iterator[Finding]:
    tops = [entry.name for entry in view.tree.within("") if view.tree.has(entry.name)]
    weights = [one for one in tops if one.endswith((".pt", ".pth"))]
    archives = any(one.endswith(".mar") for one in tops) or view.tree.has("MAR-INF/MANIFEST.json")
    if len(weights) == 1 or "model.pt" in weights or archives or _loads_itself(view):
        return
    found = f"it holds {listed(weights)}" if weights else "it holds none"
    message = f"without a model_fn exactly one .pt or .pth file is needed at the top of {view.host.shown}: {found}"
    yield view.finding("model-file", view.refusal, message, f"pack it, or write model_fn in {CODE}/{INFERENCE}")


def _hugging_face(view: View) -> Iterator[Finding]:
    given = view.host.says("HF_MODEL_ID")
    if given and below_model(given) is None:
        yield from _downloads(view, given)
        weights = [entry.name for entry in view.tree.within("") if _WEIGHTS.search(entry.name)]
        if weights:
            message = f"HF_MODEL_ID is {name(given)}, so that {listed(weights)} in the model is not used"
            yield view.finding("model-ignored", NOTICE, message, "leave HF_MODEL_ID out to use the model's own")
    elif not _loads_itself(view):
        if not view.host.says("HF_TASK") and not view.tree.has("config.json"):
            message = f"the model {view.host.shown} has no config.json at its top, and HF_TASK is not set"
            remedy = "pack the model's folder as save_pretrained writes it"
            yield view.finding("model-file", view.refusal, message, remedy)
        elif not any(_WEIGHTS.search(entry.name) for entry in view.tree.within("")):
            message = f"the model {view.host.shown} has no weights at its top, such as model.safetensors"
            yield view.finding("model-file", view.refusal, message, "pack them, or write model_fn")


def _tensorflow(view: View) -> Iterator[Finding]:
    found = [entry.name for entry in view.tree.files() if entry.base == "saved_model.pb"]
    if view.host.says("SAGEMAKER_MULTI_MODEL") or any(
        one.split("/")[-2:-1][0:1] and one.split("/")[-2].isdecimal() for one in found
    ):
        return
    if found:
        message = "is not in a folder with a number, and TensorFlow Serving loads versions"
        yield view.finding("saved-model", view.refusal, message, "pack it as 1/saved_model.pb", at=Place(file=found[0]))
        return
    message = f"the model {view.host.shown} has no saved_model.pb"
    yield view.finding(
        "saved-model", view.refusal, message, "pack NAME/1/saved_model.pb, as tf.saved_model.save writes it"
    )


def _xgboost(view: View) -> Iterator[Finding]:
    """Without a module every file of the model's top is loaded as a model."""
    if view.host.says("SAGEMAKER_PROGRAM"):
        return
    tops = [entry for entry in view.tree.within("") if not entry.name.startswith(".")]
    files = [entry.name for entry in tops if view.tree.has(entry.name)]
    odd = [one for one in files if one.endswith(_NO_MODELS)]
    if not files:
        message = f"the model {view.host.shown} has no file at its top, and XGBoost loads those"
        yield view.finding("model-file", view.refusal, message, "pack xgboost-model at the top")
    elif odd:
        message = f"without SAGEMAKER_PROGRAM every file at the top is loaded as a model, {listed(odd)} too"
        yield view.finding("model-file", WARNING, message, "leave it out, or move it to a folder")


def _mxnet(view: View) -> Iterator[Finding]:
    wanted = ("model-symbol.json", "model-0000.params")
    missing = [one for one in wanted if not view.tree.has(one)]
    if missing and not _loads_itself(view):
        message = f"the model {view.host.shown} has no {listed(missing)}, which MXNet's default model_fn loads"
        yield view.finding("model-file", view.refusal, message, f"pack them, or write model_fn in {CODE}/{INFERENCE}")


def _hub_server(view: View) -> Iterator[Finding]:
    given = view.host.says("HF_MODEL_ID")
    folder = below_model(given) if given else None
    if not given:
        message = f"HF_MODEL_ID is not set, and {view.family} does not start without it"
        remedy = "write environment: {HF_MODEL_ID: /opt/ml/model} for the model that is packed"
        yield view.finding("model-id", view.refusal, message, remedy)
    elif folder is None:
        yield from _downloads(view, given)
    elif not view.tree.has(posixpath.join(folder, "config.json")):
        message = f"HF_MODEL_ID is {name(given)}, and the model {view.host.shown} has no config.json there"
        yield view.finding("model-file", view.refusal, message, "pack the model's folder as save_pretrained writes it")


def _vllm(view: View) -> Iterator[Finding]:
    given = view.host.says("SM_VLLM_MODEL", "HF_MODEL_ID")
    known = ("config.json", "params.json")
    if any(map(view.tree.has, known)) or any(entry.base.endswith(".gguf") for entry in view.tree.files()):
        return
    if given and below_model(given) is None:
        yield from _downloads(view, given)
    elif not given or below_model(given) == "":
        message = f"the model {view.host.shown} has no config.json at its top"
        yield view.finding("model-file", view.refusal, message, "pack the model's folder as save_pretrained writes it")


def _downloads(view: View, given: str) -> Iterator[Finding]:
    if view.host.isolated and not given.startswith("/"):
        message = f"{name(given)} is downloaded at the start, and network_isolation allows no network"
        yield view.finding("needs-network", WARNING, message, "pack the model itself")


def _parts(view: View) -> Iterator[Finding]:
    """Weights in several files: that each is there which the index names."""
    for index in (entry for entry in view.tree.files() if entry.base in _PARTS):
        folder = posixpath.dirname(index.name)
        named = _named(view.tree.text(index.name))
        missing = sorted(one for one in named if not view.tree.has(posixpath.join(folder, one)))
        if missing and not view.tree.unseen and len(missing) < len(named):
            message = f"names {listed(missing)}, which the model does not hold"
            yield view.finding("model-file", WARNING, message, "pack all parts", at=Place(file=index.name))


def _named(text: bytes | None) -> set[str]:
    try:
        index: Any = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return set()
    weights = index.get("weight_map") if isinstance(index, dict) else None
    return {one for one in weights.values() if isinstance(one, str)} if isinstance(weights, dict) else set()
