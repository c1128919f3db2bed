"""Doctor's look at credentials: which would be used, for AWS and registries; never what they are. Reads ~/.aws and ~/.docker.

AWS is asked only when the user wants it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from sm_ci.aws import Aws, SignIn, answers, reachable, refused
from sm_ci.aws.job import on_runner
from sm_ci.aws.looking import endpoints, region, source
from sm_ci.commands.access import PASSWORD
from sm_ci.commands.doctor.line import Asked, Line, failed, good, odd
from sm_ci.errors import EnvironmentFault

_NEEDED = "needed for images in ECR, models in S3 and execution_role, for nothing else"
_SHOWN = 10


def lines(asked: Asked) -> Iterator[Line]:
    """What there is to sign in with."""
    wanted = SignIn(role=asked.role, region=asked.region)
    try:
        yield good("AWS credentials", source(wanted, asked.environ))
    except EnvironmentFault as fault:
        yield odd("AWS credentials", f"{fault.message}; {_NEEDED}", fault.remedy)
    try:
        yield good("AWS region", region(wanted, asked.environ) or "none set; us-east-1 where it matters")
    except EnvironmentFault as fault:
        yield odd("AWS region", fault.message, fault.remedy)
    for other in endpoints(asked.environ):
        yield odd("AWS endpoint", other, "Unset the AWS_ENDPOINT_URL variables, unless it is meant.")
    yield from _token(asked.environ)
    yield _registries(asked.environ)
    if answers(asked.environ):
        finding = reachable()
        yield odd("instance metadata", finding.message, f"{finding.remedy[:1].upper()}{finding.remedy[1:]}.")
    if asked.online:
        yield from _identity(wanted, asked.environ)


def _token(environ: Mapping[str, str]) -> Iterator[Line]:
    if not on_runner(environ):
        return
    if environ.get("ACTIONS_ID_TOKEN_REQUEST_URL") and environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        yield good("OIDC", "this job may ask for an identity token")
    else:
        yield good("OIDC", "this job may not ask for an identity token (permissions: id-token: write)")


def _registries(environ: Mapping[str, str]) -> Line:
    """By name only."""
    said = [f"a password in {PASSWORD}"] if environ.get(PASSWORD) else []
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "/") / ".docker")
    try:
        kept = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        names = [*kept.get("auths", {}), *kept.get("credHelpers", {})]
        store = kept.get("credsStore")
    except FileNotFoundError:
        names, store = [], None
    except (OSError, ValueError, AttributeError, TypeError):
        return odd("registries", f"{folder / 'config.json'} cannot be read", "Run: docker login")
    said += [f"docker login: {', '.join(map(str, names[:_SHOWN]))}"] if names else []
    said += [f"the helper docker-credential-{store}"] if store else []
    return good("registries", "; ".join(said) or "no login but AWS's; public images need none")


def _identity(wanted: SignIn, environ: Mapping[str, str]) -> Iterator[Line]:
    doing = "ask AWS who we are"
    try:
        told = Aws(wanted, environ, hide=lambda _: None).client("sts").get_caller_identity()
    except Exception as error:
        fault = error if isinstance(error, EnvironmentFault) else refused(error, doing)
        if fault is None:
            raise
        yield failed("AWS identity", fault.message, fault.remedy)
    else:
        yield good("AWS identity", str(told.get("Arn", "")))
