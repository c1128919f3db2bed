"""GPUs: none there, too full, too old, too new. Pure."""

from sm_ci.diagnosis.signature import Role, signature

GPU = (
    signature(
        "vllm-kv-cache",
        Role.EXCEPTION,
        r"No available memory for the cache blocks"
        r"|max(?:imum)? seq(?:uence)? len.{0,40} is larger than the maximum number of tokens that can be stored in KV cache",
        cause="vLLM has too little GPU memory left for the KV cache of the longest sequence",
        remedy="Lower max_model_len, raise gpu_memory_utilization, or take an instance with more GPU memory.",
        link="https://github.com/vllm-project/vllm/issues/2418",
        confidence=0.97,
        reported="https://github.com/vllm-project/vllm/issues/2248",
    ),
    signature(
        "gpu-bfloat16",
        Role.EXCEPTION,
        r"Bfloat16 is only supported on GPUs with compute capability of at least",
        cause="the model's type is bfloat16, which this GPU does not have",
        remedy="Load it as float16 (dtype=half), or take an instance with a newer GPU.",
        link="https://github.com/vllm-project/vllm/issues/1157",
        confidence=0.98,
        reported="https://github.com/vllm-project/vllm/issues/1157",
    ),
    signature(
        "gpu-memory",
        Role.FATAL,
        r"(?:OutOfMemoryError|RuntimeError): CUDA out of memory|^CUDA out of memory|CUDA error: out of memory"
        r"|CUDNN_STATUS_ALLOC_FAILED|CUDA_ERROR_OUT_OF_MEMORY",
        cause="the GPU's memory is full",
        remedy="Load less, in a smaller type or a smaller batch, or take an instance with more GPU memory; "
        "each worker loads a model of its own.",
        link="https://github.com/pytorch/serve/issues/71",
        confidence=0.97,
        reported="https://github.com/FreedomIntelligence/HuatuoGPT/issues/50",
    ),
    signature(
        "gpu-architecture",
        Role.FATAL,
        r"no kernel image is available for execution on the device",
        cause="the package has no code for this kind of GPU",
        remedy="Install a build of it that names this GPU's compute capability, or take another instance type.",
        link="https://github.com/awslabs/multi-model-server/issues/998",
        confidence=0.97,
        reported="https://github.com/QwenLM/Qwen3-VL/issues/1185",
    ),
    signature(
        "gpu-driver",
        Role.EXCEPTION,
        r"Error: The NVIDIA driver on your system is too old|CUDA driver version is insufficient for CUDA runtime version"
        r"|unsatisfied condition: cuda",
        cause="the image's CUDA is newer than the machine's driver takes",
        remedy="Use an image of an older CUDA, or an instance type (inference AMI version) with a newer driver.",
        link="https://github.com/bentoml/aws-sagemaker-deploy/issues/50",
        confidence=0.95,
        reported="https://github.com/bentoml/aws-sagemaker-deploy/issues/50",
    ),
    signature(
        "no-gpu",
        Role.EXCEPTION,
        r"Found no NVIDIA driver|no CUDA-capable device is detected"
        r"|Torch not compiled with CUDA enabled|torch\.cuda\.is_available\(\) is False|No CUDA GPUs are available",
        cause="it wants a GPU, and this machine has none",
        remedy="Load it with map_location='cpu' where no GPU is there, or run the job on a machine with one.",
        link="https://github.com/aws/amazon-sagemaker-examples/issues/758",
        confidence=0.97,
        reported="https://github.com/appvision-ai/fast-bert/issues/182",
    ),
)
