"""One place where a value is not as expected, and the position that a comparison has reached. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sm_ci.checks.values import counted, show, show_apart, step_into, type_of, with_article
from sm_ci.errors import Location
from sm_ci.results import Failure

Place = Callable[..., Location]
"""Gives the place in the spec of a path of keys such as ("expect", "json", "score")."""

Steps = tuple[str | int, ...]


class Missing:
    """The type of MISSING."""


MISSING: Final = Missing()
"""There is no such key, header or query result; null is a value and not missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One difference: `path` leads to it in the answer, `keys` in the expectation; `reason` follows the path.

    `difference` is how far two numbers are apart. The line that stands for further differences says in
    `stands_for` how many, and in `worst` where the largest is.
    """

    path: str
    keys: Steps
    expected: str
    got: str
    reason: str
    difference: float | None = None
    stands_for: int = 0
    worst: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How positions of one kind of answer are written, and what its arrays are made of."""

    path: Callable[[Steps], str]
    noun: Callable[[Steps], str]
    untyped: bool = False  # text that is a number where one is expected, and null when it is empty


def json_notation(root: str) -> Notation:
    """Positions such as `$.predictions[0].score`."""

    def path(steps: Steps) -> str:
        written = f"({root})" if steps and (" " in root or "|" in root) else root
        for step in steps:
            written = f"{written}[{step}]" if isinstance(step, int) else step_into(written, step)
        return written

    return Notation(path=path, noun=lambda _: "element")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a comparison stands: steps into the answer, keys into the expectation, the tolerance there."""

    notation: Notation
    rtol: float
    atol: float
    steps: Steps = ()
    keys: Steps = ()

    def into(self, step: str | int, key: str | int) -> Spot:
        """One step further in the answer and in the expectation."""
        return self._at((*self.steps, step), (*self.keys, key))

    def under(self, key: str | int) -> Spot:
        """Further in the expectation only, as below an operator."""
        return self._at(self.steps, (*self.keys, key))

    def item(self, index: int) -> Spot:
        """An element that the same expectation is applied to."""
        return self._at((*self.steps, index), self.keys)

    def _at(self, steps: Steps, keys: Steps) -> Spot:  # dataclasses.replace takes four times as long
        return Spot(notation=self.notation, rtol=self.rtol, atol=self.atol, steps=steps, keys=keys)

    def length(self) -> Spot:
        """The length of what stands here, written `length($.x)`."""
        path = f"length({self.path})"
        return replace(self, steps=(), notation=Notation(path=lambda _: path, noun=self.notation.noun))

    @property
    def path(self) -> str:
        """The position as the user reads it."""
        return self.notation.path(self.steps)

    def mismatch(
        self, expected: str, got: str, note: str = "", *, reason: str = "", difference: float | None = None
    ) -> Mismatch:
        """A difference here. `note` ends the usual sentence, `reason` replaces it."""
        return Mismatch(
            path=self.path,
            keys=self.keys,
            expected=expected,
            got=got,
            reason=reason or f"expected {expected}, got {got}{note}",
            difference=difference,
        )

    def wrong_type(self, expected: str, actual: object, wanted: str) -> Mismatch:
        """A value of another type; `wanted` is the type it should have."""
        found = type_of(actual)
        note = "" if "null" in (found, wanted) else f" ({with_article(found)}, not {with_article(wanted)})"
        return self.mismatch(expected, show(actual), note)

    def wrong_text(self, expected: str, actual: str) -> Mismatch:
        """Another text than the expected one."""
        shown, got = show_apart(expected, actual)
        return self.mismatch(shown, got)

    def wrong_length(self, expected: int, actual: Sequence[object]) -> Mismatch:
        """An array with more or fewer elements than expected."""
        noun = self.notation.noun(self.steps)
        return self.mismatch(counted(expected, noun), counted(len(actual), noun), f": {show(actual)}")


def failure(check: str, mismatch: Mismatch, place: Place, *keys: str | int) -> Failure:
    """The mismatch as a failure of one check; `keys` lead to the expectation below `expect`."""
    return Failure(
        check=check,
        path=mismatch.path,
        expected=mismatch.expected,
        got=mismatch.got,
        message=f"{mismatch.path}: {mismatch.reason}",
        at=place("expect", *keys, *mismatch.keys),
    )
