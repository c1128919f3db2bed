"""The spec's shape: one class a mapping, one field a key. Pure.

These classes say which keys there are and which type each value has; what holds between keys stands in
`rules`, where the positions are known. The descriptions go into the JSON schema and the README.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, WithJsonSchema

from sm_ci import contract
from sm_ci.spec import allowances, tags, units

Duration = Annotated[
    float,
    BeforeValidator(units.duration),
    WithJsonSchema({"type": "string", "pattern": units.DURATION_PATTERN, "examples": ["60s"]}),
]
Size = Annotated[
    int,
    BeforeValidator(units.size),
    WithJsonSchema({"type": "string", "pattern": units.SIZE_PATTERN, "examples": ["4GiB"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(units.rate),
    WithJsonSchema({"type": "string", "pattern": units.RATE_PATTERN, "examples": ["20/s"]}),
]
Share = Annotated[
    float,
    BeforeValidator(units.share),
    WithJsonSchema({"type": "string", "pattern": units.SHARE_PATTERN, "examples": ["5%"]}),
]
UpperLimit = Annotated[
    units.Limit,
    BeforeValidator(units.limit),
    WithJsonSchema({"type": "string", "pattern": units.LIMIT_PATTERN, "examples": ["<250ms"]}),
]

TEXT, NUMBER, BOOLEAN, NULL, LIST, MAPPING = "<text>", "<number>", "<boolean>", "<null>", "<list>", "<mapping>"
KINDS = {TEXT: "text", NUMBER: "a number", BOOLEAN: "a boolean", NULL: "null", LIST: "a list", MAPPING: "a mapping"}
"""The tags of every union, each with its words in messages; no path of a document begins with `<`."""


def kind(value: object) -> str:
    """Which branch of a union is meant, so that a wrong value gives one error and not one a branch."""
    if isinstance(value, bool):
        return BOOLEAN
    for types, tag in ((str, TEXT), (int | float, NUMBER), (list | tuple, LIST), (dict | BaseModel, MAPPING)):
        if isinstance(value, types):
            return tag
    return NULL


Text = Annotated[str, Tag(TEXT)]
Whole = Annotated[int, Tag(NUMBER)]
Scalar = Annotated[
    Text | Annotated[int | float, Tag(NUMBER)] | Annotated[bool, Tag(BOOLEAN)] | Annotated[None, Tag(NULL)],
    Discriminator(kind),
]
Texts = Annotated[tuple[str, ...], Strict(strict=False)]
Rows = Annotated[tuple[Annotated[tuple[Scalar, ...], Strict(strict=False)], ...], Strict(strict=False)]
Status = Annotated[Whole | Text, Discriminator(kind)]
Statuses = Annotated[
    Whole | Text | Annotated[tuple[Status, ...], Strict(strict=False), Tag(LIST)],
    Discriminator(kind),
]
CsvBody = Annotated[Text | Annotated[Rows, Tag(LIST)] | Annotated[None, Tag(NULL)], Discriminator(kind)]
JsonSchema = Annotated[
    Text | Annotated[dict[str, Any], Tag(MAPPING)] | Annotated[None, Tag(NULL)],
    Discriminator(kind),
]
Expected = Any
"""A literal, or a mapping of `$` operators, at any depth; checked by `matchers`."""


class Model(BaseModel):
    """Frozen; unknown keys are errors; a value is never converted to another type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False, protected_namespaces=()
    )


class Build(Model):
    """An image that sm-ci builds itself, as `docker build` does."""

    build: str = Field(description="Folder with the Dockerfile, relative to the spec")
    dockerfile: str = Field("Dockerfile", description="The Dockerfile, relative to that folder")
    target: str | None = Field(None, description="Stage of the Dockerfile to build")
    args: dict[str, str] = Field({}, description="Build arguments")


class Framework(Model):
    """An AWS Deep Learning Container by its name, as the SageMaker SDK's image_uris.retrieve finds it."""

    framework: str = Field(description="Such as pytorch, djl-lmi, sklearn: `sm-ci image --list` prints all")
    version: str = Field(description="The framework's version; its start is enough, the newest that fits is taken")
    region: str | None = Field(None, description="Region of the registry; default: --aws-region, AWS_REGION, us-east-1")
    accelerator: str | None = Field(None, description="cpu, gpu, neuronx, …; default: the first that there is")


BUILD, FRAMEWORK = "<build>", "<framework>"
"""The tags of the two kinds of mapping that an image may be."""


def _kind_of_image(value: object) -> str:
    named = "framework" in value if isinstance(value, dict) else isinstance(value, Framework)
    return FRAMEWORK if named else BUILD


