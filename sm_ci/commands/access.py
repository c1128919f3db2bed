"""The options for what lies elsewhere, read and checked. Reads the environment that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sm_ci.commands.values import parsed
from sm_ci.errors import UsageError
from sm_ci.session import Access
from sm_ci.spec import units

PASSWORD = "SM_CI_REGISTRY_PASSWORD"  # noqa: S105 - a variable's name


def read_access(options: Mapping[str, Any], environ: Mapping[str, str]) -> Access:
    """UsageError for a value that cannot be. Blank is unset, as an action's inputs are when nobody gives them."""
    given: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in options.items()
    }
    username, password = given["registry_username"] or "", given["registry_password"] or environ.get(PASSWORD, "")
    if bool(username) != bool(password):
        missing, there = ("password", "username") if username else ("username", "password")
        raise UsageError(
            f"--registry-{there} is given without --registry-{missing}",
            remedy="Give both, or neither." + (f" The password may stand in {PASSWORD}." if username else ""),
        )
    return Access(
        role=given["role_to_assume"] or "",
        region=given["aws_region"] or "",
        audience=given["audience"] or "",
        session_name=given["role_session_name"] or "",
        duration=given["role_duration_seconds"],
        registry=given["registry"] or "",
        username=username,
        password=password,
        without_credentials=given["without_credentials"],
        stall=parsed(units.duration, "--stall-timeout", given["stall_timeout"]),
        caching=not given["no_cache"],
        cache=given["cache"],
        cache_size=int(parsed(units.size, "--cache-size", given["cache_size"])),
    )
