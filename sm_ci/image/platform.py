"""What a program runs on: operating system and processor, in Go's names. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_VARIANTS = {("arm64", ""): "v8", ("arm", ""): "v7", ("amd64", "v1"): ""}
_OTHER_NAMES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armv7l": "arm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What an image runs on, in Go's names."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def of(cls, os: str, architecture: str, variant: str = "") -> Platform:
        """In one spelling: `aarch64` is arm64, and arm64's v8 goes without saying."""
        known = _OTHER_NAMES.get(architecture.lower(), architecture.lower())
        whole = _VARIANTS.get((known, variant.lower()), variant.lower())
        return cls(os=os.lower(), architecture=known, variant=whole)

    def __str__(self) -> str:
        usual = self.variant in {"", _VARIANTS.get((self.architecture, ""))}
        return f"{self.os}/{self.architecture}" + ("" if usual else f"/{self.variant}")

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Of `linux/arm64/v8` or `linux/aarch64`, as engines report it."""
        os, _, rest = text.partition("/")
        architecture, _, variant = rest.partition("/")
        return cls.of(os, architecture, variant)

    def runs_on(self, machine: Platform) -> bool:
        """Same system and processor. A variant above the architecture's first needs that very machine (amd64/v3)."""
        if (self.os, self.architecture) != (machine.os, machine.architecture):
            return False
        return self.variant == machine.variant or not (self.architecture == "amd64" and self.variant)
