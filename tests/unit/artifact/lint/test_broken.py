"""Models that do not work, or not for long: each finding as a user reads it, with its severity and its place."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sm_ci.artifact.lint import RULES, Budget, Entry, Host, Kind, Tree, lint, lint_source
from sm_ci.artifact.lint.hygiene import LARGEST
from sm_ci.errors import Finding
from tests.unit.artifact.lint.conftest import AT, Check, write
from tests.unit.artifact.lint.test_working import (
    DJL,
    DJL_HANDLER,
    HUGGING_FACE,
    MODEL_FN,
    MXNET,
    OLD_PYTORCH,
    PYTORCH,
    SAVED_MODEL,
    SCRIPT,
    SKLEARN,
    TEI,
    TENSORFLOW,
    TF_PAIR,
    TGI,
    TRANSFORMERS,
    TRITON,
    TRITON_CONFIG,
    VLLM,
    XGBOOST,
)

SPEC = "sm-ci.yml:3:8"
PACKED: dict[str, str | bytes] = {"model.pt": b"x"}


@dataclass(frozen=True)
class Broken:
    """A model, and `SEVERITY RULE PLACE: MESSAGE; REMEDY` of each finding."""

    image: str
    files: Mapping[str, str | bytes]
    told: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = False
    official: bool = True


def djl(properties: str, *told: str, **files: str) -> Broken:
    return Broken(DJL, {"serving.properties": properties, "model.py": DJL_HANDLER, **files}, told)


def requirements(text: str, *told: str, isolated: bool = False) -> Broken:
    return Broken(PYTORCH, {**PACKED, "code/requirements.txt": text}, told, isolated=isolated)


CODE = "model/code/inference.py"
NEEDED = "model/code/requirements.txt"
PROPERTIES = "model/serving.properties"
SKLEARN_PICKLE = b"\x80\x04\x95\x10" + b"\x8c\x10_sklearn_version\x94\x8c\x05%s\x94sbh\x01numpy._core.multiarray."

BROKEN = {
    "the article's": Broken(
        "own:1",
        {
            "model.py": 'from djl_python import Input, Output\n\n\ndef handle(inputs: Input) -> Output:\n    print("=)\n',
            "serving.properties": "engine=Python\n",
            "requirements.txt": "transformers\n",
        },
        ("error handler-syntax model/model.py:5:11: SyntaxError: unterminated string literal (detected at line 5)",),
    ),
    "a colon": Broken(
        PYTORCH,
        {"code/inference.py": "def model_fn(model_dir)\n    return 1\n"},
        (f"error handler-syntax {CODE}:1:24: SyntaxError: expected ':'",),
    ),
    "a print of Python 2": Broken(
        "own:1",
        {"code/inference.py": 'def model_fn(d):\n    print "x"\n'},
        (
            f"error handler-syntax {CODE}:2:5: SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?",
        ),
    ),
    "tabs and blanks": Broken(
        PYTORCH,
        {"code/inference.py": "def model_fn(d):\n\tx = 1\n        return x\n"},
        (f"error handler-syntax {CODE}:3:1: SyntaxError: inconsistent use of tabs and spaces in indentation",),
    ),
    "newer than the image's Python": Broken(
        OLD_PYTORCH,
        {"code/inference.py": "def model_fn(d):\n    if (x := d): return x\n"},
        (
            (
                f"error handler-syntax {CODE}:2:15: SyntaxError: Assignment expressions are only supported in Python 3.8 "
                "and greater, for the image's Python 3.6"
            ),
        ),
    ),
    "a module that is imported": Broken(
        PYTORCH,
        {
            "code/inference.py": "import json\nfrom own.net import Net\ndef model_fn(d): return Net()\n",
            "code/own/__init__.py": "",
            "code/own/net.py": "import own.layers\n",
            "code/own/layers.py": "class Net\n    pass\n",
        },
        ("error handler-syntax model/code/own/layers.py:1:10: SyntaxError: expected ':'",),
    ),
    "a file that nothing tells to be loaded": Broken(
        "own:1",
        {"predictor.py": "x = (\n"},
        ("warning handler-syntax model/predictor.py:1:5: SyntaxError: '(' was never closed",),
    ),
    "bytes that are no UTF-8": Broken(
        PYTORCH,
        {"code/inference.py": b"NAME = 'Z\xfcrich'\n"},
        (
            (
                f"error handler-syntax {CODE}:1:16: SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xfc in "
                "position 1: invalid start byte"
            ),
        ),
    ),
    "vllm's own script": Broken(
        VLLM,
        {**TRANSFORMERS, "model.py": "async def custom_sagemaker_ping_handler(:\n"},
        ("warning handler-syntax model/model.py:1:41: SyntaxError: invalid syntax",),
    ),
    "no arguments": Broken(
        PYTORCH,
        {"code/inference.py": "import os\n\ndef model_fn():\n    return 1\n"},
        (
            f"error function-arguments {CODE}:3:1: model_fn takes no arguments, and it is called with 1, or with 2 and the context",
        ),
    ),
    "too many arguments": Broken(
        HUGGING_FACE,
        {**TRANSFORMERS, "code/inference.py": "def predict_fn(data, model, tokenizer, top): return 1\n"},
        (
            (
                f"error function-arguments {CODE}:1:1: predict_fn takes 4 arguments, and it is called with 2, or with 3 and "
                "the context"
            ),
        ),
    ),
    "an argument by name": Broken(
        HUGGING_FACE,
        {**TRANSFORMERS, "code/inference.py": "def predict_fn(data, model, *, top): return 1\n"},
        (
            (
                f"error function-arguments {CODE}:1:1: predict_fn takes top by its name, and it is called with 2, or with 3 "
                "and the context"
            ),
        ),
    ),
    "more than newer toolkits take": Broken(
        PYTORCH,
        {"code/inference.py": "def model_fn(model_dir, *args, **kwargs): return 1\n"},
        (f"notice function-arguments {CODE}:1:1: model_fn lists 3 arguments, and newer toolkits take 1 or 2 only",),
    ),
    "async": Broken(
        PYTORCH,
        {"code/inference.py": "async def model_fn(d): return 1\n"},
        (f"warning function-async {CODE}:1:1: model_fn is async, and PyTorch does not await it; write def",),
    ),
    "async, of an image of one's own": Broken(
        "own:1",
        {"code/inference.py": "async def model_fn(d): return 1\n"},
        (f"notice function-async {CODE}:1:1: model_fn is async, and Multi Model Server does not await it; write def",),
    ),
    "transform_fn and predict_fn": Broken(
        PYTORCH,
        {
            "code/inference.py": "def model_fn(d): return 1\ndef predict_fn(a, b): ...\ndef transform_fn(m, d, c, a): ...\n",
        },
        (
            (
                f"error handler-mixed {CODE}:3:1: defines transform_fn together with predict_fn, and the toolkit refuses both at "
                "once; keep transform_fn, or the others"
            ),
        ),
    ),
    "transform_fn and predict_fn, of an image of one's own": Broken(
        "own:1",
        {
            "code/inference.py": "def input_fn(d, c): return 1\ndef predict_fn(a, b): ...\ndef transform_fn(m, d, c, a): ...\n"
        },
        (
            (
                f"warning handler-mixed {CODE}:3:1: defines transform_fn together with input_fn and predict_fn, and the toolkit "
                "refuses both at once; keep transform_fn, or the others"
            ),
        ),
    ),
    "handler and input_handler": Broken(
        TENSORFLOW,
        {**SAVED_MODEL, "code/inference.py": f"{TF_PAIR}\ndef handler(data, context): ...\n"},
        (
            (
                f"warning handler-mixed {CODE}:7:1: defines handler, so that input_handler and output_handler are never called; "
                "keep handler, or the other two"
            ),
        ),
    ),
    "half a pair": Broken(
        TENSORFLOW,
        {**SAVED_MODEL, "code/inference.py": "def input_handler(data, context): ...\n"},
        (f"error function-missing {CODE}:1:1: has neither handler nor both of input_handler and output_handler",),
    ),
    "no model_fn": Broken(
        SKLEARN,
        {"model.joblib": b"x", "code/inference.py": "def predict_fn(data, model): return 1\n"},
        (
            (
                f"error function-missing {CODE}:1:1: has no function model_fn, and scikit-learn has no other way to load the "
                "model; write def model_fn(model_dir): …"
            ),
        ),
        SCRIPT,
    ),
    "a typing error": Broken(
        PYTORCH,
        {"code/inference.py": f"{MODEL_FN}\ndef ouput_fn(prediction, accept): ...\n"},
        (
            f"warning function-missing {CODE}:7:1: ouput_fn is no function that the toolkit calls; did you mean output_fn?",
        ),
    ),
    "no handle": Broken(
        DJL,
        {"model.py": "def predict(inputs): ...\n", "serving.properties": "engine=Python\n"},
        (
            (
                "warning function-missing model/model.py:1:1: has no function handle, which DJL Serving calls for each request; "
                "write def handle(inputs): …"
            ),
        ),
    ),
    "handle with two arguments": Broken(
        "own:1",
        {"model.py": "def handle(data, context): ...\n", "serving.properties": "engine=Python\n"},
        ("error function-arguments model/model.py:1:1: handle takes 2 arguments, and it is called with 1",),
    ),
    "triton's class": Broken(
        TRITON,
        {"own/config.pbtxt": 'backend: "python"\n', "own/1/model.py": "class Model: ...\n"},
        (
            (
                "error function-missing model/own/1/model.py:1:1: has no class TritonPythonModel, which Triton's Python backend "
                "loads"
            ),
        ),
    ),
    "inference.py at the top": Broken(
        PYTORCH,
        {**PACKED, "inference.py": MODEL_FN},
        (
            "warning handler-misplaced model/inference.py:1:1: is not read: PyTorch looks for code/inference.py; move it to code/",
        ),
    ),
    "a program that is not there": Broken(
        PYTORCH,
        {**PACKED, "code/inference.py": MODEL_FN},
        (f"error handler-missing {SPEC}: SAGEMAKER_PROGRAM is serve.py, and the model ./model has no code/serve.py",),
        {"SAGEMAKER_PROGRAM": "serve.py"},
    ),
    "a program that is not there, of an image under another name": Broken(
        "registry.example.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        {"code/inference.py": MODEL_FN},
        (f"warning handler-missing {SPEC}: SAGEMAKER_PROGRAM is serve.py, and the model ./model has no code/serve.py",),
        {"SAGEMAKER_PROGRAM": "serve.py"},
        official=False,
    ),
    "no program": Broken(
        SKLEARN,
        {"code/inference.py": MODEL_FN},
        (
            (
                f"error handler-missing {SPEC}: SAGEMAKER_PROGRAM is not set, and the scikit-learn container needs the name of a "
                "module; write environment: {SAGEMAKER_PROGRAM: inference.py, SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}"
            ),
        ),
    ),
    "no submit directory": Broken(
        XGBOOST,
        {"code/inference.py": MODEL_FN},
        (
            (
                f"warning handler-missing {SPEC}: SAGEMAKER_SUBMIT_DIRECTORY is not set, and the default is /opt/ml/code: "
                "code/inference.py is not found; write environment: {SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}"
            ),
        ),
        {"SAGEMAKER_PROGRAM": "inference.py"},
    ),
    "an entry point that is not there": djl(
        "engine=Python\noption.entryPoint=own.py\n",
        f"error handler-missing {PROPERTIES}:2:1: option.entryPoint is own.py, which is not in the model; pack it",
    ),
    "djl, nothing to load": Broken(
        DJL,
        {"README.md": "x"},
        (
            (
                f"error handler-missing {SPEC}: the model ./model has neither serving.properties nor a file that tells its engine; "
                "put serving.properties or model.py at its top"
            ),
        ),
    ),
    "djl, no module": Broken(
        DJL,
        {"serving.properties": "engine=Python\nbatch_size=2\n"},
        (
            (
                f"warning handler-missing {PROPERTIES}:1:1: engine is Python, and there is neither model.py nor option.model_id "
                "nor option.entryPoint"
            ),
        ),
    ),
    "an engine": djl(
        "engine=python\n",
        f"warning serving-properties {PROPERTIES}:1:1: engine is 'python', and DJL Serving has no such engine; "
        "did you mean Python?",
    ),
    "a comment behind a value": djl(
        "engine=Python\n\n  job_queue_size = 10 # ten\n",
        f"warning serving-properties {PROPERTIES}:3:3: job_queue_size is '10 # ten', and must be a whole number; "
        "write comments on lines of their own",
    ),
    "degrees and booleans": djl(
        "option.tensor_parallel_degree=all\noption.parallel_loading=yes\n",
        f"warning serving-properties {PROPERTIES}:1:1: option.tensor_parallel_degree is 'all', and must be a whole number or max",
        f"warning serving-properties {PROPERTIES}:2:1: option.parallel_loading is 'yes', and must be true or false",
    ),
    "keys": djl(
        "engnie=Python\nmodel_id=a/b\noption.entrypoint=model.py\noption.tensor_paralel_degree=1\n",
        f"warning serving-properties {PROPERTIES}:1:1: engnie is not a key that DJL Serving knows; did you mean engine?",
        f"warning serving-properties {PROPERTIES}:2:1: model_id has no effect without the prefix; write option.model_id",
        f"warning serving-properties {PROPERTIES}:3:1: option.entrypoint is not a key that DJL Serving knows; "
        "did you mean option.entryPoint?",
        f"warning serving-properties {PROPERTIES}:4:1: option.tensor_paralel_degree is not a key that DJL Serving knows; "
        "did you mean option.tensor_parallel_degree?",
    ),
    "a model_id that is not there": djl(
        "engine=Python\noption.model_id=/opt/ml/model/llama\n",
        f"warning model-file {PROPERTIES}:2:1: option.model_id is /opt/ml/model/llama, which is not in the model",
    ),
    "a model_id to download, isolated": Broken(
        DJL,
        {"serving.properties": "engine=Python\noption.model_id=org/model\n"},
        (
            (
                f"warning needs-network {PROPERTIES}:2:1: option.model_id is org/model, which is downloaded, and "
                "network_isolation allows no network; pack the model itself"
            ),
        ),
        isolated=True,
    ),
    "requirements, one sign": requirements(
        "numpy\nscikit-learn=1.2\n",
        f"error requirements-line {NEEDED}:2:1: 'scikit-learn=1.2' is no requirement; write scikit-learn==1.2",
    ),
    "requirements, a merge": requirements(
        "<<<<<<< HEAD\nnumpy\n",
        f"error requirements-line {NEEDED}:1:1: '<<<<<<< HEAD' is no requirement; pip would stop here",
    ),
    "requirements, a version of old": requirements(
        "  pandas>=1.0.*\n",
        f"warning requirements-line {NEEDED}:1:3: 'pandas>=1.0.*' has a version that newer releases of pip refuse; "
        "write one as PEP 440 has it",
    ),
    "requirements, files": requirements(
        "-r base.txt\n-e .\n/opt/ml/model/code/own.whl\n",
        f"error requirements-path {NEEDED}:1:1: names the file base.txt, which is not there; pip would stop here",
        f"warning requirements-path {NEEDED}:2:1: installs . as editable, which writes into its folder, and the model is "
        "read-only; leave out -e",
        f"warning requirements-path {NEEDED}:3:1: names /opt/ml/model/code/own.whl, which is not in the model; "
        "pack it, or install it in the image",
    ),
    "requirements, indexes": requirements(
        "--index-url=https://user:secret@pypi.example.com/simple\n--extra-index-url https://${U}:${P}@b.example.com\n",
        f"warning secret-file {NEEDED}:1:1: holds a password for pypi.example.com, which everybody has who has the model; "
        "write ${NAME}, which pip replaces",
        f"notice requirements-index {NEEDED}:2:1: packages come from b.example.com, which the endpoint must reach when it starts",
    ),
    "requirements, isolated": requirements(
        "\n# two\nnumpy\npandas[all]>=1\n./own.whl\n",
        f"warning requirements-path {NEEDED}:5:1: names ./own.whl, which is not in the model; pack it, or install it in the image",
        f"notice requirements-network {NEEDED}:3:1: needs a network at the start unless the image has them already, and "
        "network_isolation allows none: numpy, pandas; install them in the image, or pack wheels and write --no-index",
        isolated=True,
    ),
    "requirements at the top": Broken(
        PYTORCH,
        {**PACKED, "requirements.txt": "numpy\n"},
        (
            (
                "warning requirements-misplaced model/requirements.txt:1:1: is not read: PyTorch installs code/requirements.txt; "
                "move it to code/"
            ),
        ),
    ),
    "pytorch, no weights": Broken(
        PYTORCH,
        {"a.pth": b"x", "b.pt": b"x"},
        (
            (
                f"error model-file {SPEC}: without a model_fn exactly one .pt or .pth file is needed at the top of ./model: "
                "it holds a.pth, b.pt; pack it, or write model_fn in code/inference.py"
            ),
        ),
    ),
    "hugging face, no configuration": Broken(
        HUGGING_FACE,
        {"model.safetensors": b"x"},
        (
            (
                f"error model-file {SPEC}: the model ./model has no config.json at its top, and HF_TASK is not set; "
                "pack the model's folder as save_pretrained writes it"
            ),
        ),
    ),
    "hugging face, no weights": Broken(
        HUGGING_FACE,
        {"config.json": "{}"},
        (
            (
                f"error model-file {SPEC}: the model ./model has no weights at its top, such as model.safetensors; "
                "pack them, or write model_fn"
            ),
        ),
    ),
    "hugging face, a part": Broken(
        HUGGING_FACE,
        {
            "config.json": "{}",
            "model-1.safetensors": b"x",
            "model.safetensors.index.json": '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}',
        },
        (
            (
                "warning model-file model/model.safetensors.index.json:1:1: names model-2.safetensors, which the model does not "
                "hold; pack all parts"
            ),
        ),
    ),
    "hugging face, both": Broken(
        HUGGING_FACE,
        TRANSFORMERS,
        (
            (
                f"warning needs-network {SPEC}: org/model is downloaded at the start, and network_isolation allows no network; "
                "pack the model itself"
            ),
            (
                f"notice model-ignored {SPEC}: HF_MODEL_ID is org/model, so that model.safetensors in the model is not used; "
                "leave HF_MODEL_ID out to use the model's own"
            ),
        ),
        {"HF_MODEL_ID": "org/model"},
        isolated=True,
    ),
    "tensorflow, no version": Broken(
        TENSORFLOW,
        {"export/saved_model.pb": b"x"},
        (
            (
                "error saved-model model/export/saved_model.pb:1:1: is not in a folder with a number, and TensorFlow Serving loads "
                "versions; pack it as 1/saved_model.pb"
            ),
        ),
    ),
    "tensorflow, nothing": Broken(
        "registry.example.com/tensorflow-inference:2.19.0-cpu",
        {"model.h5": b"x"},
        (
            (
                f"warning saved-model {SPEC}: the model ./model has no saved_model.pb; pack NAME/1/saved_model.pb, as "
                "tf.saved_model.save writes it"
            ),
        ),
        official=False,
    ),
    "xgboost, nothing": Broken(
        XGBOOST,
        {"deep/xgboost-model": b"x"},
        (
            (
                f"error model-file {SPEC}: the model ./model has no file at its top, and XGBoost loads those; "
                "pack xgboost-model at the top"
            ),
        ),
    ),
    "xgboost, more than models": Broken(
        XGBOOST,
        {"xgboost-model": b"x", "notes.txt": "x"},
        (
            (
                f"warning model-file {SPEC}: without SAGEMAKER_PROGRAM every file at the top is loaded as a model, notes.txt too; "
                "leave it out, or move it to a folder"
            ),
        ),
    ),
    "mxnet": Broken(
        MXNET,
        {"model-symbol.json": "{}"},
        (
            (
                f"error model-file {SPEC}: the model ./model has no model-0000.params, which MXNet's default model_fn loads; "
                "pack them, or write model_fn in code/inference.py"
            ),
        ),
    ),
    "tgi": Broken(
        TGI,
        TRANSFORMERS,
        (
            (
                f"error model-id {SPEC}: HF_MODEL_ID is not set, and TGI does not start without it; "
                "write environment: {HF_MODEL_ID: /opt/ml/model} for the model that is packed"
            ),
        ),
    ),
    "tgi, under another name": Broken(
        "registry.example.com/huggingface-pytorch-tgi-inference:1",
        TRANSFORMERS,
        (
            (
                f"warning model-id {SPEC}: HF_MODEL_ID is not set, and TGI does not start without it; "
                "write environment: {HF_MODEL_ID: /opt/ml/model} for the model that is packed"
            ),
        ),
        official=False,
    ),
    "tei": Broken(
        TEI,
        {"a/config.json": "{}", "b/config.json": "{}"},
        (
            (
                f"error model-file {SPEC}: HF_MODEL_ID is /opt/ml/model, and the model ./model has no config.json there; "
                "pack the model's folder as save_pretrained writes it"
            ),
        ),
        {"HF_MODEL_ID": "/opt/ml/model"},
    ),
    "vllm": Broken(
        VLLM,
        {"tokenizer.json": "{}"},
        (
            (
                f"error model-file {SPEC}: the model ./model has no config.json at its top; "
                "pack the model's folder as save_pretrained writes it"
            ),
        ),
    ),
    "triton, a configuration at the top": Broken(
        TRITON,
        {"config.pbtxt": TRITON_CONFIG, "1/model.onnx": b"x"},
        (
            (
                "error triton-layout model/config.pbtxt:1:1: stands at the top, and Triton wants a folder around each model: "
                "NAME/config.pbtxt, NAME/1/…; pack the folder too"
            ),
        ),
    ),
    "triton, nothing": Broken(
        TRITON,
        {"model.onnx": b"x"},
        (
            (
                f"error triton-layout {SPEC}: the model ./model holds no folder, and Triton wants one for each model; "
                "pack NAME/config.pbtxt and NAME/1/…"
            ),
        ),
    ),
    "triton, two": Broken(
        TRITON,
        {"a/1/model.onnx": b"x", "b/1/model.onnx": b"x"},
        (
            (
                f"error triton-layout {SPEC}: the model ./model holds several folders, a, b, and Triton takes one; "
                "name it in environment: SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"
            ),
        ),
    ),
    "triton, a default that is not there": Broken(
        TRITON,
        {"a/1/model.onnx": b"x"},
        (
            (
                f"error triton-layout {SPEC}: SAGEMAKER_TRITON_DEFAULT_MODEL_NAME is b, and the model ./model has no folder of "
                "that name; there is a"
            ),
        ),
        {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "b"},
    ),
    "triton, a configuration that does not end": Broken(
        "own:1",
        {"a/config.pbtxt": 'name: "a"\ninput [\n  { name: "x }\n]\n', "a/1/model.onnx": b"x"},
        ("error triton-config model/a/config.pbtxt:3:11: cannot be read: a text that does not end",),
    ),
    "triton, names": Broken(
        "own:1",
        {"a/config.pbtxt": 'name: "b"\nplatform: "onnxruntime_onx"\nmax_batchsize: 8\n', "a/1/model.onnx": b"x"},
        (
            (
                "error triton-config model/a/config.pbtxt:1:1: name is 'b', and the folder is 'a': Triton refuses that; "
                'write name: "a", or leave it out'
            ),
            (
                "warning triton-config model/a/config.pbtxt:3:1: max_batchsize is not a field of a model's configuration; "
                "did you mean max_batch_size?"
            ),
            (
                "warning triton-config model/a/config.pbtxt:2:1: 'onnxruntime_onx' is not a platform that Triton knows; "
                "did you mean onnxruntime_onnx?"
            ),
        ),
    ),
    "triton, versions": Broken(
        "own:1",
        {"a/config.pbtxt": 'platform: "tensorrt_plan"\n', "b/config.pbtxt": 'backend: "python"\n', "b/1/own.py": ""},
        (
            (
                "warning triton-layout model/a/config.pbtxt:1:1: has no numbered folder beside it, and Triton loads a version; "
                "pack a/1/"
            ),
            "warning model-file model/b/config.pbtxt:1:1: wants model.py in each version, and b/1/ has none",
        ),
    ),
    "pickles of a newer scikit-learn": Broken(
        SKLEARN,
        {
            "model.joblib": SKLEARN_PICKLE.replace(b"%s", b"1.5.2"),
            "old.pkl": SKLEARN_PICKLE.replace(b"%s", b"1.0.2").partition(b"sbh")[0],
            "code/inference.py": MODEL_FN,
        },
        (
            (
                "warning pickle-version model/model.joblib:1:1: was saved by scikit-learn 1.5.2, and the image has 1.2; "
                "save it with the image's version"
            ),
            (
                "warning pickle-version model/model.joblib:1:1: was saved by NumPy 2, and the image has NumPy 1; "
                "save it with the image's versions"
            ),
            "notice pickle-version model/old.pkl:1:1: was saved by scikit-learn 1.0.2, and the image has 1.2",
        ),
        SCRIPT,
    ),
    "pickles of a newer protocol": Broken(
        OLD_PYTORCH,
        {**PACKED, "a.pkl": pickle.dumps({}, 5), "b.pkl": pickle.dumps({}, 2)},
        (
            (
                "warning pickle-version model/a.pkl:1:1: is a pickle of protocol 5, which Python 3.8 reads first; "
                "the image has 3.6; save it with protocol=3"
            ),
        ),
    ),
    "what only one's own machine needs": Broken(
        "own:1",
        {"._model.pt": b"x", ".DS_Store": b"x", "code/.ipynb_checkpoints/x.py": "x", "model.pt": b"x"},
        (
            (
                f"notice junk-files {SPEC}: the model ./model holds what only your own machine needs, .DS_Store, ._model.pt, "
                "code/.ipynb_checkpoints; leave it out: COPYFILE_DISABLE=1 tar --exclude .DS_Store --exclude .ipynb_checkpoints"
            ),
        ),
    ),
    "the same, for triton": Broken(
        "own:1",
        {"__MACOSX/a": b"x", "a/config.pbtxt": "", "a/1/model.onnx": b"x"},
        (
            (
                f"warning junk-files {SPEC}: the model ./model holds what only your own machine needs, __MACOSX, and Triton takes "
                "each folder for a model; leave it out: COPYFILE_DISABLE=1 tar --exclude .DS_Store --exclude .ipynb_checkpoints"
            ),
        ),
    ),
    "credentials": Broken(
        "own:1",
        {".env": "A=1", "home/.aws/credentials": "x"},
        (
            (
                "warning secret-file model/.env:1:1: looks like a file with credentials, which everybody has who has the model; "
                "leave it out"
            ),
            (
                "warning secret-file model/home/.aws/credentials:1:1: looks like a file with credentials, which everybody has who "
                "has the model; leave it out"
            ),
        ),
    ),
    "windows": Broken(
        "own:1",
        {"setup.sh": "#!/bin/sh\r\necho\r\n"},
        (
            (
                "warning script-crlf model/setup.sh:1:1: has Windows line ends, so that its first line names a program that is not "
                "there; save it with LF"
            ),
        ),
    ),
    "a folder around everything": Broken(
        "own:1",
        {"iris/code/inference.py": "x(", "iris/model.joblib": b"x"},
        (
            (
                f'warning model-wrapped {SPEC}: the folder ./model holds nothing but "iris/": in the container it is '
                "/opt/ml/model/iris/, and its code is not found; name the inner folder: model/iris"
            ),
        ),
    ),
    "a folder around all weights": Broken(
        PYTORCH,
        {"net/model.pth": b"x", "__MACOSX/net/._model.pth": b"x"},
        (
            (
                f'warning model-wrapped {SPEC}: the folder ./model holds nothing but "net/": in the container it is '
                "/opt/ml/model/net/, and its files are not found; name the inner folder: model/net"
            ),
            (
                f"notice junk-files {SPEC}: the model ./model holds what only your own machine needs, __MACOSX, "
                "__MACOSX/net/._model.pth; leave it out: COPYFILE_DISABLE=1 tar --exclude .DS_Store --exclude .ipynb_checkpoints"
            ),
        ),
    ),
}


def lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{finding.severity} {finding.rule} {finding}" for finding in findings]


@pytest.mark.parametrize("title", BROKEN)
def test_what_is_wrong_with_a_model(check: Check, title: str) -> None:
    model = BROKEN[title]
    found = check(
        model.files,
        model.image,
        environment=model.environment,
        isolated=model.isolated,
        official=model.official and model.image != "own:1",
    )
    assert sorted(lines(found)) == sorted(model.told)


def links(folder: Path) -> None:
    write(folder, {"a.bin": b"x", "deep/b.bin": b"x"})
    (folder / "good").symlink_to("deep/b.bin")
    (folder / "nowhere").symlink_to("deep/c.bin")
    (folder / "out").symlink_to("../../etc/passwd")
    (folder / "absolute").symlink_to("/etc")
    (folder / "round").symlink_to("round")
    os.mkfifo(folder / "pipe")
    (folder / "a.bin").chmod(0o600)


LINKS = [
    "notice file-mode model/a.bin:1:1: only its owner may read a.bin: an image that does not run as root cannot; chmod -R a+rX",
    "notice model-link sm-ci.yml:3:8: good, round are links; pack with tar -h: SageMaker refuses archives with links",
    (
        "warning model-link model/absolute:1:1: is a link to /etc, which leads out of the model: the container finds nothing; "
        "put the file itself there"
    ),
    (
        "warning model-link model/nowhere:1:1: is a link to deep/c.bin, which is not there: the container finds nothing; "
        "put the file itself there"
    ),
    (
        "warning model-link model/out:1:1: is a link to ../../etc/passwd, which leads out of the model: the container finds "
        "nothing; put the file itself there"
    ),
    "warning model-link model/pipe:1:1: is neither a file nor a folder; leave it out",
]


def test_links_pipes_and_modes_of_a_folder(tmp_path: Path) -> None:
    links(tmp_path / "model")
    host = Host(folder="model", shown="./model", at=AT)
    assert sorted(lines(lint_source(tmp_path / "model", host))) == LINKS


def test_a_handler_behind_a_link_is_read_and_one_that_leads_out_is_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "model", {"code/own.py": "x = (\n"})
    (folder / "code/inference.py").symlink_to("own.py")
    (tmp_path / "secret.py").write_text("y = [\n")
    (folder / "predictor.py").symlink_to("../secret.py")
    told = lines(lint_source(folder, Host(folder="model", shown="./model", at=AT)))
    assert [line for line in told if "SyntaxError" in line] == [
        "error handler-syntax model/code/inference.py:1:5: SyntaxError: '(' was never closed"
    ]


Member = tuple[str, bytes | None, str]
"""A name, its content, and where a link leads."""


def packed(file: Path, *members: Member) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, content, link in members:
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, link
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return file


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 12345\n"
ARCHIVES: dict[str, tuple[list[Member], list[str]]] = {
    "a handler": (
        [("./code/inference.py", b'def model_fn(d):\n    print("=)\n', "")],
        [
            (
                "error handler-syntax sm-ci.yml:3:8: model.tar.gz!code/inference.py:2:11: SyntaxError: unterminated string literal "
                "(detected at line 2)"
            )
        ],
    ),
    "links": (
        [("a", b"x", ""), ("b", None, "a"), ("c", None, "/etc/passwd")],
        [
            (
                "error model-link sm-ci.yml:3:8: model.tar.gz!b: holds a link, b -> a, and 1 more: SageMaker refuses archives with "
                "links; pack the files themselves: tar -czhf model.tar.gz -C MODEL_FOLDER ."
            )
        ],
    ),
    "twice": (
        [("a", b"x", ""), ("./a", b"y", "")],
        ["warning duplicate-name sm-ci.yml:3:8: the archive holds a more than once; pack each file once"],
    ),
    "a pointer": (
        [("model.pth", POINTER, "")],
        [
            (
                "warning git-lfs sm-ci.yml:3:8: model.tar.gz!model.pth: is a Git LFS pointer and not the file itself; "
                "write lfs: true at actions/checkout, or run git lfs pull, and pack it again"
            )
        ],
    ),
    "a folder around everything": (
        [("iris/code/inference.py", b"", ""), ("iris/model.joblib", b"", "")],
        [
            (
                'warning model-wrapped sm-ci.yml:3:8: the archive model.tar.gz has one folder "iris/" around everything: in the '
                "container it is /opt/ml/model/iris/, and its code is not found; "
                "pack it from inside: tar -czf model.tar.gz -C iris ."
            )
        ],
    ),
    "a name that leaves": (
        [("../a", b"x", "")],
        [
            (
                "error model-archive sm-ci.yml:3:8: the model model.tar.gz holds a name that leaves the folder, ../a; SageMaker "
                "would say: Failed to extract model data archive; Pack from inside: tar -C MODEL_FOLDER ."
            )
        ],
    ),
}


@pytest.mark.parametrize("title", ARCHIVES)
def test_what_is_wrong_with_an_archive(tmp_path: Path, title: str) -> None:
    members, told = ARCHIVES[title]
    file = packed(tmp_path / "model.tar.gz", *members)
    assert lines(lint_source(file, Host(shown="model.tar.gz", packed=True, at=AT))) == told


def test_an_archive_that_is_none_or_cut_off(tmp_path: Path) -> None:
    file = packed(tmp_path / "model.tar.gz", ("a", os.urandom(50_000), ""))
    host = Host(shown="model.tar.gz", packed=True, at=AT)
    file.write_bytes(file.read_bytes()[:-20_000])
    assert lines(lint_source(file, host)) == [
        (
            "error model-archive sm-ci.yml:3:8: the model model.tar.gz is not a complete tar.gz archive (it was cut off: gzip's own "
            "end is missing); SageMaker would say: Failed to extract model data archive; Pack it again, and check it with: tar -tzf"
        )
    ]
    file.write_bytes(b"PK\x03\x04")
    assert lines(lint_source(file, host)) == [
        (
            "error model-archive sm-ci.yml:3:8: the model model.tar.gz is a zip file, not compressed with gzip; SageMaker would say: "
            "Failed to extract model data archive; Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER ."
        )
    ]
    file.write_bytes(POINTER)
    assert lines(lint_source(file, host)) == [
        (
            "error git-lfs sm-ci.yml:3:8: the model model.tar.gz is a Git LFS pointer, not the file that it stands for; "
            "Check out with 'lfs: true' (actions/checkout), or run: git lfs pull"
        )
    ]


def test_a_very_large_archive_is_read_up_to_the_budget_and_that_is_said(tmp_path: Path) -> None:
    """What is behind it may be there, so nothing is called missing."""
    file = packed(
        tmp_path / "model.tar.gz", ("code/a.py", b"", ""), ("weights.bin", bytes(2**21), ""), ("x.pth", b"", "")
    )
    host = Host(image=PYTORCH, official=True, shown="model.tar.gz", packed=True, at=AT)
    assert lines(lint_source(file, host, Budget(unpacked=2**20))) == [
        "notice not-looked-at sm-ci.yml:3:8: of the model model.tar.gz only its first 1 MiB were looked at"
    ]


def large() -> tuple[Finding, ...]:
    entry = Entry(name="weights.bin", kind=Kind.FILE, size=LARGEST + 1)
    return lint(Tree(entries={entry.name: entry}, reader=lambda _name, _limit: None), Host(shown="s3://b/m/", at=AT))


def test_a_model_larger_than_any_volume() -> None:
    assert lines(large()) == [
        "warning model-size sm-ci.yml:3:8: the model takes 512 GB, and an endpoint's volume has 512 GB at most"
    ]


def test_every_rule_and_severity_is_found_by_some_test_here() -> None:
    """And each that is found is in the table."""
    told = [
        *(line for model in BROKEN.values() for line in model.told),
        *(line for _, expected in ARCHIVES.values() for line in expected),
        *LINKS,
        *lines(large()),
        "notice not-looked-at",
        "error git-lfs",
    ]
    seen = {(line.split()[1], line.split()[0]) for line in told}
    assert seen == {(rule.name, str(severity)) for rule in RULES for severity in rule.severities}
