"""serving.properties as Java reads it, with places; and what DJL Serving knows in it. Pure.

https://docs.oracle.com/javase/8/docs/api/java/util/Properties.html#load-java.io.Reader-
Keys: configurations_model.md and the LMI guides of deepjavalibrary/djl-serving, ModelInfo.java, PyModel.java.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sm_ci.artifact.lint.host import Host, below_model
from sm_ci.artifact.lint.tree import Tree

_PAIR = re.compile(r"((?:\\.|[^\\=:\s])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_MOST_PAIRS = 1000
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A key and its value, and where they begin, from 1."""

    key: str
    value: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The pairs of a file, in order; none when there is no such file. Of a key given twice the last holds."""

    file: str
    pairs: Sequence[Pair] = ()

    @classmethod
    def of(cls, tree: Tree, file: str) -> Properties:
        """The file's pairs."""
        return cls(file=file, pairs=tuple(islice(_pairs(tree.text(file) or b""), _MOST_PAIRS)))

    def pair(self, key: str) -> Pair | None:
        """The pair of that key."""
        return next((pair for pair in reversed(self.pairs) if pair.key == key), None)

    def value(self, key: str) -> str:
        """Its value without blanks around it; empty without one."""
        found = self.pair(key)
        return found.value.strip() if found else ""


def entry_point(properties: Properties, host: Host) -> str | None:
    """The module that DJL's Python loads, below the model; empty when it is DJL's own or elsewhere, None when none is given."""
    given = properties.value("option.entryPoint") or host.says("OPTION_ENTRYPOINT", "DJL_ENTRY_POINT")
    if not given:
        return None
    if given.startswith("/"):
        return below_model(given) or ""
    return given if given.endswith(".py") and "://" not in given else ""


def _pairs(data: bytes) -> Iterator[Pair]:
    """What is not Latin-1 or UTF-8 is of no matter: keys are ASCII."""
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    number = 0
    while number < len(lines):
        begin = number
        text = lines[number].lstrip(" \t\f")
        column = len(lines[number]) - len(text) + 1
        number += 1
        if not text or text[0] in "#!":
            continue
        while _continued(text) and number < len(lines):
            text = text[:-1] + lines[number].lstrip(" \t\f")
            number += 1
        found = _PAIR.match(text)
        if found:
            key, value = _ESCAPE.sub(r"\1", found[1]), _ESCAPE.sub(r"\1", found[2])
            yield Pair(key=key, value=value, line=begin + 1, column=column)


def _continued(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


ENGINES = (
    "Python",
    "MPI",
    "PyTorch",
    "TensorFlow",
    "MXNet",
    "OnnxRuntime",
    "TensorRT",
    "XGBoost",
    "LightGBM",
    "TritonServer",
    "DeepSpeed",
    "FasterTransformer",
    "PaddlePaddle",
    "TFLite",
    "DLR",
    "Rust",
    "Llama",
    "fastText",
    "SentencePiece",
)
WHOLE_NUMBERS = frozenset(
    {
        "job_queue_size",
        "batch_size",
        "max_batch_delay",
        "max_idle_time",
        "metrics_aggregation",
        "minWorkers",
        "maxWorkers",
        "gpu.minWorkers",
        "gpu.maxWorkers",
        "cpu.minWorkers",
        "cpu.maxWorkers",
        "required_memory_mb",
        "gpu.required_memory_mb",
        "reserved_memory_mb",
        "gpu.reserved_memory_mb",
        "retry_threshold",
        "option.predict_timeout",
        "option.model_loading_timeout",
        "option.max_rolling_batch_size",
        "option.max_output_size",
    }
)
BOOLEANS = frozenset(
    {
        "log_request_metric",
        "log_model_metric",
        "option.parallel_loading",
        "option.enable_venv",
        "option.trust_remote_code",
        "option.enable_streaming",
        "option.enable_lora",
        "option.mpi_mode",
        "option.async_mode",
    }
)
MODEL_KEYS = frozenset(
    {key for key in WHOLE_NUMBERS | BOOLEANS if not key.startswith("option.")}
    | {"engine", "load_on_devices", "translatorFactory", "translator", "application", "modelName", "model_dir"}
)
"""Keys without `option.`; others are the translators' own arguments."""
OPTIONS = frozenset(
    {key.removeprefix("option.") for key in WHOLE_NUMBERS | BOOLEANS if key.startswith("option.")}
    | set(
        """
        model_id modelName modeName mapLocation extraFiles interOpNumThreads intraOpNumThreads executionMode optLevel
        memoryPatternOptimization cpuArenaAllocator disablePerSessionThreads customOpLibrary ortDevice pythonExecutable
        entryPoint handler tensor_parallel_degree pipeline_parallel_degree rolling_batch dtype revision task device_map
        device_id low_cpu_mem_usage load_in_4bit load_in_8bit quantize quantization max_model_len max_num_seqs
        max_num_batched_tokens max_rolling_batch_prefill_tokens gpu_memory_utilization enforce_eager swap_space seed
        tokenizer tokenizer_mode tokenizer_revision hf_token max_loras max_lora_rank lora_extra_vocab_size max_cpu_loras
        lora_dtype fully_sharded_loras long_lora_scaling_factors enable_prefix_caching enable_chunked_prefill
        speculative_draft_model speculative_model num_speculative_tokens draft_model_tp_size kv_cache_dtype
        output_formatter input_formatter waiting_steps max_tokens max_batch_size s3url properties env checkpoint
        parallel_mode n_positions neuron_optimize_level context_length_estimate amp unroll compiled_graph_path
        load_split_model load_format download_dir disable_log_stats disable_log_requests served_model_name
        enable_auto_tool_choice tool_call_parser chat_template enable_reasoning reasoning_parser limit_mm_per_prompt
        cpu_offload_gb_per_gpu cpu_offload_gb smoothquant_alpha multi_block_mode use_passive_workers decoding_strategy
        max_input_len max_output_len use_custom_all_reduce block_size guided_decoding_backend disable_custom_all_reduce
        """.split()  # noqa: SIM905
    )
)
"""Some of the options: each engine takes its own, and LMI passes those on that it does not know."""


def inside_model(path: str, folder: str) -> str | None:
    """A path of a property as a name below the model; None when it is no path into it."""
    if path.startswith("/"):
        return below_model(path)
    return posixpath.normpath(posixpath.join(folder, path)) if path.startswith("./") else None
