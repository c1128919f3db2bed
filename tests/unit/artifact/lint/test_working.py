"""Models that work, in the styles that people write them: the lint finds no error and no warning in any of them."""

from __future__ import annotations

import io
import json
import pickle
import sys
import tarfile
import time
from pathlib import Path

import pytest

from sm_ci.artifact.lint import Host, lint_source
from sm_ci.errors import Finding, Severity
from tests.unit.artifact.lint.conftest import Check

DLC = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
PYTORCH = f"{DLC}/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
OLD_PYTORCH = f"{DLC}/pytorch-inference:1.8.1-cpu-py36-ubuntu18.04"
HUGGING_FACE = f"{DLC}/huggingface-pytorch-inference:2.6.0-transformers4.51.3-cpu-py312-ubuntu22.04"
TENSORFLOW = f"{DLC}/tensorflow-inference:2.19.0-cpu-py312-ubuntu22.04-sagemaker"
MXNET = f"{DLC}/mxnet-inference:1.9.0-cpu-py38-ubuntu20.04-sagemaker"
MXNET_2 = f"{DLC}/mxnet-inference:1.6.0-cpu-py27-ubuntu16.04"
DJL = f"{DLC}/djl-inference:0.36.0-lmi18.0.0-cu128"
VLLM = f"{DLC}/vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker"
TGI = f"{DLC}/huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
TEI = f"{DLC}/tei-cpu:2.0.1-tei1.9.3-cpu-py310-ubuntu24.04"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
TRITON = "785573368785.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:25.04-py3"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}

