"""Rules about the container's environment variables and secrets, and SageMaker's limits of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sm_ci import contract
from sm_ci.errors import Finding
from sm_ci.spec.value import Value
from sm_ci.spec.variables import is_credential
from sm_ci.spec.wording import quoted

MISSING_SECRET = "secret-missing"  # noqa: S105 - the name of a rule
_NAME = re.compile(contract.ENVIRONMENT_KEY)
_NAME_REMEDY = "use letters, digits and _, no digit first"


def check(root: Value, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong or odd with `environment` and `secrets`."""
    environment = root.at("environment")
    yield from _limits(environment, _secret_values(root.at("secrets"), environ))
    yield from _entries(environment)
    yield from _secrets(root.at("secrets"), environment, environ)


def _secret_values(secrets: Value, environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets that are set: they become variables of the container like the others."""
    names = {value.text for value in secrets.items() if value.text and not is_credential(value.text)}
    return {name: environ[name] for name in sorted(names) if environ.get(name)}


def _limits(environment: Value, secrets: Mapping[str, str]) -> Iterator[Finding]:
    count = len(list(environment.entries())) + len(secrets)
    if count > contract.ENVIRONMENT_ENTRIES:
        message = f"has {count} entries, and SageMaker refuses more than {contract.ENVIRONMENT_ENTRIES}"
        yield environment.error("environment", message, "leave some out")
    total = sum(_bytes(name) + _bytes(value.text or "") for name, value in environment.entries())
    total += sum(_bytes(name) + _bytes(value) for name, value in secrets.items())
    if total > contract.ENVIRONMENT_TOTAL:
        message = f"has {total} bytes, and SageMaker refuses more than {contract.ENVIRONMENT_TOTAL} in all"
        yield environment.error("environment", message, "put long values into files of the model")


def _entries(environment: Value) -> Iterator[Finding]:
    platform = contract.platform_environment()
    for name, value in environment.entries():
        if not _NAME.fullmatch(name):
            message = "is not a name that SageMaker takes for an environment variable"
            yield value.error("environment", message, _NAME_REMEDY, key=True)
        if name in platform:
            message = "SageMaker sets this variable itself"
            yield value.warning(
                "environment", message, f"leave it out; sm-ci sets it to {quoted(platform[name])}", key=True
            )
        size = _bytes(value.text or "")
        if size > contract.ENVIRONMENT_VALUE_LENGTH:
            message = f"has {size} bytes, and SageMaker refuses more than {contract.ENVIRONMENT_VALUE_LENGTH}"
            yield value.error("environment", message, "put it into a file of the model")
        if value.text is not None and "\0" in value.text:
            yield value.error("environment", "holds a NUL character, which no environment variable can hold")


def _secrets(secrets: Value, environment: Value, environ: Mapping[str, str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, value in enumerate(secrets.items()):
        name = value.text
        if name is None:
            continue
        before = first.setdefault(name, index)
        if before != index:
            yield value.error("secret", f"{quoted(name)} is listed twice", f"secrets[{before}] has it already")
        elif is_credential(name):
            yield value.error("credential", f"{quoted(name)} is the name of a credential, which no spec can read")
        elif not _NAME.fullmatch(name):
            yield value.error("secret", f"is not the name of an environment variable: {quoted(name)}", _NAME_REMEDY)
        elif environment.has(name):
            message = f"{quoted(name)} stands in environment too"
            yield value.error("secret", message, "keep it in secrets only, so that its value is not in the file")
        elif not environ.get(name):
            remedy = f"set it, in a workflow with env: {{{name}: ${{{{ secrets.{name} }}}}}}"
            yield value.error(MISSING_SECRET, f"{quoted(name)} is not set in the environment, or is empty", remedy)


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
