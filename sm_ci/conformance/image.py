"""Checks of the contract suite on the image itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from sm_ci import contract
from sm_ci.conformance.subjects import Image
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.contract.suite import Weight
from sm_ci.text import shorten

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_INITS = frozenset({"tini", "tini-static", "dumb-init", "docker-init", "catatonit", "init", "s6-svscan", "my_init"})
_CAPABILITY = "com.amazonaws.sagemaker.capabilities."
_CAPABILITIES = ("accept-bind-to-port", "multi-models", "bidirectional-streaming")
_HANDED = re.compile(r"\$\{?[@*1]|\bserve\b")
_REPLACED = re.compile(r"(^|[;&|]\s*)exec\s")
LARGE = 20 * 2**30
"""Bytes on disk. AWS's own largest inference images take about as much; beyond it an endpoint scales by minutes."""
_SECRET_NAME = re.compile(
    r"(?i)(^|_)(password|passwd|secret|secret_?key|api_?key|private_?key|access_?key|token|credentials?)($|_)"
)
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bhf_[A-Za-z0-9]{30,}|\bgh[pousr]_[A-Za-z0-9]{36,}|\bsk-[A-Za-z0-9_-]{32,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s:@]{3,}@"
)
_NO_SECRET = re.compile(
    r"(?i)true|false|none|null|changeme|[\d.,_]{1,12}|/[\w./-]*|[\w./-]*\.(json|txt|pem|model)|https?://[^@\s]*|arn:.*"
    r"|<.*>|\[.*\]|\$.*"
)
"""Values under a secret's name that are none: figures, paths, addresses, names of resources, tokens of a model's vocabulary."""
_SHORTEST_SECRET = 8


def entry_point_form(image: Image) -> Verdict:
    """The guide recommends exec form: a shell as first process may keep SIGTERM to itself, and drops the word `serve`."""
    entry = image.entrypoint
    if not _runs_text(entry):
        return HELD
    text = entry[2].strip()
    handed, replaced = bool(_HANDED.search(text)), bool(_REPLACED.search(text))
    if handed and replaced:
        return HELD
    lost = [] if handed else ["the server does not get the argument 'serve'"]
    lost += [] if replaced else ["a shell may keep SIGTERM to itself, so that the server is killed after 30 s"]
    return broken(
        f"ENTRYPOINT has the shell form ({shorten(text, 80)!r}): {', and '.join(lost)}",
        f"write it in exec form: ENTRYPOINT {_exec_form(text)}",
    )


def no_init(image: Image) -> Verdict:
    """The guide: "You can't use the tini initializer as your entry point"."""
    first = PurePosixPath(image.entrypoint[0]).name if image.entrypoint else ""
    if first not in _INITS:
        return HELD
    return broken(
        f"the entry point is the init program {first!r}, which SageMaker's guide says cannot be used",
        "start the server itself as the first process, in exec form, and let it reap what it starts",
    )


def root_user(image: Image) -> Verdict:
    """The guide: "Create your container so that it uses only root users"."""
    if image.user.partition(":")[0] in {"", "root", "0"}:
        return HELD
    return broken(
        f"the image runs as the user {image.user!r}, and SageMaker expects root",
        "leave USER out of the Dockerfile, or make sure that this user can read and write all that the server needs",
    )


def labels(image: Image) -> Verdict:
    """SageMaker reads `true` of these labels; anything else means that the image has not the capability."""
    for name, value in sorted(image.labels.items()):
        if not name.lower().startswith(_CAPABILITY):
            continue
        if name[len(_CAPABILITY) :] not in _CAPABILITIES or not name.startswith(_CAPABILITY):
            known = f"{', '.join(_CAPABILITIES[:-1])} and {_CAPABILITIES[-1]}"
            return broken(
                f"the label {shorten(name, 120)} is none that SageMaker is known to read",
                f"those of {_CAPABILITY}… are {known}",
                weight=Weight.ADVICE,
            )
        if value not in {"true", "false"}:
            return broken(
                f"the label {name} is {shorten(value, 40)!r}, and SageMaker reads true", f'write LABEL {name}="true"'
            )
    return HELD


