"""Memory, shared memory, threads and other things that run out. Pure."""

from sm_ci.diagnosis.signature import PRINTED, Role, signature

_MORE = "Give it more memory (instance_type or resources.memory), or load less."

MEMORY = (
    signature(
        "triton-shared-memory",
        Role.FATAL,
        r"(?P<what>Unable to initialize shared memory key '(?P<subject>[\w/.-]{1,100})' to requested size.{0,300})",
        cause="the shared memory is full: each instance of Triton's Python backend takes 64 MiB of /dev/shm",
        remedy="Use fewer Python backends; an endpoint gives no more than the 64 MiB of the default.",
        link="https://github.com/aws/sagemaker-python-sdk/issues/2801",
        confidence=0.97,
        reported="https://github.com/aws/sagemaker-python-sdk/issues/2801",
    ),
    signature(
        "shared-memory",
        Role.FATAL,
        r"insufficient shared memory|out of shared memory|unable to \w{1,10} .{0,80}torch_\d.{0,80}shm|Bus error",
        cause="the shared memory is full (/dev/shm)",
        remedy="Set shm_size under resources if the real endpoint has more, or use fewer worker processes.",
        link="https://github.com/aws/amazon-sagemaker-examples/issues/3506",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "java-memory",
        Role.FATAL,
        r"java\.lang\.OutOfMemoryError|Could not reserve enough space for|insufficient memory for the Java Runtime",
        cause="Java's memory was not enough, or its heap is set larger than the container's memory",
        remedy="Lower -Xmx in the server's vmargs, or give the container more memory.",
        link="https://github.com/awslabs/multi-model-server/blob/master/docs/configuration.md",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "memory",
        Role.FATAL,
        r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc"
        r"|DefaultCPUAllocator: (?:can't|not enough)|Unable to allocate [\d.]{1,20} [KMGTPE]iB",
        cause="the memory was not enough",
        remedy=_MORE,
        link="https://github.com/aws/amazon-sagemaker-examples/issues/3148",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "killed",
        Role.FATAL,
        r"^(?:.{0,80}\s)?Killed(?:$|\s{3})|was sent SIGKILL! Perhaps out of memory|terminated due to signal 9"
        r"|shutdown with signal 9|(?:exited|terminated|died).{0,40}\b(?:signal 9|SIGKILL)\b",
        cause="a process was killed from outside, most likely because the memory was not enough",
        remedy=_MORE,
        link="https://github.com/aws/amazon-sagemaker-examples/issues/3148",
        confidence=0.8,
        observed=PRINTED,
    ),
    signature(
        "out-of-memory",
        Role.STATE,
        r"(?P<what>ran out of memory|its memory was full|the kernel killed a process, out of memory.{0,100})",
        cause="the kernel killed a process of the container: it needed more memory than the limit",
        remedy=_MORE,
        link="https://github.com/aws/amazon-sagemaker-examples/issues/3148",
        confidence=0.99,
        observed="integration/test_failures.py::test_out_of_memory_at_the_start",
    ),
    signature(
        "too-many-threads",
        Role.FATAL,
        r"can't start new thread|pthread_create failed|Resource temporarily unavailable: fork"
        r"|unable to create (?:new )?native thread",
        cause="the container may not start another thread or process",
        remedy="Start fewer workers and threads (OMP_NUM_THREADS, --workers).",
        link="https://github.com/OpenMathLib/OpenBLAS/wiki/Faq",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "open-files",
        Role.FATAL,
        r"Too many open files|\[Errno 24\]|\bEMFILE\b",
        cause="the process has too many files and connections open",
        remedy="Close what is read (with open(…)), and look for clients that are made anew on each request.",
        link="https://docs.python.org/3/library/errno.html#errno.EMFILE",
        confidence=0.9,
        observed=PRINTED,
    ),
)
