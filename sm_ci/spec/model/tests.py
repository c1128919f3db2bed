"""A test: its request, and what must hold of the answer. Pure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sm_ci.spec.model.values import CsvBody, Duration, Expected, JsonSchema, Model, Statuses, Texts, UpperLimit


class Contains(Model):
    """Texts that the container's log must and must not hold."""

    contains: Texts = Field((), description="Each of these must stand in some line")
    not_contains: Texts = Field((), description="None of these may stand in any line")


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
