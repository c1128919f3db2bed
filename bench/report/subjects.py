"""The two versions of a comparison: a run of each, and what is in its image. Pure."""

from __future__ import annotations

from dataclasses import replace

from bench.report import made
from sm_ci.differences import ImageContents, Layer, Package, Subject
from sm_ci.results import LoadResult, Percentile, RunResult

MIB = 2**20


def subject(tag: str, slower: float, *, loads: bool) -> Subject:
    """One version; whatever it takes is `slower` times that of the first."""
    result = made.run(cases=60, failing=0.0, loads=(_slowed(made.load(), slower),) if loads else ())
    return Subject(label=f"image:churn:{tag}", result=_started(result, tag, slower), contents=_contents(tag, slower))


def _started(result: RunResult, tag: str, slower: float) -> RunResult:
    assert result.image
    assert result.hosting
    phases = tuple(replace(phase, seconds=phase.seconds * slower) for phase in result.hosting.phases)
    hosting = replace(result.hosting, phases=phases, ready_after=2.6 * slower)
    size = round(result.image.size * slower)
    return replace(result, image=replace(result.image, reference=f"churn:{tag}", size=size), hosting=hosting)


def _slowed(load: LoadResult, slower: float) -> LoadResult:
    ranks = tuple(Percentile(percent=one.percent, seconds=one.seconds * slower) for one in load.latency.percentiles)
    buckets = tuple(replace(one, answered=round(one.answered / slower)) for one in load.buckets)
    usage = tuple(replace(one, memory=round((one.memory or 0) * slower)) for one in load.usage)
    return replace(
        load,
        latency=replace(load.latency, percentiles=ranks),
        buckets=buckets,
        usage=usage,
        throughput=load.throughput / slower,
        peak=round((load.peak or 0) * slower),
    )


def _contents(tag: str, slower: float) -> ImageContents:
    sizes = (78, 4, 310, 640, 12)
    layers = [
        Layer(digest=f"sha256:{number:064x}", size=size * MIB, made_by=f"RUN step {number}")
        for number, size in enumerate(sizes)
    ]
    layers += [
        Layer(digest=f"sha256:{tag}{number}", size=round(size * slower * MIB), made_by=f"COPY part-{number} /opt/program")
        for number, size in enumerate((90, 30, 2))
    ]  # fmt: skip
    return ImageContents(
        size=sum(layer.size for layer in layers),
        layers=tuple(layers),
        packages=tuple(Package(manager="pip", name=f"package-{number}", version="1.0") for number in range(214)),
        os="Ubuntu 22.04.5 LTS",
        python="3.11.9" if tag == "1.9" else "3.12.4",
        cuda="",
    )
