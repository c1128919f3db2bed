"""How the container is started: its program, its files, what its instance has. Pure."""

from __future__ import annotations

from sm_ci.contract.fidelity.row import UNKNOWN, near, never, same

_ACCESS = "integration/test_access.py"
_CONTRACT = "integration/test_contract.py"
_GPU = "integration/test_gpu.py"
_FAILURES = "integration/test_failures.py"
_HOSTING = "integration/test_hosting.py"
_STACK = "integration/test_serving_stack.py"
_FIDELITY = "integration/test_fidelity.py"
_ARCHIVE = "unit/artifact/test_archive.py"
_LIMITS = "unit/hosting/test_limits.py"
_ASKED = f"{_HOSTING}::test_how_the_engine_was_asked_to_run_it"
_SUITE = f"{_CONTRACT}::test_a_container_that_breaks_one_check_breaks_no_other"
_IMAGE_SUITE = f"{_CONTRACT}::test_an_image_that_breaks_one_check_breaks_no_other"
_RESTARTS = f"{_CONTRACT}::test_what_another_start_shows"

ROWS = (
    # How the container is started.
    same(
        "`docker run IMAGE serve`: one argument in the place of `CMD`",
        "`serve` is the only argument",
        "guide",
        _ASKED,
        f"{_FAILURES}::test_no_serve",
    ),
    same(
        "The image's `ENTRYPOINT` stays and gets the argument",
        "never overridden; a shell form that drops the argument or SIGTERM is told (`entry-point-form`)",
        "guide",
        f"{_HOSTING}::test_the_images_entry_point_stays_and_gets_serve_as_its_argument",
        _IMAGE_SUITE,
    ),
    same(
        "The image's `USER` stays; root is expected",
        "never overridden; another user is advised against (`root-user`)",
        "guide",
        f"{_HOSTING}::test_the_images_user_stays",
        _IMAGE_SUITE,
    ),
    same(
        "A single container's hostname is generated; `ContainerHostname` is ignored",
        "the engine generates one",
        "api",
        _ASKED,
    ),
    same("No init process, no terminal", "no `--init`, no TTY, no stdin", "guide", _ASKED),
    near("Capabilities, seccomp, ulimits: not documented", "the engine's defaults, never privileged", UNKNOWN, _ASKED),
    same(
        "The image's `HEALTHCHECK` says nothing to SageMaker",
        "it is not asked",
        "guide",
        "integration/test_images.py::test_a_health_check_and_triggers_of_the_image_are_not_asked",
    ),
    near(
        "Capability labels of the image (`multi-models`, `accept-bind-to-port`, `bidirectional-streaming`)",
        "held to the values that SageMaker reads (`labels`); nothing else depends on them",
        "multi-container; multi-model",
        _IMAGE_SUITE,
    ),
    near(
        "Only Docker's image manifest (v2, schema 2) is taken; an OCI index, buildx's attestations: "
        "`Unsupported manifest media type`",
        "refused before the pull for an image in ECR, a warning elsewhere (`manifest-type`)",
        "feedback, 180",
        f"{_ACCESS}::test_what_sagemaker_would_refuse_is_said_before_it_travels",
        f"{_CONTRACT}::test_an_index_is_told_once_before_anything_is_started",
    ),
    # Files.
    same(
        "`/opt/ml/model` is read-only, the rest of the root file system is not",
        "a read-only mount, and only that; who tries to write there is told (`read-only-model`)",
        "guide",
        f"{_HOSTING}::test_the_model_is_there_and_read_only",
        f"{_STACK}::test_a_handler_that_writes_to_the_model_folder_fails_as_it_would_when_hosted",
        _SUITE,
    ),
    same(
        "Model data is one gzip-compressed tar, unpacked before the start",
        "an archive is unpacked in one pass; a folder is mounted as it is",
        "guide",
        f"{_ARCHIVE}::test_an_archive_is_unpacked_to_its_top_level",
        f"{_ARCHIVE}::test_a_plain_tar_is_refused_as_sagemaker_does",
        f"{_STACK}::test_the_same_from_an_archive",
    ),
    same(
        "An archive with links is refused",
        "refused, symbolic and hard links; in a folder, links are not looked for",
        "troubleshooting",
        f"{_ARCHIVE}::test_links_are_refused_as_sagemaker_does",
    ),
    near(
        "Owner and mode of unpacked files: not documented",
        "the executable bit is kept, everybody can read",
        UNKNOWN,
        f"{_ARCHIVE}::test_files_keep_their_executable_bit_and_are_readable",
    ),
    same(
        "Uncompressed model data: all objects below a prefix of S3",
        "fetched, `/` by `/`; names that SageMaker refuses are refused",
        "api",
        f"{_ACCESS}::test_files_below_a_prefix_and_additional_sources",
    ),
    same(
        "Additional model data at `/opt/ml/additional-model-data-sources/NAME`",
        "read-only, from a folder, an archive or S3",
        "api",
        f"{_ACCESS}::test_files_below_a_prefix_and_additional_sources",
    ),
    near(
        "`/opt/ml/.sagemaker_infra/endpoint-metadata.json` exists",
        "a file with a made-up ARN, mode 444, put there before the start",
        "djl",
        f"{_HOSTING}::test_djl_finds_the_file_that_says_it_is_hosted",
    ),
    # What the instance has.
    same(
        "`/dev/shm` has 64 MiB",
        "`resources.shm_size` changes it, and `small-shm` tries 64 MiB then; on large GPU instances it may be more",
        "seen, 2801",
        _ASKED,
        _RESTARTS,
    ),
    near(
        "An instance has so many CPUs and so much memory; SageMaker sets no quota",
        "both become hard limits of the container, swap off; what SageMaker keeps for itself is not known and not taken off",
        "troubleshooting",
        f"{_HOSTING}::test_the_instance_type_gives_the_limits_and_a_smaller_machine_scales_them",
        f"{_HOSTING}::test_fit_require_refuses_a_smaller_machine",
        f"{_FAILURES}::test_out_of_memory_at_the_start",
        f"{_FIDELITY}::test_the_memory_limit_holds_for_swap_too_and_the_images_stop_signal_is_sent",
    ),
    near(
        "The container sees all GPUs of the instance",
        "as many as the type has are asked of the engine, by CDI or NVIDIA's hook; a runner with fewer or smaller ones "
        "scales down; tried with a stand-in for the hook",
        "guide",
        f"{_GPU}::test_the_instance_types_gpus_are_attached_and_what_may_not_suit_them_is_a_warning",
        f"{_GPU}::test_fewer_gpus_than_the_type_has",
    ),
    near(
        "Each GPU type has a driver by default, and `InferenceAmiVersion` another",
        "the runner's driver is used; a warning when the type's is too old for the image's CUDA",
        "drivers",
        f"{_GPU}::test_the_instance_types_gpus_are_attached_and_what_may_not_suit_them_is_a_warning",
        "unit/hosting/test_cuda.py::test_the_driver_of_the_instance_type",
    ),
    never(
        "Inferentia, Trainium and Gaudi of the instance",
        "no device is attached; a warning",
        "api",
        f"{_LIMITS}::test_accelerators_are_not_attached",
    ),
    near(
        "Graviton types run arm64 images, the others amd64",
        "an image for another architecture than the type's gives a warning, and breaks `architecture`",
        "api",
        f"{_LIMITS}::test_an_image_for_another_architecture_is_a_warning",
        _SUITE,
    ),
    never("The disk of the instance has a size (`VolumeSizeInGB`)", "the engine's disk, whatever room it has", "api"),
)
