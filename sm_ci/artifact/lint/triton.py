"""Triton's model repository: a folder a model, config.pbtxt, numbered versions. Pure.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html and
docker/sagemaker/serve of triton-inference-server/server; fields: model_config.proto of triton-inference-server/common.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from sm_ci.artifact.lint.host import Family
from sm_ci.artifact.lint.pbtxt import Field, Malformed, read
from sm_ci.artifact.lint.view import ERROR, WARNING, Place, View, listed, name
from sm_ci.errors import Finding

CONFIG = "config.pbtxt"
_LARGEST = 2**17
"""Bytes of a configuration that is read; people write a few thousand."""
_DEFAULT = "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"
_FIELDS = frozenset(
    """
    name platform backend runtime version_policy max_batch_size input output batch_input batch_output optimization
    dynamic_batching sequence_batching ensemble_scheduling instance_group default_model_filename cc_model_filenames
    metric_tags parameters model_warmup model_operations model_transaction_policy model_repository_agents response_cache
    model_metrics
    """.split()  # noqa: SIM905
)
_PLATFORMS = {
    "tensorrt_plan": "model.plan",
    "onnxruntime_onnx": "model.onnx",
    "pytorch_libtorch": "model.pt",
    "tensorflow_savedmodel": "model.savedmodel",
    "tensorflow_graphdef": "model.graphdef",
    "ensemble": "",
}
_BACKENDS = {"python": "model.py", "onnxruntime": "model.onnx", "tensorrt": "model.plan", "pytorch": ""}


def check(view: View) -> Iterator[Finding]:
    """What is wrong with the layout and the configurations."""
    if view.family is not Family.TRITON:
        return
    if view.tree.has(CONFIG):
        message = f"stands at the top, and Triton wants a folder around each model: NAME/{CONFIG}, NAME/1/…"
        severity = ERROR if view.certain else WARNING
        yield view.finding("triton-layout", severity, message, "pack the folder too", at=Place(file=CONFIG))
        return
    models = sorted(entry.name for entry in view.tree.within("") if view.tree.folder(entry.name))
    if view.certain:
        yield from _repository(view, models)
    for model in models:
        if view.tree.has(f"{model}/{CONFIG}"):
            yield from _model(view, model)


def _repository(view: View, models: list[str]) -> Iterator[Finding]:
    wanted = view.host.says(_DEFAULT)
    if view.host.says("SAGEMAKER_MULTI_MODEL"):
        return
    if wanted and wanted not in models:
        message = f"{_DEFAULT} is {name(wanted)}, and the model {view.host.shown} has no folder of that name"
        remedy = f"there is {listed(models)}" if models else ""
        yield view.finding("triton-layout", ERROR, message, remedy)
    elif not models:
        message = f"the model {view.host.shown} holds no folder, and Triton wants one for each model"
        yield view.finding("triton-layout", ERROR, message, f"pack NAME/{CONFIG} and NAME/1/…")
    elif len(models) > 1 and not wanted:
        message = f"the model {view.host.shown} holds several folders, {listed(models)}, and Triton takes one"
        yield view.finding("triton-layout", view.refusal, message, f"name it in environment: {_DEFAULT}")


def _model(view: View, model: str) -> Iterator[Finding]:
    file = f"{model}/{CONFIG}"
    text = view.tree.text(file)
    if text is None or len(text) > _LARGEST:
        return
    try:
        fields = read(text.decode("utf-8", "replace"))
    except Malformed as error:
        at = Place(file=file, line=error.line, column=error.column)
        yield view.finding("triton-config", ERROR, f"cannot be read: {error}", at=at)
        return
    yield from _fields(view, file, fields)
    yield from _named(view, model, fields)
    yield from _versions(view, model, fields)


def _fields(view: View, file: str, fields: Sequence[Field]) -> Iterator[Finding]:
    for one in fields:
        if one.name in _FIELDS:
            continue
        near = difflib.get_close_matches(one.name, _FIELDS, n=1)
        remedy = f"did you mean {near[0]}?" if near else ""
        at = Place(file=file, line=one.line, column=one.column)
        message = f"{name(one.name)} is not a field of a model's configuration"
        yield view.finding("triton-config", WARNING, message, remedy, at=at)


def _named(view: View, model: str, fields: Sequence[Field]) -> Iterator[Finding]:
    file = f"{model}/{CONFIG}"
    given = _first(fields, "name")
    if given and given.value != model:
        at = Place(file=file, line=given.line, column=given.column)
        message = f"name is {name(given.value)!r}, and the folder is {name(model)!r}: Triton refuses that"
        yield view.finding("triton-config", ERROR, message, f'write name: "{name(model)}", or leave it out', at=at)
    platform = _first(fields, "platform")
    if platform and platform.value and platform.value not in _PLATFORMS:
        near = difflib.get_close_matches(platform.value, _PLATFORMS, n=1)
        remedy = f"did you mean {near[0]}?" if near else "name the backend instead"
        at = Place(file=file, line=platform.line, column=platform.column)
        message = f"{name(platform.value)!r} is not a platform that Triton knows"
        yield view.finding("triton-config", WARNING, message, remedy, at=at)


def _versions(view: View, model: str, fields: Sequence[Field]) -> Iterator[Finding]:
    """Of a model in a folder of one's own that stands elsewhere, nothing is known."""
    tree, at = view.tree, Place(file=f"{model}/{CONFIG}")
    versions = sorted(entry.base for entry in tree.within(model) if tree.folder(entry.name) and entry.base.isdecimal())
    if not versions and not tree.unseen:
        message = "has no numbered folder beside it, and Triton loads a version"
        yield view.finding("triton-layout", WARNING, message, f"pack {name(model)}/1/", at=at)
    wanted = _file_of(fields)
    for version in versions if wanted and not tree.unseen else ():
        if f"{model}/{version}/{wanted}" not in tree.entries:
            message = f"wants {name(wanted)} in each version, and {name(model)}/{version}/ has none"
            yield view.finding("model-file", WARNING, message, at=at)


def _file_of(fields: Sequence[Field]) -> str:
    """The file that each version has; empty when it is not known."""
    if _first(fields, "cc_model_filenames"):
        return ""
    given = _first(fields, "default_model_filename")
    if given and given.value:
        return given.value
    platform, backend = _first(fields, "platform"), _first(fields, "backend")
    by_platform = _PLATFORMS.get(platform.value, "") if platform else ""
    return by_platform or (_BACKENDS.get(backend.value, "") if backend else "")


def _first(fields: Sequence[Field], wanted: str) -> Field | None:
    return next((one for one in fields if one.name == wanted), None)
