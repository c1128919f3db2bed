"""From what a spec names to a folder that can be mounted. Touches the file system, and S3 where the model is there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sm_ci.artifact.address import Address
from sm_ci.artifact.archive import unpack
from sm_ci.artifact.cache import Cache
from sm_ci.artifact.layout import outline
from sm_ci.errors import CredentialsMissing, ModelMissing, UsageError
from sm_ci.results import FileFacts

if TYPE_CHECKING:
    from sm_ci.artifact.s3 import Clients, Patience

MOST_ADDITIONAL = 5
"""Additional sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"""
CHANNEL = re.compile(r"[A-Za-z0-9.\-_]{1,64}")
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AdditionalModelDataSource.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelData:
    """A folder whose content belongs at /opt/ml/model.

    `names` are its first files. `packed`: it was an archive. `cached`: it was unpacked by an earlier run; of such a folder
    nothing may be changed.
    """

    folder: Path
    facts: FileFacts
    names: tuple[str, ...] = ()
    packed: bool = False
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a transfer is, in bytes; `total` is 0 when it is not known."""

    doing: str
    done: int
    total: int = 0

    def __str__(self) -> str:
        of = f" of {self.total / 2**20:,.0f}" if self.total else ""
        return f"{self.doing} {self.done / 2**20:,.0f}{of} MiB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What models are had with.

    `scratch` is a folder of this run's own, for what is not cached. `clients` is `sm_ci.aws.Aws.client`; None where S3
    must not be asked. `say` gets lines that a user should see, `on_progress` how far it is.
    """

    scratch: Path
    cache: Cache | None = None
    clients: Clients | None = None
    patience: Patience | None = None
    on_progress: Callable[[Progress], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None


def obtain(source: str, base: Path, shown: str, means: Means, *, place: str = "model") -> ModelData:
    """The folder to mount for a source: a folder, a model.tar.gz, s3://…tar.gz or s3://…/ ; paths start at `base`.

    A folder is used where it is. All else is put into the cache, or below `scratch` into the folder `place`. ModelMissing
    when there is nothing to read; CannotServe when SageMaker would refuse it; EnvironmentFault when it does not arrive.
    """
    address = Address.parse(source)
    if address is not None:
        return _from_s3(address, means, place)
    path = base / source
    if is_folder(path, shown):
        return _described(path.resolve(), _measure(path, shown))

    def fill(folder: Path) -> FileFacts:
        return unpack(path, shown, folder, on_progress=_unpacked(means))

    return _kept(lambda cache: cache.key_of(path), shown, fill, means, place, packed=True)


def obtain_additional(sources: Mapping[str, str], base: Path, means: Means) -> tuple[tuple[str, ModelData], ...]:
    """Each channel's folder, which belongs at /opt/ml/additional-model-data-sources/CHANNEL. UsageError for its name."""
    if len(sources) > MOST_ADDITIONAL:
        raise UsageError(
            f"there are {len(sources)} additional model data sources, and SageMaker takes {MOST_ADDITIONAL}",
            remedy="Put some of them into one.",
        )
    for channel in sources:
        if not CHANNEL.fullmatch(channel) or channel in {".", ".."}:
            raise UsageError(
                f"{channel!r} cannot be the name of an additional model data source",
                remedy="SageMaker takes 1 to 64 letters, digits, dots, hyphens and underscores.",
            )
    return tuple(
        (channel, obtain(source, base, source, means, place=f"additional-{channel}"))
        for channel, source in sources.items()
    )


def is_folder(path: Path, shown: str) -> bool:
    """Whether the model is a folder and no file. ModelMissing when there is neither."""
    try:
        folder_given, there = path.is_dir(), path.exists()
    except OSError as error:
        why = f"the model {shown} cannot be read: {error.strerror}"
        raise ModelMissing(why, remedy="Check the permissions of the folders above it.") from error
    if not there:
        raise ModelMissing(f"the model {shown} does not exist", remedy="Give a directory or a model.tar.gz.")
    return folder_given


def _from_s3(address: Address, means: Means, place: str) -> ModelData:
    if means.clients is None:
        why = f"the model {address} is in S3, and no AWS credentials are to be used here"
        raise CredentialsMissing(why, remedy="Give a directory or a model.tar.gz.")
    from sm_ci.artifact.fetching import find
    from sm_ci.artifact.s3 import Bucket

    bucket = Bucket(means.clients, address.bucket, patience=means.patience, say=means.say)
    remote = find(address, bucket)

    def fill(folder: Path) -> FileFacts:
        return remote.fetch(
            folder, lambda done, total: means.on_progress(Progress(doing="downloaded", done=done, total=total))
        )

    return _kept(lambda _: remote.key, str(address), fill, means, place, packed=not address.is_prefix)


def _kept(
    key: Callable[[Cache], str],
    shown: str,
    fill: Callable[[Path], FileFacts],
    means: Means,
    place: str,
    *,
    packed: bool,
) -> ModelData:
    """From the cache, or into it; without one into the run's own folder, which nothing is left in when it fails."""
    if means.cache is not None:
        try:
            entry = key(means.cache)
        except OSError as error:
            why = f"the model {shown} cannot be unpacked: {error}"
            raise ModelMissing(why, remedy="Is the file readable?") from error
        folder, facts, cached = means.cache.obtain(entry, shown, fill)
        return _described(folder, facts, packed=packed, cached=cached)
    folder = means.scratch / place
    folder.mkdir(parents=True)
    try:
        facts = fill(folder)
    except BaseException:  # an interrupt too
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _described(folder, facts, packed=packed)


def _unpacked(means: Means) -> Callable[[int], None]:
    return lambda done: means.on_progress(Progress(doing="unpacked", done=done))


def _described(folder: Path, facts: FileFacts, *, packed: bool = False, cached: bool = False) -> ModelData:
    return ModelData(folder=folder, facts=facts, names=outline(folder), packed=packed, cached=cached)


def _measure(folder: Path, shown: str) -> FileFacts:
    try:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError as error:
        raise ModelMissing(
            f"the model {shown} cannot be read: {error}", remedy="Check the permissions of its files."
        ) from error
    return FileFacts(source=shown, size=sum(sizes), files=len(sizes))