MODEL_FN = """import os
import torch

def model_fn(model_dir):
    return torch.jit.load(os.path.join(model_dir, "model.pth"))
"""
ALL_FOUR = """# -*- coding: utf-8 -*-
\"\"\"Inference für Zürich.\"\"\"
from __future__ import annotations
import json, logging, os
import numpy as np
import torch

logger = logging.getLogger(__name__)
JSON_CONTENT_TYPE = "application/json"
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)


def model_fn(model_dir: str, context=None) -> Net:
    model = Net()
    with open(os.path.join(model_dir, "model.pth"), "rb") as f:
        model.load_state_dict(torch.load(f, map_location=device))
    return model.to(device).eval()


def input_fn(request_body: bytes, request_content_type: str = JSON_CONTENT_TYPE):
    if request_content_type != JSON_CONTENT_TYPE:
        raise ValueError(f"Unsupported content type: {request_content_type!r}")
    return torch.tensor(json.loads(request_body)["inputs"], device=device)


@torch.no_grad()
def predict_fn(data, model: Net, context):
    return model(data).cpu().numpy()


def output_fn(prediction: np.ndarray, accept: str) -> tuple[str, str]:
    return json.dumps(prediction.tolist()), accept
"""
TRANSFORM = """import json
def model_fn(model_dir, ctx): return 1
def transform_fn(model, request_body, input_content_type, output_content_type):
    return json.dumps([model]), output_content_type
"""
ASSIGNED = """from functools import partial
import handlers
from loaders import load as model_fn
input_fn = handlers.read
predict_fn = partial(handlers.predict, top=3)
output_fn: object = lambda prediction, accept: str(prediction)
"""
CONDITIONAL = """import os
try:
    import ujson as json
except ImportError:
    import json
if os.environ.get("FAST"):
    def model_fn(model_dir):
        return "fast"
else:
    def model_fn(model_dir, context):
        return "slow"
try:
    from broken_accelerator import predict_fn
except Exception:
    def predict_fn(data, model):
        return data
"""
MATCH = """import json
def model_fn(model_dir):
    if (files := sorted(__import__("os").listdir(model_dir))):
        return files
def input_fn(body, content_type):
    match content_type:
        case "application/json" | "application/jsonlines":
            return json.loads(body)
        case str(x) if x.startswith("text/"):
            return body.decode()
        case _:
            raise ValueError(content_type)
def predict_fn(data, model, /):
    return [*model, *data]
def output_fn(prediction, *, accept=None, **rest) -> str: ...
"""
STAR = "from handlers import *\n"
SKLEARN_HANDLER = """import os, json
import joblib
import pandas as pd
from io import StringIO

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

def input_fn(input_data, content_type):
    if content_type == 'text/csv':
        return pd.read_csv(StringIO(input_data), header=None)
    raise ValueError("{} not supported by script!".format(content_type))

def predict_fn(input_data, model):
    return model.predict_proba(input_data)

if __name__ == "__main__":
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=10)
    args, _ = parser.parse_known_args()
"""
TF_HANDLER = """import json, requests

def handler(data, context):
    processed = _process_input(data, context)
    response = requests.post(context.rest_uri, data=processed)
    return _process_output(response, context)

def _process_input(data, context):
    return data.read().decode('utf-8')

def _process_output(data, context):
    if data.status_code != 200:
        raise ValueError(data.content.decode('utf-8'))
    return data.content, context.accept_header
"""
TF_PAIR = """def input_handler(data, context):
    return data.read()

def output_handler(response, context):
    return response.content, context.accept_header
"""
DJL_HANDLER = """#!/usr/bin/env python
from djl_python import Input, Output
from transformers import pipeline
from typing import Optional

class Service:
    def __init__(self):
        self.initialized = False
    def initialize(self, properties: dict):
        self.pipe = pipeline("text-classification", model=properties.get("model_id"))
        self.initialized = True
    def inference(self, inputs: Input) -> Output:
        return Output().add(f"=) {self.pipe(inputs.get_as_string())}")

_service = Service()

def handle(inputs: Input) -> Optional[Output]:
    if not _service.initialized:
        _service.initialize(inputs.get_properties())
    if inputs.is_empty():
        return None
    return _service.inference(inputs)
"""
DJL_ASYNC = """from djl_python.async_utils import handle_streaming_response
async def handle(inputs):
    return await service(inputs)
"""
DJL_FORMATTER = """from djl_python.output_formatter import TextGenerationOutput, output_formatter
@output_formatter
def custom_output_formatter(output: TextGenerationOutput) -> str:
    return ""
"""
PROPERTIES = """# comment
engine=Python
option.model_id=meta-llama/Llama-3.1-8B
option.tensor_parallel_degree = max
option.rolling_batch : vllm
option.max_model_len=8192
option.enable_prefix_caching=true
option.trust_remote_code=True
option.some_argument_of_the_next_release=1
my.own.property=7
minWorkers=1
max_idle_time 60
log_model_metric=true
"""
REQUIREMENTS = """# pinned
--extra-index-url https://download.pytorch.org/whl/cpu
torch==2.6.0+cpu ; python_version >= "3.8"
transformers[torch]>=4.40,<5
numpy~=1.26  # not 2
scikit-learn
sentence_transformers==2.*
git+https://github.com/huggingface/peft.git@v0.10.0
en_core_web_sm @ https://example.com/en_core_web_sm-3.7.0-py3-none-any.whl
pandas == 2.2.2 \\
    --hash=sha256:aaaa
./wheels/own-1.0-py3-none-any.whl
"""
WHEEL = "wheels/own-1.0-py3-none-any.whl"
TRITON_CONFIG = """# Triton
name: "resnet"
platform: "onnxruntime_onnx"
max_batch_size : 8
input [
  { name: "input", data_type: TYPE_FP32, dims: [ 3, 224, 224 ] }
]
output: [{
  name: "output"
  data_type: TYPE_FP32
  dims: [ -1, 1000 ]
  label_filename: "labels.txt"
}]
instance_group [ { count: 1 kind: KIND_CPU } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ]; max_queue_delay_microseconds: 100 }
parameters: { key: "EXECUTION_ENV_PATH" value: { string_value: "$$TRITON_MODEL_DIRECTORY/env.tar.gz" } }
version_policy: { latest { num_versions: 1 } }
"""
TRITON_PYTHON = """import triton_python_backend_utils as pb_utils
class TritonPythonModel:
    def initialize(self, args): ...
    def execute(self, requests):
        return [pb_utils.InferenceResponse([]) for _ in requests]
"""
ENSEMBLE = """name: "pipeline"
platform: "ensemble"
ensemble_scheduling { step [ { model_name: "resnet" model_version: -1 input_map { key: "a" value: "b" } } ] }
"""
OWN_SERVER = """from flask import Flask
app = Flask(__name__)
MODEL = None

def predict_fn(data):
    return MODEL.predict(data)

def output_fn(result, accept, status, headers):
    return result
"""
GENERIC = "class Box[T]:\n    pass\n\ntype Rows = list[int]\n\ndef model_fn(model_dir: str) -> Box[Rows]:\n    return f'{\"a\" + 'b'}'\n"
PYTHON_2 = "def model_fn(model_dir):\n    print 'loading', model_dir\n    exec 'x = 1'\n"
LATIN = "# -*- coding: latin-1 -*-\nNAME = 'Z\xfcrich'\ndef model_fn(model_dir): return NAME\n".encode("latin-1")
BOM = b"\xef\xbb\xbfdef model_fn(model_dir):\r\n    return r'\\d' + '\\d'\r\n"
LAZY = "def __getattr__(name):\n    import impl\n    return getattr(impl, name)\n"
INJECTED = "import sys, impl\nfor one in ('model_fn', 'predict_fn'):\n    globals()[one] = getattr(impl, one)\n"
CONTEXT_MANAGER = "import warnings\nwith warnings.catch_warnings():\n    def model_fn(model_dir): return 1\n"
WRAPPER = """import functools
def timed(f):
    @functools.wraps(f)
    def inner(*a): return f(*a)
    return inner
@timed
def model_fn(*args): return args
"""
PACKAGE = {
    "code/inference.py": "from mypkg import load as model_fn\nfrom mypkg.io import input_fn, output_fn\nimport json\n",
    "code/mypkg/__init__.py": "from .core import load\nfrom . import io\n",
    "code/mypkg/core.py": "def load(d): return d\n",
    "code/mypkg/io.py": "def input_fn(d, t): return d\ndef output_fn(p, a): return p\n",
    "code/unused_python2.py": "print 'never imported'\n",
    "code/json.py": "print 'hidden by the standard library'\n",
}
TRANSFORMERS: dict[str, str | bytes] = {"config.json": "{}", "model.safetensors": b"\0" * 2000, "tokenizer.json": "{}"}
SAVED_MODEL: dict[str, str | bytes] = {
    "half_plus_two/1/saved_model.pb": b"\x08\x01",
    "half_plus_two/1/variables/variables.index": b"\0",
}

