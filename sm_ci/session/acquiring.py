"""Has the image and the model of a run where the engine needs them. Touches the engine and the model's files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sm_ci import artifact, contract
from sm_ci.engine import images, ownership
from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import Owner
from sm_ci.engine.placement import Placement
from sm_ci.errors import EngineFault, Finding, Severity
from sm_ci.hosting.volume import model_mount
from sm_ci.report.wording import size
from sm_ci.results import ImageFacts
from sm_ci.session.state import Run
from sm_ci.spec.model import Build
from sm_ci.text import shorten


def obtain_image(this: Run, engine: Engine, owner: Owner) -> ImageFacts:
    """The image that the spec or --image names: found, pulled, or built."""
    wanted = this.options.image or this.spec.file.image
    if isinstance(wanted, Build):
        folder = (this.spec.directory / wanted.build).resolve()
        shown = os.path.relpath(folder / wanted.dockerfile)
        recipe = images.Recipe(
            folder=folder, dockerfile=wanted.dockerfile, target=wanted.target, args=wanted.args, shown=shown
        )
        tag = f"sm-ci/{this.id}:built"
        this.progress.step(f"building {os.path.relpath(folder)}")
        images.build(engine, recipe, tag=tag, labels=ownership.image_labels(owner), on_line=this.progress.detail)
        facts = images.find(engine, tag, built=True)
        if facts is None:
            raise EngineFault(f"the engine built {shown} but does not have the image", remedy="Try: docker build")
        this.progress.done(f"built {os.path.relpath(folder)} ({size(facts.size)})")
        return replace(facts, reference=f"{os.path.relpath(folder)} (built by this run)")
    this.progress.step(f"looking for the image {wanted}")
    facts = images.obtain(engine, wanted, this.spec.file.pull, on_progress=this.progress.detail)
    this.progress.done(f"image {wanted} ({size(facts.size)}, {facts.platform})")
    return facts


@contextmanager
def model_in_place(
    this: Run, engine: Engine, here: Placement, image: ImageFacts, labels: Mapping[str, str], scratch: Path
) -> Iterator[str]:
    """What to mount at /opt/ml/model: a path or a volume's name on the engine's side; empty without a model."""
    source, shown = this.options.model, str(this.options.model)
    if source is None:
        if this.spec.file.model is None:
            yield ""
            return
        source, shown = this.spec.directory / this.spec.file.model, this.spec.file.model
    this.progress.step(f"reading the model {shown}")
    data = artifact.prepare(source, shown, scratch, on_progress=this.progress.detail)
    this.model, this.contents = data.facts, data.names
    if data.wrapper:
        this.wrapped = _wrapped(this, data.wrapper, shown, packed=not source.is_dir())
        this.note(this.wrapped)
    with model_mount(engine, here, data.folder, f"sm-ci-{this.id}", labels, image.id) as mounted:
        files = f"{data.facts.files} file{'s' * (data.facts.files != 1)}"
        this.progress.done(f"model {shown} ({files}, {size(data.facts.size)})")
        yield mounted


def _wrapped(this: Run, folder: str, shown: str, *, packed: bool) -> Finding:
    """The warning that one folder is around all of the model, so that its code/ is not where containers look for it."""
    name = shorten(folder, 100)
    there = f"in the container it is {contract.MODEL_DIRECTORY}/{name}/, and its code is not found"
    if packed:
        message = f'the archive {shown} has one folder "{name}/" around everything: {there}'
        remedy = f"pack it from inside: tar -czf model.tar.gz -C {shlex.quote(name)} ."
    else:
        message = f'the folder {shown} holds nothing but "{name}/": {there}'
        remedy = f"name the inner folder: {Path(shown) / name}"
    at = this.spec.place("model")
    return Finding(rule="model-wrapped", severity=Severity.WARNING, message=message, remedy=remedy, at=at)
