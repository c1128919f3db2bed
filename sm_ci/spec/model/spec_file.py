"""The whole spec, the contract suite's part and the upgrade's. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Strict

from sm_ci import contract
from sm_ci.spec import allowances, tags
from sm_ci.spec.model.hosting import Image, ModelSource, Resources
from sm_ci.spec.model.load import Load
from sm_ci.spec.model.tests import Contains, Defaults, Test
from sm_ci.spec.model.values import Duration, Model, Scalar, Size, Texts


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