WORKING: dict[str, tuple[str, dict[str, str | bytes], dict[str, str]]] = {
    "pytorch, a model_fn alone": (PYTORCH, {"model.pth": b"x", "code/inference.py": MODEL_FN}, {}),
    "pytorch, all four, types, a decorator, a context": (
        PYTORCH,
        {"model.pth": b"x", "code/inference.py": ALL_FOUR},
        {},
    ),
    "pytorch, an old Python": (OLD_PYTORCH, {"model.pth": b"x", "code/inference.py": MODEL_FN}, {}),
    "pytorch, torchscript without code": (PYTORCH, {"model.pt": b"x", "other.pth": b"x"}, {}),
    "pytorch, one file of another name": (PYTORCH, {"resnet.pth": b"x"}, {}),
    "pytorch, transform_fn": (PYTORCH, {"code/inference.py": TRANSFORM}, {}),
    "pytorch, names assigned and imported": (
        PYTORCH,
        {
            "code/inference.py": ASSIGNED,
            "code/handlers.py": "def read(b, c): ...\n",
            "code/loaders.py": "def load(d): ...\n",
        },
        {},
    ),
    "pytorch, functions under if and try": (PYTORCH, {"code/inference.py": CONDITIONAL}, {}),
    "pytorch, match, walrus, star, positional only": (PYTORCH, {"code/inference.py": MATCH}, {}),
    "pytorch, from handlers import *": (PYTORCH, {"code/inference.py": STAR, "code/handlers.py": ALL_FOUR}, {}),
    "pytorch, a package of its own": (PYTORCH, dict(PACKAGE), {}),
    "pytorch, another program": (PYTORCH, {"code/serve_it.py": MODEL_FN}, {"SAGEMAKER_PROGRAM": "serve_it.py"}),
    "pytorch, the code in S3": (
        PYTORCH,
        {"model.pth": b"x", "b.pth": b"x"},
        {"SAGEMAKER_PROGRAM": "entry.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/sourcedir.tar.gz"},
    ),
    "latin-1": (PYTORCH, {"code/inference.py": LATIN}, {}),
    "a byte order mark, CRLF, odd escapes": (PYTORCH, {"code/inference.py": BOM}, {}),
    "module __getattr__": (SKLEARN, {"code/inference.py": LAZY, "code/impl.py": SKLEARN_HANDLER}, SCRIPT),
    "globals()": (SKLEARN, {"code/inference.py": INJECTED, "code/impl.py": SKLEARN_HANDLER}, SCRIPT),
    "a function in a with": (SKLEARN, {"code/inference.py": CONTEXT_MANAGER}, SCRIPT),
    "a decorated function of any arguments": (SKLEARN, {"code/inference.py": WRAPPER}, SCRIPT),
    "scikit-learn": (SKLEARN, {"model.joblib": pickle.dumps([1], 4), "code/inference.py": SKLEARN_HANDLER}, SCRIPT),
    "scikit-learn, its own folder": (
        SKLEARN,
        {"src/entry.py": SKLEARN_HANDLER, "src/requirements.txt": "imbalanced-learn==0.11\n"},
        {"SAGEMAKER_PROGRAM": "entry.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/src"},
    ),
    "xgboost, the algorithm": (XGBOOST, {"xgboost-model": b"binf"}, {}),
    "xgboost, an ensemble": (XGBOOST, {"xgboost-model-0": b"x", "xgboost-model-1": b"x", ".hidden.txt": "x"}, {}),
    "xgboost, script mode": (XGBOOST, {"xgboost-model": b"x", "code/inference.py": SKLEARN_HANDLER}, SCRIPT),
    "hugging face, a checkpoint": (HUGGING_FACE, dict(TRANSFORMERS), {"HF_TASK": "text-classification"}),
    "hugging face, a handler": (
        HUGGING_FACE,
        {**TRANSFORMERS, "code/inference.py": TRANSFORM, "code/requirements.txt": REQUIREMENTS, "code/" + WHEEL: b"PK"},
        {},
    ),
    "hugging face, from the hub": (HUGGING_FACE, {"code/inference.py": ALL_FOUR}, {"HF_MODEL_ID": "org/model"}),
    "hugging face, weights in parts": (
        HUGGING_FACE,
        {
            "config.json": "{}",
            "model-00001-of-00002.safetensors": b"x",
            "model-00002-of-00002.safetensors": b"x",
            "model.safetensors.index.json": json.dumps(
                {"weight_map": {name: f"model-0000{name}-of-00002.safetensors" for name in "12"}}
            ),
        },
        {},
    ),
    "tensorflow": (TENSORFLOW, dict(SAVED_MODEL), {}),
    "tensorflow, a version at the top": (TENSORFLOW, {"00000123/saved_model.pb": b"x"}, {}),
    "tensorflow, handler": (TENSORFLOW, {**SAVED_MODEL, "code/inference.py": TF_HANDLER}, {}),
    "tensorflow, two handlers": (
        TENSORFLOW,
        {
            **SAVED_MODEL,
            "code/inference.py": TF_PAIR,
            "code/requirements.txt": "numpy\n",
            "code/lib/own/__init__.py": "",
        },
        {},
    ),
    "mxnet, defaults": (
        MXNET,
        {"model-symbol.json": "{}", "model-shapes.json": "[]", "model-0000.params": b"x"},
        {},
    ),
    "mxnet, Python 2": (MXNET_2, {"code/inference.py": PYTHON_2}, {}),
    "djl, the article's": (
        DJL,
        {"model.py": DJL_HANDLER, "serving.properties": PROPERTIES, "requirements.txt": REQUIREMENTS, WHEEL: b"PK"},
        {},
    ),
    "djl, async": (DJL, {"model.py": DJL_ASYNC, "serving.properties": "engine=Python\noption.async_mode=true\n"}, {}),
    "djl, a formatter": (DJL, {"model.py": DJL_FORMATTER, "serving.properties": PROPERTIES}, {}),
    "djl, by variables alone": (DJL, {}, {"HF_MODEL_ID": "org/model", "OPTION_ROLLING_BATCH": "vllm"}),
    "djl, weights alone": (DJL, dict(TRANSFORMERS), {}),
    "djl, another entry point": (
        DJL,
        {
            "serving.properties": "engine=Python\noption.entryPoint=entry.py\noption.handler=answer\n",
            "entry.py": "def answer(i): ...\n",
        },
        {},
    ),
    "djl, a handler of its own library": (
        DJL,
        {"serving.properties": "engine=MPI\noption.entryPoint=djl_python.huggingface\noption.model_id=/opt/ml/model\n"},
        {},
    ),
    "djl, models in folders": (
        DJL,
        {"a/model.py": DJL_HANDLER, "b/serving.properties": "engine=OnnxRuntime\n", "b/model.onnx": b"x"},
        {},
    ),
    "triton": (
        TRITON,
        {"resnet/config.pbtxt": TRITON_CONFIG, "resnet/1/model.onnx": b"x", "resnet/labels.txt": "cat\n"},
        {},
    ),
    "triton, python": (
        TRITON,
        {"own/config.pbtxt": 'backend: "python"\ninput <name: "x">\n', "own/1/model.py": TRITON_PYTHON},
        {},
    ),
    "triton, an ensemble": (
        TRITON,
        {
            "resnet/config.pbtxt": TRITON_CONFIG,
            "resnet/1/model.onnx": b"x",
            "pipeline/config.pbtxt": ENSEMBLE,
            "pipeline/1/.keep": b"",
        },
        {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "pipeline"},
    ),
    "triton, without a configuration": (TRITON, {"onnx/1/model.onnx": b"x"}, {}),
    "tgi": (TGI, dict(TRANSFORMERS), {"HF_MODEL_ID": "/opt/ml/model"}),
    "tei, from the hub": (TEI, {}, {"HF_MODEL_ID": "BAAI/bge-m3"}),
    "vllm": (VLLM, {**TRANSFORMERS, "requirements.txt": "einops\n"}, {"SM_VLLM_MAX_MODEL_LEN": "4096"}),
    "vllm, a model of its own code": (VLLM, {**TRANSFORMERS, "model.py": "class Own: ...\n"}, {}),
    "an image of one's own, with functions of the same names": ("own:1", {"code/inference.py": OWN_SERVER}, {}),
    "an image of one's own, any files": (
        "own:1",
        {"model.onnx": b"x", "vocab.txt": "a\nb = c\n", "predictor.py": OWN_SERVER},
        {},
    ),
    "multi model server": (
        "own:1",
        {
            "MAR-INF/MANIFEST.json": '{"model": {"handler": "service:handle"}}',
            "service.py": "def handle(data, context): ...\n",
        },
        {},
    ),
    "a folder code/ alone": ("own:1", {"code/code/inference.py": "x = 1\n"}, {}),
    "a folder with weights, where the code may look for them": ("own:1", {"weights/model.bin": b"x"}, {}),
    "nothing at all": ("own:1", {}, {}),
}


