"""Newer versions of an image that the spec names by framework and version. Speaks to AWS and registries.

The catalogue says which versions there are, and which image each is: only what it has can be written in the spec. The
repository is asked too, for what the catalogue does not have yet, and for digests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sm_ci import contract
from sm_ci.differences import ImageVersion, UpgradeLevel
from sm_ci.errors import EnvironmentFault, Finding, ImageMissing, Severity
from sm_ci.image import catalogue, known
from sm_ci.image.catalogue import Container
from sm_ci.image.tags import parse
from sm_ci.spec.model import Framework
from sm_ci.upgrade.candidates import Wanted, candidates
from sm_ci.upgrade.looking import Looked, Way, versions

_EXAMPLES = 2


def look(wanted: Framework, way: Way) -> Looked:
    """Of an image by its version. ImageMissing when there is no such version; a registry that does not answer is told only."""
    region = wanted.region or way.gate.aws.region or contract.REGION
    way.progress.step(f"looking for the versions of {wanted.framework}")
    chosen = _chosen(wanted, wanted.version, region)
    by_word = _by_word(wanted, chosen, region)
    there, findings = _in_the_registry(chosen, region, way)
    by_tag = {version.tag: version for version in there}
    made = {
        one.reference(region).familiar: _version(one, region, chosen, by_tag) for one in (chosen, *by_word.values())
    }
    current = made[chosen.reference(region).familiar]
    missing = _missing(current, there, {version.tag for version in made.values()})
    way.progress.done(f"{len(made):,} version{'s' * (len(made) != 1)} of {wanted.framework}")
    return Looked(
        current=current,
        versions=tuple(made.values()),
        findings=(*findings, *missing),
        counted={one.reference(region).familiar: one.version for one in (chosen, *by_word.values())},
        written={one.reference(region).familiar: word for word, one in by_word.items()},
    )


def _chosen(wanted: Framework, word: str, region: str) -> Container:
    return catalogue.choose(wanted.framework, word, region=region, accelerator=wanted.accelerator or "")[0]


def _by_word(wanted: Framework, chosen: Container, region: str) -> dict[str, Container]:
    """The other versions of the same accelerator and precision, each by what the spec has to say to get it."""
    found = {}
    for one in catalogue.choose(wanted.framework, region=region, accelerator=chosen.accelerator):
        if one.tag == chosen.tag or _precision(one) != _precision(chosen):
            continue
        if word := _word(wanted, one, region):
            found[word] = one
    return found


def _precision(one: Container) -> int:
    """How many numbers its version has: 1.0 is a tag that moves where there is 1.0.1 too."""
    version = parse(one.version).part("version")
    return len(version.numbers) if version else 0


def _word(wanted: Framework, one: Container, region: str) -> str:
    """The version as shortly as the spec has it, or longer, so that just that image is found by it; empty when none does."""
    pieces = re.split(r"([.-])", one.version)
    given = len(re.split(r"[.-]", wanted.version))
    for count in range(min(2 * given - 1, len(pieces)), len(pieces) + 1, 2):
        word = "".join(pieces[:count])
        try:
            found = _chosen(wanted, word, region)
        except ImageMissing:
            continue
        if (found.repository, found.tag) == (one.repository, one.tag):
            return word
    return ""


def _in_the_registry(chosen: Container, region: str, way: Way) -> tuple[tuple[ImageVersion, ...], tuple[Finding, ...]]:
    reference = chosen.reference(region)
    try:
        return versions(reference, way)
    except EnvironmentFault as fault:
        message = f"whether {reference.name} has newer tags than this version of sm-ci knows could not be seen: {fault.message}"
        return (), (Finding(rule="not-listed", severity=Severity.NOTICE, message=message, remedy=fault.remedy),)


def _version(one: Container, region: str, chosen: Container, there: dict[str, ImageVersion]) -> ImageVersion:
    reference = one.reference(region)
    plain = ImageVersion(reference=reference.familiar, tag=one.tag)
    told = there.get(one.tag) if one.repository == chosen.repository else None
    return replace(told or plain, support_ends=known.patched_until(reference))


def _missing(current: ImageVersion, there: Sequence[ImageVersion], listed: set[str]) -> tuple[Finding, ...]:
    """That the registry has newer ones than the catalogue."""
    newer = candidates(current, there, Wanted(level=UpgradeLevel.MAJOR)).candidates
    tags = [one.version.tag for one in newer if one.version.tag not in listed | {current.tag}]
    if not tags:
        return ()
    examples = " and ".join(tags[:_EXAMPLES])
    many = (
        f"{len(tags)} newer tags than this version of sm-ci knows" if len(tags) > 1 else "a newer tag than sm-ci knows"
    )
    return (
        Finding(
            rule="catalogue-behind",
            severity=Severity.NOTICE,
            message=f"{current.reference.rpartition(':')[0]} has {many}: {examples}",
            remedy="name the image by its address to move to one of them, or use a newer sm-ci",
        ),
    )