Image = Annotated[
    Text
    | Annotated[
        Annotated[Build, Tag(BUILD)] | Annotated[Framework, Tag(FRAMEWORK)],
        Discriminator(_kind_of_image),
        Tag(MAPPING),
    ],
    Discriminator(kind),
]


class ModelData(Model):
    """Model data from several places, as a SageMaker model's ModelDataSource and AdditionalModelDataSources."""

    source: str | None = Field(None, description="What goes to /opt/ml/model")
    additional: dict[str, str] = Field(
        {}, description="Channel name → source, for /opt/ml/additional-model-data-sources/NAME; at most 5"
    )


ModelSource = Annotated[
    Text | Annotated[ModelData, Tag(MAPPING)] | Annotated[None, Tag(NULL)],
    Discriminator(kind),
]


class Resources(Model):
    """Limits of the container; what is given here beats what instance_type says."""

    memory: Size | None = Field(None, description="Memory of the container")
    cpus: float | None = Field(None, ge=0.01, description="CPUs of the container")
    shm_size: Size = Field(
        contract.SHM_SIZE, validate_default=False, description="Size of /dev/shm; SageMaker gives 64MiB"
    )


class Contains(Model):
    """Texts that the container's log must and must not hold."""

    contains: Texts = Field((), description="Each of these must stand in some line")
    not_contains: Texts = Field((), description="None of these may stand in any line")


class Contract(Model):
    """The contract suite."""

    level: Literal["quick", "full", "off"] = Field(
        "quick", description="quick: no further start of the container | full: with them | off: not run"
    )
    fail_on: Literal["refused", "misbehaves", "advice"] = Field(
        "refused", description="What fails the run, and all that is worse; the rest are warnings"
    )
    skip: Texts = Field((), description="Names of checks to leave out")
    payload_warning: Size = Field(
        contract.PAYLOAD_WARNING, validate_default=False, description="Size of a body above which there is a warning"
    )
    payload_limit: Size = Field(
        contract.PAYLOAD_LIMIT, validate_default=False, description="Size of a body above which it is not sent"
    )


class Tolerance(Model):
    """How far a number may be from the expected one: |got - want| <= atol + rtol * |want|, as numpy.isclose has it."""

    rtol: float = Field(1e-5, ge=0, description="Relative tolerance")
    atol: float = Field(1e-8, ge=0, description="Absolute tolerance")


class RequestDefaults(Model):
    """Header values that every request has unless it says otherwise."""

    content_type: str | None = Field(None, description="Content-Type of requests whose body does not decide it")
    accept: str | None = Field(None, description="Accept header")
    custom_attributes: str | None = Field(None, max_length=1024, description="X-Amzn-SageMaker-Custom-Attributes")
    timeout: Duration | None = Field(None, description="Total time for one request; default: invocation_timeout")


class Defaults(Model):
    """What holds for every test unless it says otherwise."""

    request: RequestDefaults = Field(RequestDefaults(), description="Header values of every request")
    tolerance: Tolerance = Field(Tolerance(), description="How far a number may be from the expected one")
    warmup: int = Field(1, ge=0, description="Requests sent and not judged before a case with a latency limit")


class Request(Model):
    """One `POST /invocations`: a body of one kind, and the headers that InvokeEndpoint passes on."""

    json_: Any = Field(None, alias="json", description="Body: this value as JSON")
    text: str | None = Field(None, description="Body: this text, UTF-8")
    csv: CsvBody = Field(None, description="Body: CSV text, or rows of cells")
    file: str | None = Field(None, description="Body: this file's bytes; the suffix decides the content type")
    base64: str | None = Field(None, description="Body: these bytes, in base64")
    content_type: str | None = Field(
        None, max_length=1024, description="Content-Type; default: from the body's kind or suffix"
    )
    accept: str | None = Field(None, max_length=1024, description="Accept")
    custom_attributes: str | None = Field(None, max_length=1024, description="X-Amzn-SageMaker-Custom-Attributes")
    inference_id: str | None = Field(
        None, min_length=1, max_length=64, description="X-Amzn-SageMaker-Inference-Id; a random one by default"
    )
    session_id: str | None = Field(None, max_length=256, description="X-Amzn-SageMaker-Session-Id")
    target_model: str | None = Field(None, min_length=1, max_length=1024, description="X-Amzn-SageMaker-Target-Model")
    target_variant: str | None = Field(None, max_length=63, description="X-Amzn-SageMaker-Target-Variant")
    target_container: str | None = Field(None, max_length=63, description="X-Amzn-SageMaker-Target-Container-Hostname")
    inference_component: str | None = Field(None, max_length=63, description="X-Amzn-SageMaker-Inference-Component")
    adapter: str | None = Field(None, description="X-Amzn-SageMaker-Adapter-Identifier")
    headers: dict[str, str] = Field({}, description="More headers; those that SageMaker would strip are not sent")
    stream: bool = Field(
        default=False,
        description="InvokeEndpointWithResponseStream: the answer is followed as it comes, by default for up to 8 minutes",
    )
    timeout: Duration | None = Field(None, description="Total time for this request; default: invocation_timeout")

    def body_kind(self) -> str | None:
        """Which of json, text, csv, file, base64 the request gives; None for an empty body."""
        return next((kind for kind in BODY_KINDS if FIELD_OF.get(kind, kind) in self.model_fields_set), None)


