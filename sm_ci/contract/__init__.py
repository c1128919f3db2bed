"""SageMaker's hosting contract as data, a source beside each figure. Pure.

Sources: [dg] Amazon SageMaker developer guide, page your-algorithms-inference-code, unless another page is named;
[api] the service's API model as botocore ships it (sagemaker and sagemaker-runtime).
"""

from __future__ import annotations

import json

COMMAND = ("serve",)  # [dg] `docker run image serve`
PORT = 8080  # [dg]
PING_PATH = "/ping"  # [dg]
INVOCATIONS_PATH = "/invocations"  # [dg]
MODEL_DIRECTORY = "/opt/ml/model"  # [dg], read-only to the container
METADATA_DIRECTORY = "/opt/ml/.sagemaker_infra"  # observed: djl-serving keys on endpoint-metadata.json in it

PING_TIMEOUT = 2.0  # seconds a try [dg]
PING_INTERVAL = 5.0  # seconds; observed in access logs of endpoints
STARTUP_TIMEOUT = 480.0  # seconds: 200s within 8 minutes of the start [dg]
STARTUP_TIMEOUT_RANGE = (60.0, 3600.0)  # ContainerStartupHealthCheckTimeoutInSeconds [api]
ACCEPT_TIMEOUT = 0.25  # seconds to accept a connection [dg]
INVOCATION_TIMEOUT = 60.0  # seconds for the whole answer [dg]
STREAM_TIMEOUT = 480.0  # seconds for the whole of a streamed answer, of any size; the guide's Marketplace pages
STREAM_LIMIT = 256 * 2**20  # bytes of a streamed answer: ours, so that one without end fills no disk
STOP_GRACE = 30  # seconds between SIGTERM and SIGKILL [dg]

SHM_SIZE = 64 * 2**20  # bytes; reported by users of real endpoints (sagemaker-python-sdk#2801)
PAYLOAD_WARNING = 6 * 2**20  # bytes: BodyBlob's maximum [api sagemaker-runtime]
PAYLOAD_LIMIT = 25 * 10**6  # bytes: the hosting FAQ [dg:hosting-faqs]

ENVIRONMENT_ENTRIES = 100  # [api] EnvironmentMap
ENVIRONMENT_KEY = r"[a-zA-Z_][a-zA-Z0-9_]{0,1023}"  # [api] EnvironmentKey
ENVIRONMENT_VALUE_LENGTH = 1024  # [api] EnvironmentValue
ENVIRONMENT_TOTAL = 32 * 1024  # bytes, keys and values [api]

ADDITIONAL_SOURCES = 5  # [api] AdditionalModelDataSources
ADDITIONAL_DIRECTORY = "/opt/ml/additional-model-data-sources"  # [sdk2] serve/utils/optimize_utils.py
CHANNEL_NAME = r"[A-Za-z0-9._-]{1,64}"  # [api] AdditionalModelDataSource.ChannelName

HOST_HEADER = "model.aws.local:8080"  # observed: sagemaker-python-sdk#605
USER_AGENT = "AHC/2.0"  # observed: ibid.
SAFE_PORT_RANGE = "23000-23999"  # observed once, on a single-container endpoint in 2026
REGION = "us-east-1"

REQUEST_HEADERS = {  # InvokeEndpoint's members and the header each becomes [api sagemaker-runtime]
    "content_type": "Content-Type",
    "accept": "Accept",
    "custom_attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "inference_id": "X-Amzn-SageMaker-Inference-Id",
    "session_id": "X-Amzn-SageMaker-Session-Id",
    "target_model": "X-Amzn-SageMaker-Target-Model",
    "target_variant": "X-Amzn-SageMaker-Target-Variant",
    "target_container": "X-Amzn-SageMaker-Target-Container-Hostname",
    "inference_component": "X-Amzn-SageMaker-Inference-Component",
    "adapter": "X-Amzn-SageMaker-Adapter-Identifier",
}
PASSED_HEADERS = frozenset(
    {name.lower() for name in REQUEST_HEADERS.values()}
    | {
        "x-amzn-sagemaker-enable-explanations",
        "x-amzn-sagemaker-prefix-aware-id",
        "x-amzn-sagemaker-adapter-alias",
        "x-amzn-sagemaker-forwarded-api",
    }
)
"""What reaches the container; "SageMaker AI strips all POST headers except those supported by InvokeEndpoint" [dg]."""


NOT_STREAMED = frozenset({"target_model"})
"""Members of InvokeEndpoint that InvokeEndpointWithResponseStream has not [api sagemaker-runtime]; nor takes it NEW_SESSION."""


def platform_environment(port: int = PORT, region: str = REGION) -> dict[str, str]:
    """The variables that the platform adds to the user's own (documented or observed, see the README's fidelity table)."""
    return {
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_SAFE_PORT_RANGE": SAFE_PORT_RANGE,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def endpoint_metadata(region: str = REGION) -> bytes:
    """The file by which AWS's own images know that they are hosted (djl-serving reads it); the ids are made up."""
    arn = f"arn:aws:sagemaker:{region}:123456789012:endpoint/sm-ci"
    return json.dumps({"ResourceId": "sm-ci", "EndpointArn": arn}).encode()
