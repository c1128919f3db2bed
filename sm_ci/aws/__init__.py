"""AWS: signs in, and hands out clients; what a refusal means; is the metadata service open?

The only room that knows how credentials are had. Secrets leave it by `hide` first. Beside these,
`sm_ci.aws.container_credentials` serves a role's credentials to the container: imported where it is used, for it
brings an HTTP server along.
"""

from sm_ci.aws.causes import refused
from sm_ci.aws.credentials import Credentials, SignIn
from sm_ci.aws.metadata import answers, reachable
from sm_ci.aws.session import Aws

__all__ = ["Aws", "Credentials", "SignIn", "answers", "reachable", "refused"]
