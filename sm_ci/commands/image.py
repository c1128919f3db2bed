"""`sm-ci image NAME[:VERSION]`: where an AWS container is. Reads a table of the package, touches standard output."""

from __future__ import annotations

from typing import TextIO

from sm_ci.errors import ImageMissing, UsageError
from sm_ci.image import catalogue


def print_image(
    name: str,
    *,
    region: str,
    accelerator: str = "",
    python: str = "",
    os: str = "",
    every: bool = False,
    stdout: TextIO,
) -> int:
    """Prints the newest image of that name and version, or `every` one, one a line; always 0. UsageError for an unknown word.

    Without a name, with `every`: the names that are known.
    """
    if not name and every:
        stdout.write("".join(f"{known}\n" for known in catalogue.frameworks()))
        return 0
    framework, _, version = name.partition(":")
    try:
        found = catalogue.choose(framework, version, region=region, accelerator=accelerator, python=python, os=os)
    except ImageMissing as error:
        raise UsageError(error.message, remedy=error.remedy, kind=error.kind) from error
    for container in found if every else found[:1]:
        stdout.write(f"{container.reference(region)}\n")
    return 0
