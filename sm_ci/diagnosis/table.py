"""What is known of errors: a row each, with what it means and what to do. Pure.

The expressions take time that grows with the line and no faster. Groups: `what` is the part of a line that is shown,
without it the whole line; `subject` is what the sentences are about, and may stand in them as may other groups.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Alone(StrEnum):
    """What a line says that no exception goes with."""

    FATAL = "fatal"  # this ended it
    WEAK = "weak"  # perhaps, when nothing else is found
    NOTHING = "nothing"  # the row only explains an exception


@dataclass(frozen=True, slots=True)
class Row:
    """One known error. `needs` must be found in another line; its groups may stand in the sentences too."""

    name: str
    pattern: re.Pattern[str]
    meaning: str
    remedy: str
    alone: Alone
    needs: re.Pattern[str] | None = None


def _row(
    name: str, pattern: str, meaning: str = "", remedy: str = "", alone: Alone = Alone.NOTHING, needs: str = ""
) -> Row:
    return Row(name, re.compile(pattern), meaning, remedy, alone, re.compile(needs) if needs else None)


_GPU = "Load it with map_location='cpu' where no GPU is there, or run the job on a machine with one."
_MEMORY = "Give it more memory (instance_type or resources.memory), or load less."
_VERSIONS = "Install the version that it was made with, or make it again with the image's."
_NO_MODULE = (
    "the container has no Python module {subject}",
    "Install its package in the image, or name it in code/requirements.txt.",
)
_PIP = r"(?:Could not find a version that satisfies the requirement|No matching distribution found for|Invalid requirement:)"

_PROGRAM = (
    _row(
        "exec-format",
        r"(?:^|\s)exec (?P<what>/\S{1,300}: exec format error)",
        "the program is built for another processor, or is a script without a #! line",
        "Build the image for this platform (docker build --platform), or begin the script with #!.",
        Alone.FATAL,
    ),
    _row(
        "exec-missing",
        r"(?:^|\s)exec (?P<what>/\S{1,300}: no such file or directory)",
        "the program, or the interpreter that its first line names, is not in the image",
        "Check its path, its #! line, and that its lines do not end as Windows' do.",
        Alone.FATAL,
    ),
    _row(
        "command-not-found",
        r"(?P<what>(?:[\w./-]{1,100}: )?(?:line )?\d{1,6}: (?P<subject>[\w./-]{1,100}): (?:command )?not found)$",
        "the image has no program {subject}",
        "Install it in the image, or give its whole path.",
        Alone.FATAL,
    ),
    _row(
        "shared-library",
        r"(?P<what>(?:error while loading shared libraries: |ImportError: |OSError: |\b)(?P<subject>lib[\w.+-]{1,100}\.so[\w.]{0,20}):"
        r" cannot open shared object file.*)",
        "the image has no {subject}",
        "Install the system package that holds it in the image.",
        Alone.FATAL,
    ),
    _row(
        "library-too-old",
        r"version [`'](?P<subject>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]{1,20})' not found",
        "a program or package was built on a newer system than the image's, which has no {subject}",
        "Use a newer base image, or build the package on this one.",
        Alone.FATAL,
    ),
    _row(
        "crash",
        r"(?:Fatal Python error: \w|was sent SIGSEGV|shutdown with signal 11|^(?:.{0,60}\s)?Segmentation fault)",
        "native code crashed",
        "Look for packages that do not fit each other or the image; PYTHONFAULTHANDLER=1 prints the Python line.",
        Alone.FATAL,
    ),
    _row(
        "illegal-instruction",
        r"Illegal instruction|shutdown with signal 4\b",
        "a package was built for a processor with instructions that this one does not have",
        "Install a build for older processors, or use another runner.",
        Alone.FATAL,
    ),
)
_MEMORY_AND_DISK = (
    _row(
        "gpu-memory",
        r"CUDA out of memory|CUDA error: out of memory|CUDNN_STATUS_ALLOC_FAILED|CUDA_ERROR_OUT_OF_MEMORY",
        "the GPU's memory is full",
        "Load less, in a smaller type or a smaller batch, or take an instance with more GPU memory.",
        Alone.FATAL,
    ),
    _row(
        "shared-memory",
        r"insufficient shared memory|out of shared memory|unable to \w{1,10} .{0,80}torch_\d.{0,80}shm|Bus error",
        "the shared memory is full (/dev/shm)",
        "Set shm_size under resources if the real endpoint has more, or use fewer worker processes.",
        Alone.FATAL,
    ),
    _row(
        "memory",
        r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc|java\.lang\.OutOfMemoryError"
        r"|DefaultCPUAllocator: (?:can't|not enough)|Unable to allocate [\d.]{1,20} [KMGT]iB",
        "the memory was not enough",
        _MEMORY,
        Alone.FATAL,
    ),
    _row(
        "killed",
        r"^(?:.{0,80}\s)?Killed$|was sent SIGKILL! Perhaps out of memory|terminated due to signal 9|shutdown with signal 9"
        r"|(?:exited|terminated|died).{0,40}\b(?:signal 9|SIGKILL)\b",
        "a process was killed from outside, most likely because the memory was not enough",
        _MEMORY,
        Alone.FATAL,
    ),
    _row(
        "disk-full",
        r"No space left on device|\[Errno 28\]|\bENOSPC\b",
        "the disk is full",
        "Write less, or free some space on this machine.",
        Alone.FATAL,
    ),
    _row(
        "read-only",
        r"Read-only file system|\[Errno 30\]|\bEROFS\b",
        "/opt/ml/model is read-only when hosted",
        "Write to /tmp instead.",
        Alone.WEAK,
    ),
    _row(
        "permission",
        r"Permission denied|\[Errno 13\]|\bEACCES\b",
        "the container's user may not do this",
        "Change the file's mode or owner in the image (COPY --chmod), or the image's USER.",
        Alone.WEAK,
    ),
)
_NETWORK = (
    _row(
        "port-in-use",
        r"Address already in use|Connection in use: |address already in use|\bEADDRINUSE\b|\[Errno 98\]",
        "something in the container has taken the port already",
        "Start one server, on the port of $SAGEMAKER_BIND_TO_PORT alone.",
        Alone.FATAL,
    ),
    _row(
        "network",
        r"Temporary failure in name resolution|Name or service not known|No address associated with hostname"
        r"|Could not resolve host|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|NameResolutionError|Network is unreachable"
        r"|No route to host|Failed to establish a new connection|We couldn't connect to 'https?://",
        "the container asked for something outside",
        "Put what it needs into the image or the model.",
        Alone.WEAK,
    ),
    _row(
        "network-timeout",
        r"(?:TimeoutError|timeout): (?:timed out|\[Errno 110\])|<urlopen error (?:timed out|\[Errno 110\])"
        r"|Connection to \S{1,300} timed out|\bConnectTimeout(?:Error)?\b|curl: \(28\)",
        "the container asked for something by the network, which did not answer in time",
        "If it is outside, put what it needs into the image or the model.",
        Alone.WEAK,
    ),
    _row(
        "credentials",
        r"NoCredentialsError|Unable to locate credentials|NoRegionError|You must specify a region",
        "the container called AWS, and sm-ci gives it no credentials",
        "Put what it needs into the image or the model, or pass variables under environment.",
    ),
)
_PACKAGES = (
    _row(
        "requirements",
        rf"(?P<what>ERROR: {_PIP}\s?(?P<subject>[^\s(;]{{0,200}}).*)",
        "pip could not install {subject} when the container started",
        "Check its name and version in requirements.txt, or install it in the image.",
        Alone.FATAL,
    ),
    _row(
        "requirements",
        r"(?P<what>ERROR: (?:ResolutionImpossible|Cannot install|Could not install|Failed building wheel"
        r"|Could not build wheels|Package ).*)",
        "pip could not install what requirements.txt names when the container started",
        "Install it in the image, where the build would have failed.",
        Alone.FATAL,
    ),
    _row(
        "requirements",
        r"(?P<what>failed to install required packages.*)",
        "pip could not install what requirements.txt names when the container started",
        "Install it in the image.",
        Alone.WEAK,
    ),
    _row(
        "numpy-version",
        r"numpy\.core\.multiarray failed to import|numpy\.(?:dtype|ufunc) size changed|No module named 'numpy\._core"
        r"|_ARRAY_API not found|compiled using NumPy 1\.x cannot be run",
        "the image's NumPy is of another major version than a package or the model was made with",
        "Pin numpy in the image (numpy<2, or 2 for what was saved with it).",
    ),
    _row(
        "sklearn-version",
        r"AttributeError: |No module named 'sklearn|incompatible dtype",
        "the model was saved with scikit-learn {saved}, and the image has {has}",
        _VERSIONS,
        needs=r"Trying to unpickle estimator \S{1,100} from version (?P<saved>[\w.+-]{1,30})"
        r" when using version (?P<has>[\w+-]{1,30}(?:\.[\w+-]{1,30}){0,5})",
    ),
    _row(
        "unpickle",
        r"AttributeError: Can't get attribute '(?P<subject>\w{1,100})' on <module '__main__'",
        "the model was saved by a script that defined {subject}, and the server has no such class",
        "Define it in a module that the handler imports too, and save the model again.",
    ),
    _row(
        "protobuf-version",
        r"Descriptors cannot (?:not )?be created directly",
        "a package was generated for an older protobuf",
        "Pin protobuf<=3.20 in the image, or update the package.",
    ),
    _row("no-module", r"python[\d.]{0,8}: No module named (?P<subject>[\w.]{1,200})$", *_NO_MODULE, Alone.FATAL),
    _row("no-module", r"No module named '?(?P<subject>[\w.]{1,200})", *_NO_MODULE),
    _row(
        "no-name",
        r"ImportError: cannot import name '(?P<subject>\w{1,100})' from (?:partially initialized module )?'(?P<module>[\w.]{1,200})'",
        "{module} has no {subject}: its version is another than the code was written for, or a file of yours hides it",
        "Pin the version in the image, or rename the file.",
    ),
    _row(
        "no-gpu",
        r"Found no NVIDIA driver|no CUDA-capable device is detected|CUDA driver version is insufficient"
        r"|Torch not compiled with CUDA enabled|libcuda\.so\.1|torch\.cuda\.is_available\(\) is False"
        r"|No CUDA GPUs are available",
        "it wants a GPU, and this machine has none",
        _GPU,
    ),
)
_SERVERS = (
    _row(
        "no-function",
        r"Please provide an? (?P<subject>\w{1,50}) implementation",
        "the toolkit found no {subject}",
        "The handler is /opt/ml/model/code/inference.py, or what $SAGEMAKER_PROGRAM names; it must define {subject}.",
    ),
    _row(
        "arguments",
        r"\b(?P<subject>(?:model|input|predict|output|transform)_fn)(?:\(\))? (?:takes|missing) ",
        "the toolkit calls {subject} with other arguments",
        "Write model_fn(model_dir), input_fn(body, content_type), predict_fn(data, model), output_fn(prediction, accept).",
    ),
    _row(
        "no-file",
        r"No such file or directory: ['\"](?P<subject>[^'\"]{1,500})['\"]",
        "the container has no file {subject}",
    ),
    _row(
        "nginx",
        r"\[emerg\] (?:\d{1,10}#\d{1,10}: )?(?P<what>.*)",
        "nginx does not start",
        "Check its configuration in the image: nginx -t",
        Alone.FATAL,
    ),
    _row(
        "triton-model",
        r"(?P<what>failed to load '(?P<subject>[\w.-]{1,100})' version \d.*)",
        "Triton could not load {subject}",
        "Check its config.pbtxt and its files.",
        Alone.FATAL,
    ),
    _row(
        "tensorflow-model",
        r"(?P<what>No versions of servable (?P<subject>[\w.-]{1,100}) found under base path.*)",
        "TensorFlow Serving found no version of the model",
        "Pack it as a folder that is named by a number: 1/saved_model.pb.",
        Alone.FATAL,
    ),
    _row(
        "model-name",
        r"is not a local folder and is not a valid model identifier|Repository Not Found for url|GatedRepoError",
        "the handler names a model of Hugging Face's hub that cannot be had",
        "Load from /opt/ml/model, or check the name and the token.",
    ),
    _row(
        "worker-died",
        r"(?P<what>Load model failed: .*|Worker failed to boot.*|Shard \d{1,4} failed to start.*)",
        "a worker of the server died while it loaded the model, and printed no reason",
        "Load the model by hand in the image: docker run --entrypoint python3 IMAGE …",
        Alone.WEAK,
    ),
)
ROWS = (*_PROGRAM, *_MEMORY_AND_DISK, *_NETWORK, *_PACKAGES, *_SERVERS)
