"""The image that is looked for in files, under the names that people give it. Reads a table of the package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sm_ci.errors import ImageMissing
from sm_ci.image import catalogue
from sm_ci.image.reference import Reference, ecr
from sm_ci.upgrade.writing.pieces import UNKNOWN

_WILD = "[^@]+"


class Whose(StrEnum):
    """Whose a name is: the image's, the same one's in another region of ECR, another's, or it holds too much unknown."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The image as it is, and as it shall be: the same repository, another tag or digest. `new.digest` is for places that pin one."""

    current: Reference
    new: Reference

    @property
    def last(self) -> str:
        """The last word of the repository, without which no text names the image."""
        return self.current.repository.rpartition("/")[2]

    def whose(self, name: str) -> Whose:
        """Of a registry and repository as a file has them, variables that are not known as `UNKNOWN`."""
        return _whose(self, name)

    def looked_up(self, name: str) -> Whose:
        """The same, anew."""
        if UNKNOWN in name:
            return self._guessed(name)
        try:
            given = Reference.parse(name)
        except ImageMissing:
            return Whose.OTHER
        if given.tag != "latest" or given.digest:  # the name ends with another tag
            return Whose.OTHER
        return self._of(given)

    def _of(self, given: Reference) -> Whose:
        if given.repository != self.current.repository:
            return Whose.OTHER
        if given.registry.lower() == self.current.registry.lower():
            return Whose.OURS
        ours, theirs = ecr(self.current), ecr(given)
        if ours is None or theirs is None:
            return Whose.OTHER
        same = ours.account == theirs.account and ours.partition == theirs.partition
        aws = {ours.account, theirs.account} <= catalogue.amazons()
        if same and ours.region == theirs.region:
            return Whose.OURS  # another host name of the same registry
        return Whose.ELSEWHERE if same or aws else Whose.OTHER

    def _guessed(self, name: str) -> Whose:
        """With something unknown before a literal last word it is ours when it fits; `${registry}/other` is not."""
        head, slash, last = name.rpartition("/")
        if UNKNOWN in last or not slash:
            return Whose.UNKNOWN
        if last != self.last:
            return Whose.OTHER
        pattern = re.compile(_WILD.join(re.escape(part) for part in f"{head}/{last}".split(UNKNOWN)), re.IGNORECASE)
        spellings = (self.current.name, self.current.name.removeprefix("docker.io/"))
        return Whose.OURS if any(pattern.fullmatch(one) for one in spellings) else self._region_guessed(name)

    def _region_guessed(self, name: str) -> Whose:
        """The host says another region, and the account is unknown: as much as that is not ours."""
        return Whose.UNKNOWN if name.partition("/")[2] == self.current.repository else Whose.OTHER


@lru_cache(maxsize=4096)
def _whose(wanted: Wanted, name: str) -> Whose:
    """A file may have one name many times."""
    return wanted.looked_up(name)
