"""Where the model's data are, as the spec or the command line names them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sm_ci import contract
from sm_ci.session.state import Run
from sm_ci.spec.model import ModelData

S3 = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source and where in the container it goes. `given` is as the user wrote it, relative to `base`."""

    given: str
    base: Path
    inside: str
    key: tuple[str, ...]
    channel: str = ""

    @property
    def path(self) -> Path | None:
        """The local file or folder; None for one in S3."""
        return None if self.given.startswith(S3) else self.base / self.given


def sources(this: Run) -> Iterator[Source]:
    """The model first, then the additional sources in their order."""
    given, base = this.spec.file.model, this.spec.directory
    main, key = (given.source, ("model", "source")) if isinstance(given, ModelData) else (given, ("model",))
    if this.options.model is not None:
        yield Source(given=this.options.model, base=Path(), inside=contract.MODEL_DIRECTORY, key=key)
    elif main is not None:
        yield Source(given=main, base=base, inside=contract.MODEL_DIRECTORY, key=key)
    for channel, source in given.additional.items() if isinstance(given, ModelData) else ():
        inside = f"{contract.ADDITIONAL_DIRECTORY}/{channel}"
        yield Source(given=source, base=base, inside=inside, key=("model", "additional", channel), channel=channel)


def main_source(this: Run) -> Source | None:
    """What goes to /opt/ml/model; None without a model."""
    return next((source for source in sources(this) if not source.channel), None)
