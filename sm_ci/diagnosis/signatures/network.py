"""Ports that are taken, and what the container asks for outside. Pure."""

from sm_ci.diagnosis.signature import PRINTED, Role, signature

_INSIDE = "Put what it needs into the image or the model."

NETWORK = (
    signature(
        "port-in-use",
        Role.FATAL,
        r"Address already in use|Connection in use: |address already in use|\bEADDRINUSE\b|\[Errno 98\]",
        cause="something in the container has taken the port already",
        remedy="Start one server, on the port of $SAGEMAKER_BIND_TO_PORT alone.",
        link="https://github.com/aws/sagemaker-python-sdk/issues/2020",
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "gated-model",
        Role.EXCEPTION,
        r"GatedRepoError|Cannot access gated repo|You are trying to access a gated repo",
        cause="the handler loads a model of Hugging Face's hub that needs an accepted licence and a token",
        remedy="Pack its files into the model, or give the container a token: secrets: [HF_TOKEN].",
        link="https://github.com/huggingface/text-generation-inference/issues/827",
        confidence=0.97,
        reported="https://github.com/huggingface/text-generation-inference/issues/827",
    ),
    signature(
        "model-name",
        Role.EXCEPTION,
        r"is not a local folder and is not a valid model identifier|Repository Not Found for url",
        cause="the handler names a model of Hugging Face's hub that cannot be had",
        remedy="Load from /opt/ml/model, or check the name and the token.",
        link="https://huggingface.co/docs/transformers/installation#offline-mode",
        confidence=0.9,
        reported="https://github.com/huggingface/transformers/issues/36104",
    ),
    signature(
        "hub-unreachable",
        Role.WEAK,
        r"(?P<what>[Cc]ouldn't connect to 'https?://(?P<subject>[^/' ]{1,200}).{0,300})",
        cause="the handler loads from {subject}, which the container cannot reach",
        remedy="Pack the files into the model and load them from /opt/ml/model; HF_HUB_OFFLINE=1 finds it early.",
        link="https://github.com/philschmid/huggingface-sagemaker-workshop-series/issues/15",
        confidence=0.9,
        reported="https://github.com/PromtEngineer/localGPT/issues/822",
    ),
    signature(
        "network",
        Role.WEAK,
        r"Temporary failure in name resolution|Name or service not known|No address associated with hostname"
        r"|Could not resolve host|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|NameResolutionError|Network is unreachable"
        r"|No route to host|Failed to establish a new connection",
        cause="the container asked for something outside",
        remedy=_INSIDE,
        link="https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html",
        confidence=0.6,
        observed=PRINTED,
    ),
    signature(
        "network-timeout",
        Role.WEAK,
        r"(?:TimeoutError|timeout): (?:timed out|\[Errno 110\])|<urlopen error (?:timed out|\[Errno 110\])"
        r"|Connection to \S{1,300} timed out|\bConnectTimeout(?:Error)?\b|curl: \(28\)",
        cause="the container asked for something by the network, which did not answer in time",
        remedy="If it is outside, put what it needs into the image or the model.",
        link="https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html",
        confidence=0.6,
        observed=PRINTED,
    ),
    signature(
        "credentials",
        Role.EXCEPTION,
        r"NoCredentialsError|Unable to locate credentials|NoRegionError|You must specify a region",
        cause="the container called AWS, and sm-ci gives it no credentials",
        remedy="Put what it needs into the image or the model, or pass variables under environment.",
        link="https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
        confidence=0.97,
        observed=PRINTED,
    ),
)
