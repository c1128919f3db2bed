"""The GPUs of a run: asked for before the image is pulled, held against the image's CUDA before the start. Touches the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from sm_ci.engine import devices, images, ownership
from sm_ci.engine.client import Engine
from sm_ci.engine.devices import NO_GPU, Offer, Request
from sm_ci.engine.ownership import Owner
from sm_ci.errors import EnvironmentFault, Severity, SmCiError
from sm_ci.hosting import cuda, nvidia
from sm_ci.hosting.limits import Gpus, gpus_wanted
from sm_ci.hosting.nvidia import Driver
from sm_ci.results import ImageFacts
from sm_ci.session.state import Run

OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The GPUs that a run wants, and what there is. Without any wanted, all is empty."""

    gpus: Gpus = field(default_factory=Gpus)
    offer: Offer = field(default_factory=Offer)
    driver: Driver | None = None

    def request(self, count: int) -> Request | None:
        """What to ask the engine for; None for no GPU."""
        return self.offer.request(count) if count else None


def look(this: Run, engine: Engine, owner: Owner) -> Found:
    """What the machine has of the GPUs that the spec wants. EnvironmentFault of the kind `NO_GPU` when it has none."""
    wanted = gpus_wanted(this.spec.file, this.gpu)
    if not wanted:
        return Found()
    this.progress.step("looking for a GPU")
    offer = devices.offer(engine)
    if not offer.names:
        labels = {**ownership.labels(this.id, owner), **ownership.image_labels(owner)}
        refused = devices.probe(engine, offer.request(1), labels, f"sm-ci/{this.id}")
        if refused and refused.kind == NO_GPU:
            raise refused
    driver = nvidia.find(this.environ) if engine.facts.local else None
    known = driver.gpus if driver else ()
    here = offer.count or len(known) or None
    smallest = min(known, key=lambda gpu: gpu.memory, default=None)
    this.progress.done(_said(here, driver))
    return Found(
        gpus=Gpus(
            wanted=wanted,
            here=here,
            name=smallest.name if smallest else "",
            memory=smallest.memory if smallest else 0,
        ),
        offer=offer,
        driver=driver,
    )


def judge(this: Run, engine: Engine, image: ImageFacts, found: Found) -> None:
    """Notes what does not go together of image and driver. EnvironmentFault when it surely does not start here."""
    if not found.gpus.wanted:
        return
    described = images.configuration(engine, image.id or image.reference)
    shown = cuda.Image(
        reference=image.reference,
        environment={**described.environment, **this.spec.file.environment},
        labels=described.labels,
    )
    by_names = bool(found.offer.names)
    finding = cuda.on_machine(shown, found.driver, by_names=by_names) if found.driver else None
    if finding and finding.severity is Severity.ERROR:
        raise EnvironmentFault(
            finding.message, remedy=_sentence(finding.remedy), kind=finding.rule, at=this.spec.place("image")
        )
    for one in (finding, cuda.on_instance(shown, this.spec.file.instance_type or "")):
        if one:
            this.note(one)


def may_be_skipped(this: Run, error: SmCiError) -> bool:
    """Whether the run wants a GPU only where there is one, and there is none."""
    return error.kind == NO_GPU and this.gpu == OPTIONAL


def _said(here: int | None, driver: Driver | None) -> str:
    names = list(dict.fromkeys(gpu.name for gpu in driver.gpus if gpu.name)) if driver else []
    count = "GPU" if here is None else f"{here} GPU{'s' * (here != 1)}"
    model = f" ({', '.join(names)})" if names else ""
    return f"{count}{model}" + (f", driver {driver}" if driver else "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
