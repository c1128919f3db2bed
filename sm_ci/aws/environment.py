"""A botocore session that reads its variables from a mapping, blank ones as unset. Touches ~/.aws and the metadata services.

botocore reads os.environ in many places, and takes AWS_PROFILE="" for a profile without a name; the post step of
configure-aws-credentials, and `env:` with a secret that a fork has not, leave such variables. To take them out of
os.environ would change it for the whole process, so botocore's own parts are given a mapping instead. Left to
os.environ are proxies and REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sm_ci.aws.metadata import ADDRESS, listens

_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def without_blanks(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that say something."""
    return {name: value for name, value in environ.items() if value.strip()}


def without_profile(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables without the choice of a profile, for a sign-in that needs none."""
    return {name: value for name, value in environ.items() if name not in _PROFILE_VARIABLES}


def endpoint(service: str, environ: Mapping[str, str]) -> str | None:
    """The endpoint that the variables name for a service.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    name = service.upper().replace("-", "_")
    return environ.get(f"AWS_ENDPOINT_URL_{name}") or environ.get("AWS_ENDPOINT_URL")


def session(environ: Mapping[str, str], held: Any = None) -> Any:
    """A botocore session, whose credentials are those `held`, else those that botocore's chain finds."""
    import botocore.session
    from botocore.config import Config
    from botocore.configprovider import ConfigChainFactory

    # At DEBUG it prints what it sends and gets, the keys that STS hands out among it.
    logger = logging.getLogger("botocore")
    logger.setLevel(max(logger.level, logging.INFO))
    made = botocore.session.Session()
    environ = {"AWS_STS_REGIONAL_ENDPOINTS": "regional", **environ}  # the default of newer releases
    made.session_var_map["region"] = ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)
    store, chains = made.get_component("config_store"), ConfigChainFactory(session=made, environ=environ)
    for name, (key, variables, default, convert) in made.session_var_map.items():
        store.set_config_provider(
            name,
            chains.create_config_chain(
                instance_name=name,
                env_var_names=variables,
                config_property_names=key,
                default=default,
                conversion_func=convert,
            ),
        )
    made.set_default_client_config(Config(connect_timeout=5, read_timeout=30))  # of the chain's own clients too
    made.register_component("credential_provider", _Held(held) if held else _chain(made, environ))
    return made


class _Held:
    """In the place of botocore's resolver: credentials that are there."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        """What botocore asks for."""
        return self._credentials


def _chain(made: Any, environ: Mapping[str, str]) -> Any:
    """botocore's own chain, those of its parts that look into the environment with ours."""
    from botocore.credentials import (
        AssumeRoleWithWebIdentityProvider,
        ContainerProvider,
        EnvProvider,
        create_credential_resolver,
    )

    profile = made.get_config_variable("profile") or "default"

    def create(service: str, **options: Any) -> Any:
        return made.create_client(service, **{"endpoint_url": endpoint(service, environ), **options})

    resolver = create_credential_resolver(made)
    ours = {
        EnvProvider: lambda: EnvProvider(environ=environ),
        ContainerProvider: lambda: ContainerProvider(environ=environ),
        AssumeRoleWithWebIdentityProvider: lambda: AssumeRoleWithWebIdentityProvider(
            load_config=lambda: _with_web_identity(made.full_config, profile, environ),
            client_creator=create,
            profile_name=profile,
            disable_env_vars=True,
        ),
    }
    resolver.providers = [ours[type(one)]() if type(one) in ours else one for one in resolver.providers]
    address = made.get_config_variable("ec2_metadata_service_endpoint") or ADDRESS
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        resolver.remove("iam-role")
    elif not made.get_config_variable("ec2_metadata_service_endpoint_mode"):
        resolver.providers = [
            _IfListening(one, address) if one.METHOD == "iam-role" else one for one in resolver.providers
        ]
    return resolver


class _IfListening:
    """A machine's role, where its metadata service takes a connection within a second: botocore would try for two."""

    METHOD = CANONICAL_NAME = "iam-role"

    def __init__(self, provider: Any, address: str) -> None:
        self._provider, self._address = provider, address

    def load(self) -> Any:
        """What botocore asks for."""
        return self._provider.load() if listens(self._address, timeout=1.0) else None


def _with_web_identity(config: Mapping[str, Any], profile: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The configuration with the variables of a web identity in the profile's place for it, where they win."""
    variables = {
        "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
        "role_arn": "AWS_ROLE_ARN",
        "role_session_name": "AWS_ROLE_SESSION_NAME",
    }
    named = {key: environ[name] for key, name in variables.items() if name in environ}
    profiles = dict(config.get("profiles", {}))
    profiles[profile] = {**profiles.get(profile, {}), **named}
    return {**config, "profiles": profiles}