def image_size(image: Image) -> Verdict:
    """Each new instance of an endpoint pulls the image before it can serve."""
    if image.size <= LARGE:
        return HELD
    size = f"{image.size / 2**30:.1f} GiB"
    return broken(
        f"the image takes {size} on disk: a new instance of the endpoint pulls all of it before it serves",
        "leave out build tools, caches and weights (which belong to the model data)",
    )


def manifest_type(image: Image) -> Verdict:
    """CreateModel refuses an index (a multi-platform image, or one with attestations); mlflow#13834."""
    if not image.registry_asked:
        return unchecked("the image is the engine's own: no registry was asked for its manifest")
    if image.manifest is None:
        return HELD
    return broken(image.manifest.message, image.manifest.remedy, weight=Weight.MISBEHAVES)


def architecture(image: Image) -> Verdict:
    """A Graviton type runs arm64, all others amd64; else: CannotStartContainerError."""
    if not image.wanted_architecture:
        return unchecked("the spec names no instance_type")
    if image.architecture == image.wanted_architecture:
        return HELD
    return broken(
        f"the image is for {image.architecture}, and the instance type has {image.wanted_architecture}",
        f"build it with --platform linux/{image.wanted_architecture}, or choose another instance_type",
    )


def environment_limits(image: Image) -> Verdict:
    """CreateModel: 100 entries, their names, values of at most 1024 bytes, 32 KiB in all.

    A spec that breaks them is refused when it is read, so that no run comes to here with one.
    """
    given = {name: len(value.encode(errors="surrogatepass")) for name, value in image.given.items()}
    wrong = next((name for name in given if not re.fullmatch(contract.ENVIRONMENT_KEY, name)), None)
    long = next((name for name, size in given.items() if size > contract.ENVIRONMENT_VALUE_LENGTH), None)
    whole = sum(given.values()) + sum(map(len, given))
    remedy = "put the value into a file of the model data"
    if len(given) > (most := contract.ENVIRONMENT_ENTRIES):
        return broken(f"the environment has {len(given)} entries, and CreateModel takes {most}", "leave some out")
    if wrong is not None:
        said = f"the variable {shorten(wrong, 80)!r} has a name that CreateModel refuses"
        return broken(said, "use letters, digits and _, no digit first")
    if long is not None:
        most = contract.ENVIRONMENT_VALUE_LENGTH
        return broken(f"the variable {long} has {given[long]:,} bytes, and CreateModel takes {most:,}", remedy)
    if whole > (most := contract.ENVIRONMENT_TOTAL):
        return broken(f"the environment has {whole:,} bytes, and CreateModel takes {most:,} in all", remedy)
    return HELD


def image_secrets(image: Image) -> Verdict:
    """Whoever can pull the image can read its variables. The value is never shown."""
    for name, value in image.environment.items():
        by_name = _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and not _NO_SECRET.fullmatch(value)
        if by_name or _SECRET_VALUE.search(value):
            return broken(
                f"the image's variable {name} looks like a secret: whoever can pull the image can read it",
                "take ENV and ARG of it out of the Dockerfile; give the value when the model is created, or fetch it at start",
            )
    return HELD


def _runs_text(entry: tuple[str, ...]) -> bool:
    """Docker writes the shell form as `/bin/sh -c TEXT`."""
    return len(entry) >= 3 and PurePosixPath(entry[0]).name in _SHELLS and re.fullmatch(r"-\w*c", entry[1]) is not None


def _exec_form(text: str) -> str:
    words = text.removeprefix("exec ").split()
    simple = words and not re.search(r"[$`|&;<>()*?'\"\\]", text)
    return (
        "[" + ", ".join(f'"{word}"' for word in words) + "]"
        if simple
        else '["/path/to/script"], a script that ends with exec'
    )


CHECKS: Mapping[str, Callable[[Image], Verdict]] = {
    "entry-point-form": entry_point_form,
    "no-init": no_init,
    "root-user": root_user,
    "labels": labels,
    "image-size": image_size,
    "manifest-type": manifest_type,
    "architecture": architecture,
    "environment-limits": environment_limits,
    "image-secrets": image_secrets,
}
