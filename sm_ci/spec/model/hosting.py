"""What is hosted, and under which limits: image, model data, resources. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from sm_ci import contract
from sm_ci.spec.model.values import MAPPING, NULL, Model, Size, Text, kind


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
