"""serving.properties and what DJL Serving needs beside it. Pure."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator

from sm_ci.artifact.lint.handlers import MODEL, djl_models
from sm_ci.artifact.lint.host import Family
from sm_ci.artifact.lint.properties import (
    BOOLEANS,
    ENGINES,
    MODEL_KEYS,
    OPTIONS,
    WHOLE_NUMBERS,
    Pair,
    Properties,
    entry_point,
    inside_model,
)
from sm_ci.artifact.lint.view import ERROR, WARNING, Place, View, name
from sm_ci.errors import Finding

_FILE = "serving.properties"
_RULE = "serving-properties"
_OPTION = "option."
_CLOSE = 0.8
_WHOLE = re.compile(r"[+-]?\d+")
_KNOWN = frozenset({*MODEL_KEYS, *(f"{_OPTION}{one}" for one in OPTIONS)})
_LOADED = re.compile(  # ModelInfo.java, inferEngine
    r"(?:^|/)(?:model\.py|config\.json|metadata\.yaml|saved_model\.pb|config\.pbtxt|__model__|inference\.pdmodel|MAR-INF/.*"
    r"|[^/]+\.(?:pt|pth|onnx|params|json|xgb|bst|skops|joblib|pkl|trt|uff|tflite|safetensors|bin|gguf))$"
)


def check(view: View) -> Iterator[Finding]:
    """What is wrong with DJL's models."""
    if view.family is not Family.DJL:
        return
    for folder in djl_models(view):
        properties = Properties.of(view.tree, posixpath.join(folder, _FILE))
        for pair in properties.pairs:
            yield from _key(view, properties.file, pair)
            yield from _value(view, properties.file, pair)
        yield from _paths(view, folder, properties)
    yield from _engine(view)


def _key(view: View, file: str, pair: Pair) -> Iterator[Finding]:
    """Unknown keys are allowed, and LMI passes unknown options on; nearly known ones are typing errors."""
    at = Place(file=file, line=pair.line, column=pair.column)
    if pair.key in _KNOWN:
        return
    if pair.key in OPTIONS:
        message, remedy = f"{name(pair.key)} has no effect without the prefix", f"write {_OPTION}{pair.key}"
        yield view.finding(_RULE, WARNING, message, remedy, at=at)
        return
    plain = {one.lower(): one for one in sorted(_KNOWN)}
    near = difflib.get_close_matches(pair.key.lower(), plain, n=1, cutoff=_CLOSE)
    if near and (not pair.key.startswith(_OPTION) or _typed(pair.key, plain[near[0]])):
        message = f"{name(pair.key)} is not a key that DJL Serving knows"
        yield view.finding(_RULE, WARNING, message, f"did you mean {plain[near[0]]}?", at=at)


def _typed(given: str, known: str) -> bool:
    """Whether two names differ as typing errors do: in case or hyphens, or by one letter amid a long word."""
    if given.lower().replace("-", "_") == known.lower():
        return True
    matcher = difflib.SequenceMatcher(None, given.lower(), known.lower(), autojunk=False)
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    moved = sum(max(code[2] - code[1], code[4] - code[3]) for code in changes)
    return moved <= 2 and len(known) > len(_OPTION) + 4 and not _plural(given, known)


def _plural(given: str, known: str) -> bool:
    """`max_lora` beside `max_loras`: engines have both kinds of names."""
    return given.rstrip("s") == known.rstrip("s")


def _value(view: View, file: str, pair: Pair) -> Iterator[Finding]:
    at, value = Place(file=file, line=pair.line, column=pair.column), pair.value.strip()
    given = repr(name(value))
    remedy = "write comments on lines of their own" if "#" in value else ""
    if pair.key == "engine" and value not in ENGINES:
        same = next((one for one in ENGINES if one.lower() == value.lower()), "")
        near = [same] if same else difflib.get_close_matches(value, ENGINES, n=1)
        help_ = remedy or (f"did you mean {near[0]}?" if near else f"there are {', '.join(ENGINES[:6])} and others")
        yield view.finding(_RULE, WARNING, f"engine is {given}, and DJL Serving has no such engine", help_, at=at)
    elif pair.key in WHOLE_NUMBERS and not _WHOLE.fullmatch(value):
        yield view.finding(_RULE, WARNING, f"{pair.key} is {given}, and must be a whole number", remedy, at=at)
    elif pair.key == "option.tensor_parallel_degree" and value != "max" and not _WHOLE.fullmatch(value):
        message = f"{pair.key} is {given}, and must be a whole number or max"
        yield view.finding(_RULE, WARNING, message, remedy, at=at)
    elif pair.key in BOOLEANS and value.lower() not in {"true", "false"}:
        yield view.finding(_RULE, WARNING, f"{pair.key} is {given}, and must be true or false", remedy, at=at)


def _paths(view: View, folder: str, properties: Properties) -> Iterator[Finding]:
    module = entry_point(properties, view.host)
    given = properties.pair("option.entryPoint")
    if module and not view.tree.has(posixpath.join(folder, module)) and not view.tree.unseen:
        message = f"option.entryPoint is {name(module)}, which is not in the model"
        at = Place(file=properties.file, line=given.line, column=given.column) if given else None
        yield view.finding("handler-missing", ERROR, message, "pack it", at=at)
    model = properties.pair("option.model_id")
    if model is None:
        return
    at = Place(file=properties.file, line=model.line, column=model.column)
    value = model.value.strip()
    inner = inside_model(value, folder)
    if inner is not None:
        if inner not in {"", "."} and inner not in view.tree.entries and not view.tree.unseen:
            message = f"option.model_id is {name(value)}, which is not in the model"
            yield view.finding("model-file", WARNING, message, at=at)
    elif view.host.isolated and not value.startswith("/"):
        message = f"option.model_id is {name(value)}, which is downloaded, and network_isolation allows no network"
        yield view.finding("needs-network", WARNING, message, "pack the model itself", at=at)


def _engine(view: View) -> Iterator[Finding]:
    """What DJL would say that finds no engine; a folder below may be the model, so all of them are looked at."""
    host, tree = view.host, view.tree
    if not view.certain or host.says("HF_MODEL_ID", "OPTION_MODEL_ID", "SERVING_LOAD_MODELS", "OPTION_ENTRYPOINT"):
        return
    if djl_models(view):
        yield from _python(view)
    elif not any(_LOADED.search(entry.name) for entry in tree.files()):
        message = f"the model {host.shown} has neither serving.properties nor a file that tells its engine"
        remedy = f"put serving.properties or {MODEL} at its top"
        yield view.finding("handler-missing", view.refusal, message, remedy)


def _python(view: View) -> Iterator[Finding]:
    for folder in djl_models(view):
        properties = Properties.of(view.tree, posixpath.join(folder, _FILE))
        told = ("option.entryPoint", "option.model_id", "option.s3url", "option.modelName")
        engine = properties.pair("engine")
        names = {entry.base for entry in view.tree.within(folder)}
        loaded = names & {MODEL, "config.json", "MAR-INF"}
        if engine and engine.value.strip() == "Python" and not loaded and not any(map(properties.value, told)):
            message = f"engine is Python, and there is neither {MODEL} nor option.model_id nor option.entryPoint"
            at = Place(file=properties.file, line=engine.line, column=engine.column)
            yield view.finding("handler-missing", WARNING, message, at=at)
