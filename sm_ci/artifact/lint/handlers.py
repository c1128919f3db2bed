"""Which module of a model its family loads, and which functions it calls of it. Pure.

Sources: transformer.py of aws/sagemaker-inference-toolkit; handler_service.py of aws/sagemaker-huggingface-inference-toolkit;
serving.py of aws/sagemaker-scikit-learn-container; python_service.py of aws/sagemaker-tensorflow-serving-container;
PyModel.java of deepjavalibrary/djl-serving.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sm_ci.artifact.lint.host import TOOLKITS, Family, below_model
from sm_ci.artifact.lint.properties import Properties, entry_point
from sm_ci.artifact.lint.view import View

CODE = "code"
INFERENCE = "inference.py"
MODEL = "model.py"
TOOLKIT_FUNCTIONS = {
    "model_fn": 1,
    "input_fn": 2,
    "predict_fn": 2,
    "output_fn": 2,
    "transform_fn": 4,
    "pre_model_fn": 1,
    "model_warmup_fn": 2,
}
"""Arguments of each; the toolkits that know a context give it as one more."""
TENSORFLOW_FUNCTIONS = {"handler": 2, "input_handler": 2, "output_handler": 2}
_HANDLE = re.compile(rb"^(?:async\s+)?def\s+handle\s*\(", re.MULTILINE)
_TOOLKIT = re.compile(rb"^\s*(?:async\s+)?def\s+(?:model_fn|transform_fn|predict_fn)\s*\(", re.MULTILINE)
_TENSORFLOW = re.compile(rb"^\s*def\s+(?:handler|input_handler)\s*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A module that is loaded, if it is there. `functions` are those that are called, with how many arguments.

    `context`: one argument more is given to who takes it. `sure`: it is loaded, and what is wrong with it is fatal.
    """

    file: str
    functions: Mapping[str, int] = field(default_factory=dict)
    context: bool = False
    sure: bool = True


def handlers(view: View) -> Iterator[Handler]:
    """The modules that this model's family loads from it."""
    if view.family is Family.TENSORFLOW:
        yield Handler(file=f"{CODE}/{INFERENCE}", functions=TENSORFLOW_FUNCTIONS)
    elif view.family is Family.DJL:
        yield from _djl(view)
    elif view.family is Family.VLLM:
        yield Handler(file=view.host.says("CUSTOM_SCRIPT_FILENAME") or MODEL, sure=False)
    elif view.family is Family.TRITON:
        yield from _triton(view)
    elif view.family in TOOLKITS or view.family is None:
        yield from _toolkit(view)


def code_folder(view: View) -> str | None:
    """The folder of the model that the toolkits' module is in; None when it is not in the model."""
    given = view.host.says("SAGEMAKER_SUBMIT_DIRECTORY")
    return below_model(given) if given else CODE


def program(view: View) -> str:
    """The name of the toolkits' module."""
    return posixpath.basename(view.host.says("SAGEMAKER_PROGRAM")) or INFERENCE


def _toolkit(view: View) -> Iterator[Handler]:
    folder = code_folder(view)
    if folder is not None:
        file = posixpath.join(folder, program(view))
        yield Handler(file=file, functions=TOOLKIT_FUNCTIONS if view.family else {}, context=True)
    if view.family is None:  # nothing tells whether the image loads these
        loose = [entry.name for entry in view.tree.within("") if entry.name.endswith(".py")]
        yield from (Handler(file=one, sure=False) for one in loose)


def djl_models(view: View) -> list[str]:
    """The folders that are models of DJL's: the model's own, or else each below it that looks like one."""
    tree = view.tree
    if tree.has("serving.properties") or tree.has(MODEL):
        return [""]
    below = [entry.name for entry in tree.within("") if tree.folder(entry.name)]
    return [one for one in below if tree.has(f"{one}/serving.properties") or tree.has(f"{one}/{MODEL}")]


def _djl(view: View) -> Iterator[Handler]:
    for folder in djl_models(view):
        properties = Properties.of(view.tree, posixpath.join(folder, "serving.properties"))
        given = entry_point(properties, view.host)
        local = posixpath.join(folder, MODEL) if given is None else given and posixpath.join(folder, given)
        if local:
            called = properties.value("option.handler") or view.host.says("OPTION_HANDLER") or "handle"
            yield Handler(file=local, functions={called: 1})


def _triton(view: View) -> Iterator[Handler]:
    for entry in view.tree.files():
        parts = entry.name.split("/")
        if len(parts) == 3 and parts[1].isdecimal() and parts[2] == MODEL:
            yield Handler(file=entry.name)


OWN_FILES = {Family.DJL: "serving.properties", Family.TRITON: "config.pbtxt", Family.MMS: "MAR-INF/MANIFEST.json"}
"""Files that no other family has."""


def by_files(view: View) -> Family | None:
    """The family that a model's files look like."""
    tree = view.tree
    found: Family | None = None
    if tree.has("serving.properties") or _HANDLE.search(tree.text(MODEL) or b""):
        found = Family.DJL
    elif tree.has("config.pbtxt") or any(tree.has(f"{one.name}/config.pbtxt") for one in tree.within("")):
        found = Family.TRITON
    elif any(_is_saved_model(entry.name) for entry in tree.files()):
        found = Family.TENSORFLOW
    elif tree.has("MAR-INF/MANIFEST.json"):
        found = Family.MMS
    elif (code := code_folder(view)) is not None:
        source = tree.text(posixpath.join(code, program(view))) or b""
        if _TOOLKIT.search(source):
            found = Family.MMS
        elif _TENSORFLOW.search(source) and b"def model_fn" not in source:
            found = Family.TENSORFLOW
    return found


def _is_saved_model(file: str) -> bool:
    parts = file.split("/")
    return len(parts) >= 2 and parts[-1] == "saved_model.pb" and parts[-2].isdecimal()