def serious(findings: tuple[Finding, ...]) -> list[str]:
    return [str(finding) for finding in findings if finding.severity is not Severity.NOTICE]


@pytest.mark.parametrize("title", WORKING)
def test_a_model_that_works_has_no_error_and_no_warning(check: Check, title: str) -> None:
    image, files, environment = WORKING[title]
    official = image.startswith(tuple("0123456789"))
    assert serious(check(files, image, environment=environment, official=official)) == []


@pytest.mark.parametrize("title", [title for title in WORKING if "Python 2" not in title])
def test_nor_has_it_where_the_image_does_not_tell_the_family(check: Check, title: str) -> None:
    """That a model is for Python 2 is only known from the image."""
    _, files, environment = WORKING[title]
    assert serious(check(files, "own-name:1", environment=environment)) == []


def test_what_a_newer_python_may_read_is_no_error(check: Check) -> None:
    """Generics of Python 3.12, and quotes within quotes; which Python the image has is not known."""
    found = check({"code/inference.py": GENERIC}, "own-name:1")
    assert [finding.severity for finding in found] == ([] if sys.version_info >= (3, 12) else [Severity.WARNING])


def test_very_many_files_take_less_than_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for number in range(20):
        inner = folder / f"d{number}"
        inner.mkdir(parents=True)
        for file in range(100):
            (inner / f"{file}.bin").touch()
    begun = time.process_time()
    assert lint_source(folder, Host(folder="model")) == ()
    assert time.process_time() - begun < 1.0


def test_a_large_archive_is_read_once_and_not_kept(tmp_path: Path) -> None:
    """Weights first, as tar packs them; the handler behind them is seen all the same."""
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for name, content in (("model.pth", bytes(64 * 2**20)), ("code/inference.py", b"def model_fn(:\n")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    begun = time.process_time()
    (finding,) = lint_source(archive, Host(shown="model.tar.gz", packed=True))
    assert finding.message == "model.tar.gz!code/inference.py:1:14: SyntaxError: invalid syntax"
    assert time.process_time() - begun < 2.0
