"""Has the image and the model of a run where the engine needs them. Touches the engine and the model's files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from sm_ci import artifact
from sm_ci.artifact import Cache, Means, ModelData, Progress
from sm_ci.engine import building, images, ownership
from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import Owner
from sm_ci.engine.placement import Placement
from sm_ci.errors import EngineFault, Severity
from sm_ci.hosting.volume import model_mount
from sm_ci.report.wording import size
from sm_ci.results import ImageFacts
from sm_ci.session.images import obtain
from sm_ci.session.sources import Source, sources
from sm_ci.session.state import Run
from sm_ci.spec.model import Build


def obtain_image(this: Run, engine: Engine, owner: Owner) -> ImageFacts:
    """The image that the spec or --image names: found, pulled, or built."""
    wanted = this.options.image or this.spec.file.image
    if isinstance(wanted, Build):
        folder = (this.spec.directory / wanted.build).resolve()
        shown = os.path.relpath(folder / wanted.dockerfile)
        recipe = building.Recipe(
            folder=folder, dockerfile=wanted.dockerfile, target=wanted.target, args=wanted.args, shown=shown
        )
        tag = f"sm-ci/{this.id}:built"
        this.progress.step(f"building {os.path.relpath(folder)}")
        building.build(engine, recipe, tag=tag, labels=ownership.image_labels(owner), on_line=this.progress.detail)
        facts = images.find(engine, tag, built=True)
        if facts is None:
            raise EngineFault(f"the engine built {shown} but does not have the image", remedy="Try: docker build")
        this.progress.done(f"built {os.path.relpath(folder)} ({size(facts.size)})")
        return replace(facts, reference=f"{os.path.relpath(folder)} (built by this run)")
    return obtain(this, engine, wanted)


@contextmanager
def model_in_place(
    this: Run, engine: Engine, here: Placement, image: ImageFacts, labels: Mapping[str, str], scratch: Path
) -> Iterator[Mapping[str, str]]:
    """What to mount read-only: a path or a volume's name on the engine's side → where in the container."""
    mounts: dict[str, str] = {}
    with ExitStack() as stack:
        cache = _cache(this, stack)
        for number, source in enumerate(sources(this)):
            name = f"sm-ci-{this.id}" + (f"-{number}" if number else "")
            data = _data(this, source, cache, scratch / name)
            if not source.channel:
                _lint(this, source, data, engine, image)
            mounted = stack.enter_context(model_mount(engine, here, data.folder, name, labels, image.id))
            mounts[mounted] = source.inside
            files = f"{data.facts.files} file{'s' * (data.facts.files != 1)}"
            what = f"model {source.given}" if not source.channel else f"{source.channel}: {source.given}"
            kept = ", kept from an earlier run" if data.cached else ""
            this.progress.done(f"{what} ({files}, {size(data.facts.size)}{kept})")
        yield mounts


def _cache(this: Run, stack: ExitStack) -> Cache | None:
    """The cache, whose entries are kept until the run's end; None where there is none, or nothing to keep."""
    wanted = this.options.access
    packed = any(source.path is None or source.path.is_file() for source in sources(this))
    if not (packed and wanted.caching):
        return None
    cache = artifact.open_cache(this.environ, this.progress.detail, wanted.cache, wanted.cache_size)
    return stack.enter_context(cache) if cache else None


def _data(this: Run, source: Source, cache: Cache | None, scratch: Path) -> ModelData:
    """The folder with a source's content; of the model itself also what the reports and the advice need."""
    this.progress.step(f"reading the model {source.given}")
    data = artifact.obtain(source.given, source.base, source.given, _means(this, cache, scratch))
    if source.channel:
        return data
    this.model, this.contents = data.facts, data.names
    return data


def _means(this: Run, cache: Cache | None, scratch: Path) -> Means:
    from sm_ci.artifact.s3 import Patience

    def progress(moved: Progress) -> None:
        this.progress.detail(str(moved), moved.done / moved.total if moved.total else None)

    return Means(
        scratch=scratch,
        cache=cache,
        clients=this.gate.client,
        patience=Patience(stall=this.options.access.stall),
        on_progress=progress,
        say=this.progress.detail,
    )


def _lint(this: Run, source: Source, data: ModelData, engine: Engine, image: ImageFacts) -> None:
    """Notes what is odd with the model. An error is a warning here: the container is started, and tells the truth."""
    from sm_ci.artifact.lint import lint, of_folder
    from sm_ci.artifact.lint.for_spec import host_for
    from sm_ci.image.official import official

    own = images.configuration(engine, image.id or image.reference)
    host = host_for(
        this.spec,
        image="" if image.built else image.reference,
        official=not image.built and official(image.reference),
        shown=source.given,
        packed=data.packed,
        folder=None if data.packed or source.path is None else os.path.relpath(source.path),
        at=this.spec.place(*source.key),
        labels=own.labels,
        environment=own.environment,
    )
    for finding in lint(of_folder(data.folder), host):
        mild = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
        noted = replace(finding, severity=mild)
        this.wrapped = noted if noted.rule == "model-wrapped" else this.wrapped
        this.note(noted)
