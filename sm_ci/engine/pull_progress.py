"""How far a pull is, from what the engine tells of it line by line. Pure.

Lines: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageCreate. The classic store tells
of each layer's bytes twice, fetched and unpacked; containerd's tells seconds for the latter (`units: s`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Literal

from sm_ci.report.wording import size as octets

Phase = Literal["asking", "downloading", "extracting", "done"]

WINDOW = 5.0  # seconds over which the speed is smoothed
_APART = 0.5  # seconds between two marks of it
_DIGEST = "Digest: "
_AGAIN = "Retrying in "


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """How far a pull is. Bytes are those that travel (compressed); layers that the engine has already are done, and have none.

    `sized`: the size of every layer is known, so `total` is all there is; only of layers too small for the engine to tell
    it is not, and they count nothing. `part` is known then. `speed` is bytes a second. `note` says why it is tried again.
    """

    phase: Phase = "asking"
    layers: int = 0
    layers_fetched: int = 0
    layers_done: int = 0
    total: int = 0
    fetched: int = 0
    unpacked: int = 0
    sized: bool = False
    speed: float = 0.0
    part: float | None = None  # of the phase, 0 to 1
    note: str = ""

    def __str__(self) -> str:
        """`42 % of 3.0 GiB, 85.3 MiB/s, 5 of 12 layers`."""
        return f"{self.note}; {self._how_far}" if self.note and self._how_far else self.note or self._how_far

    @property
    def _how_far(self) -> str:
        layers = f"{self.layers} layer{'s' * (self.layers != 1)}"
        part = f"{round((self.part or 0) * 100)} % of {octets(self.total)}"
        if self.phase == "asking":
            return "" if self.note else "asking the registry"
        if self.phase == "done":
            return f"{octets(self.fetched)}, {layers}"
        if self.phase == "extracting":
            return f"unpacking, {part}, {self.layers_done} of {layers}"
        far = f"{octets(self.fetched)} so far" if self.part is None else part
        speed = f", {octets(round(self.speed))}/s" if self.speed else ""
        return f"{far}{speed}, {self.layers_fetched} of {layers}"


class Stage(IntEnum):
    """What of a layer is over."""

    WAITING, FETCHED, DONE = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer; bytes are compressed. Without a size yet it is 0."""

    size: int = 0
    fetched: int = 0
    unpacked: int = 0
    stage: Stage = Stage.WAITING

    def complete(self, stage: Stage) -> Layer:
        """Everything up to a stage is over."""
        unpacked = self.size if stage is Stage.DONE else self.unpacked
        return replace(self, fetched=self.size, unpacked=unpacked, stage=max(stage, self.stage))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulling:
    """What the engine has told so far. `sizes` are the layers' that are known beforehand, by the engine's short ids.

    `engine_retried`: it has tried again by itself. `marks` are bytes at a time, for the speed.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    digest: str = ""
    note: str = ""
    engine_retried: bool = False
    marks: tuple[tuple[float, int], ...] = ()

    def after(self, line: Mapping[str, Any], at: float) -> Pulling:
        """With one line more, which came at a time (seconds)."""
        status, name = str(line.get("status", "")), str(line.get("id", ""))
        if status.startswith(_DIGEST):
            return replace(self, digest=status.removeprefix(_DIGEST).strip())
        before = self.layers.get(name) or Layer(size=self.sizes.get(name, 0))
        layer = _after(before, status, line.get("progressDetail") or {})
        if layer is None:
            return self
        again = status.startswith(_AGAIN)
        told = replace(
            self,
            layers={**self.layers, name: layer},
            note=f"layer {name}: r{status[1:]}" if again else "",
            engine_retried=self.engine_retried or again,
        )
        return replace(told, marks=_marks(self.marks, at, told.fetched))

    @property
    def fetched(self) -> int:
        """Bytes of all layers."""
        return sum(layer.fetched for layer in self.layers.values())

    @property
    def progress(self) -> PullProgress:
        """As people want it."""
        layers = list(self.layers.values())
        fetching = any(layer.stage is Stage.WAITING for layer in layers)
        phase: Phase = "downloading" if fetching else "extracting" if layers else "asking"
        total, fetched = sum(layer.size for layer in layers), self.fetched
        unpacked = sum(layer.unpacked for layer in layers)
        moved = fetched if fetching else unpacked
        sized = all(layer.size or layer.stage > Stage.WAITING for layer in layers)
        return PullProgress(
            phase="done" if self.digest else phase,
            layers=len(layers),
            layers_fetched=sum(layer.stage >= Stage.FETCHED for layer in layers),
            layers_done=sum(layer.stage is Stage.DONE for layer in layers),
            total=total,
            fetched=fetched,
            unpacked=unpacked,
            sized=sized,
            speed=_speed(self.marks),
            part=1.0 if self.digest else min(moved / total, 1.0) if sized and total else None,
            note=self.note,
        )


def _after(layer: Layer, status: str, detail: Mapping[str, Any]) -> Layer | None:
    """The layer after a line about it; None when the line is about something else."""
    current, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
    if status in {"Pulling fs layer", "Waiting"} or status.startswith(_AGAIN):
        return layer
    if status == "Downloading":
        return _downloading(layer, current, total)
    if status in {"Verifying Checksum", "Download complete"}:
        return layer.complete(Stage.FETCHED)
    if status == "Extracting":
        fetched = replace(layer, size=total or layer.size).complete(Stage.FETCHED)
        return replace(fetched, unpacked=current) if total else fetched
    if status == "Pull complete":
        return layer.complete(Stage.DONE)
    return Layer(stage=Stage.DONE) if status == "Already exists" else None


def _downloading(layer: Layer, current: int, total: int) -> Layer:
    """Of a download that is resumed the engine counts what is left alone. Of one that was cut it says that all is there
    [moby/moby, pkg/progress/progressreader.go, Close], so the last byte counts when it says so in words.
    """
    size = max(total, layer.size, current)
    fetched = layer.fetched if current == total else size - total + current if total else current
    return replace(layer, fetched=fetched, size=size)


def _marks(marks: tuple[tuple[float, int], ...], at: float, fetched: int) -> tuple[tuple[float, int], ...]:
    """Of the last seconds; anew where the engine begins a layer again. The last one moves until it is old enough to stay."""
    if marks and fetched < marks[-1][1]:
        return ((at, fetched),)
    kept = tuple(mark for mark in marks if at - mark[0] <= WINDOW)
    if len(kept) > 1 and kept[-1][0] - kept[-2][0] < _APART:
        kept = kept[:-1]
    return (*kept, (at, fetched))


def _speed(marks: tuple[tuple[float, int], ...]) -> float:
    if len(marks) < 2 or marks[-1][0] - marks[0][0] < _APART:
        return 0.0
    (begun, before), (now, fetched) = marks[0], marks[-1]
    return (fetched - before) / (now - begun)