BODY_KINDS = ("json", "text", "csv", "file", "base64")
FIELD_OF = {"json": "json_", "schema": "schema_"}


class Stream(Model):
    """What must hold of a streamed answer, part by part."""

    format: Literal["sse", "jsonlines", "chunks"] | None = Field(
        None,
        description="How events are told apart; default: sse for text/event-stream, jsonlines for JSON lines, else HTTP's chunks",
    )
    text_at: str | None = Field(
        None, description="JMESPath of the text in an event; events without text there do not count"
    )
    first_event: UpperLimit | None = Field(
        None, description="Bound on the time to the first event (time to first token)"
    )
    inter_token_latency: UpperLimit | None = Field(
        None, description="Bound on the longest time between two events (inter-token latency)"
    )
    events: Expected = Field(None, description="How many events count: a number or a matcher; default: at least one")
    text: Expected = Field(None, description="The text of all events, joined")

    def gives(self, key: str) -> bool:
        """Whether the spec names this key."""
        return key in self.model_fields_set


class Expect(Model):
    """What must hold of the answer. Every key is checked; every failure is reported."""

    status: Statuses = Field(200, description='A status, a class such as "4xx", or a list of them')
    content_type: Expected = Field(
        None, description="Content-Type; parameters such as charset are ignored unless given"
    )
    headers: dict[str, Expected] = Field({}, description="Headers by name, in any case")
    json_: Expected = Field(None, alias="json", description="The body as JSON; keys left out may exist")
    query: dict[str, Expected] = Field({}, description="JMESPath on the JSON body, and what it must give")
    schema_: JsonSchema = Field(
        None, alias="schema", description="JSON Schema of the body: a file or the schema itself"
    )
    text: Expected = Field(None, description="The body as text")
    csv: Expected = Field(None, description="The body as CSV: rows of cells")
    latency: UpperLimit | None = Field(None, description="Bound on the whole time of the request, such as <250ms")
    stream: Stream = Field(
        Stream(), description="What must hold of a streamed answer; needs stream: true in the request"
    )
    logs: Contains = Field(Contains(), description="What the container logs while the request runs")
    stays_healthy: bool = Field(default=False, description="/ping answers 200 right after the request")

    def gives(self, key: str) -> bool:
        """Whether the spec names this key, whatever its value (null is a value)."""
        return FIELD_OF.get(key, key) in self.model_fields_set

    def limits_time(self) -> bool:
        """Whether an answer may be too slow for it."""
        return bool(self.latency or self.stream.first_event or self.stream.inter_token_latency)

    def asserts_nothing(self) -> bool:
        """Whether only the default status is asserted."""
        return not self.model_fields_set


class Test(Model):
    """One request and what must come back."""

    name: str = Field(min_length=1, max_length=200, description="Unique in the spec; part of the case's id")
    tags: Texts = Field((), description="Words to select by with --tags")
    request: Request = Field(Request(), description="What to send")
    expect: Expect = Field(Expect(), description="What must come back")


MOST_CONCURRENT = 1000
"""Requests of a load at a time: a process may open 1024 files where nobody raises that."""


class Arrival(Model):
    """When requests are sent: one of rate (open), concurrency (closed) and steps (a sweep)."""

    rate: Rate | None = Field(None, description="Open: so many requests are due, whether or not others were answered")
    pattern: Literal["poisson", "constant"] = Field(
        "poisson", description="Of a rate: poisson: at random, as of many users | constant: evenly"
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        le=MOST_CONCURRENT,
        description="Closed: so many at a time, each sent when one is answered",
    )
    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_CONCURRENT)], ...], Strict(strict=False)] = Field(
        (),
        description="Sweep: one concurrency after the other, each for its share of duration; limits hold at the knee",
    )


class Load(Model):
    """Requests of the tests, many of them, and what must hold of the whole."""

    name: str = Field(min_length=1, max_length=100, description="Unique in the spec; part of the ids of its limits")
    requests: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {}, description="Names of tests and their weights in the mix; default: all tests alike"
    )
    arrival: Arrival = Field(description="When requests are sent")
    duration: Duration = Field(description="How long requests are sent and judged")
    warmup: Duration | None = Field(None, description="How long requests are sent before that, and not judged")
    check: Share | None = Field(
        None, description="Share of answers that are judged by their test's expectations too; at most 100 a second"
    )
    thresholds: Texts = Field((), description="Limits such as p95 < 200ms, all of which must hold")
    abort_on: Texts = Field((), description="Limits such as error_rate > 20%, of which any ends the load as failed")


class Upgrade(Model):
    """Which newer tags of the image are tried, how much they may differ, and where the one that passes is written."""

    level: Literal["patch", "minor", "major"] = Field(
        "minor", description="How far a newer tag may be from the current one: patch: 1.2.x | minor: 1.x | major: any"
    )
    tags: str | None = Field(
        None, max_length=tags.LONGEST, description="Only these tags: a glob for the whole tag, or a /regex/ found in it"
    )
    hold: Annotated[tuple[Literal["python", "cuda", "os"], ...], Strict(strict=False)] = Field(
        (), description="Parts of the tag that must not change, such as py312, cu124, ubuntu22.04"
    )
    write: Texts = Field((), description="Files in which --write changes the image; default: this spec")
    allow: dict[str, Annotated[str, BeforeValidator(allowances.written)]] = Field(
        {}, description="Figures and how much worse each may be, such as p95: +10%; default: answers: within tolerance"
    )


class SpecFile(Model):
    """One spec: what to host, how to call it, what must come back."""

    version: Literal[1] = Field(description="Version of this language")
    name: str | None = Field(
        None, min_length=1, max_length=100, description="Default: the file's stem, or its folder's name for sm-ci.yml"
    )
    variables: dict[str, Scalar] = Field(
        {}, description="Names for ${NAME}; null: required. From --var, else the environment, else this value"
    )
    image: Image = Field(
        description="Image reference, or a mapping that says how to build it, or which AWS container it is"
    )
    pull: Literal["missing", "newer", "always", "never"] = Field(
        "missing",
        description="missing: when the engine has it not | newer: when the registry has another digest | always | never",
    )
    model: ModelSource = Field(
        None, description="Model data: a directory, a model.tar.gz, s3://bucket/key.tar.gz or s3://bucket/prefix/"
    )
    instance_type: str | None = Field(None, description="Such as ml.m5.large: its CPUs, memory and GPUs become limits")
    fit: Literal["scale", "require"] = Field(
        "scale", description="When the runner is smaller: scale down with a notice | require: exit 3"
    )
    resources: Resources = Field(Resources(), description="Limits of the container")
    gpu: Literal["required", "optional"] | None = Field(
        None,
        description="Where the runner has no GPU: required: exit 3 | optional: skip all tests; "
        "default: required for instance types with GPUs, else none is attached",
    )
    environment: dict[str, str] = Field({}, description="Environment variables of the container")
    secrets: Texts = Field(
        (), description="Names of environment variables to hand to the container and to mask everywhere"
    )
    execution_role: str | None = Field(
        None, description="ARN of the role whose credentials the container gets, as ExecutionRoleArn; null: none at all"
    )
    network_isolation: bool = Field(default=False, description="EnableNetworkIsolation: no route out")
    startup_timeout: Duration = Field(
        contract.STARTUP_TIMEOUT,
        validate_default=False,
        description="Time until /ping must answer 200; SageMaker's default is 480s",
    )
    invocation_timeout: Duration = Field(
        contract.INVOCATION_TIMEOUT,
        validate_default=False,
        description="Total time for one request; SageMaker's is 60s",
    )
    logs: Contains = Field(Contains(), description="What the container's whole log must and must not hold")
    contract: Contract = Field(Contract(), description="The contract suite")
    defaults: Defaults = Field(Defaults(), description="What holds for every test")
    tests: Annotated[tuple[Test, ...], Strict(strict=False)] = Field((), description="The requests, in order")
    load: Annotated[tuple[Load, ...], Strict(strict=False)] = Field((), description="Load tests, one after the other")
    upgrade: Upgrade = Field(Upgrade(), description="Newer tags of the image, as `sm-ci upgrade` looks for them")
