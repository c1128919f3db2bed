from __future__ import annotations

from sm_ci.contract.instances import instance_type, names


def test_figures_that_are_known() -> None:
    general = instance_type("ml.m5.xlarge")
    assert general is not None
    assert (general.vcpu, general.memory_gib, general.arch, general.gpus, general.hosting) == (4, 16, "x86_64", 0, True)
    gpu = instance_type("ml.g5.12xlarge")
    assert gpu is not None
    assert (gpu.vcpu, gpu.memory_gib, gpu.gpus, gpu.gpu_name, gpu.gpu_memory_mib) == (48, 192, 4, "a10g", 22888)
    graviton = instance_type("ml.c6g.large")
    assert graviton is not None
    assert graviton.arch == "arm64"
    inferentia = instance_type("ml.inf2.xlarge")
    assert inferentia is not None
    assert (inferentia.accelerators, inferentia.accelerator_name, inferentia.gpus) == (1, "inferentia2", 0)
    small = instance_type("ml.c4.large")
    assert small is not None
    assert small.memory_gib == 3.75


def test_a_type_that_is_not_for_endpoints() -> None:
    studio = instance_type("ml.t3.medium")
    assert studio is not None
    assert not studio.hosting


def test_a_type_that_does_not_exist() -> None:
    assert instance_type("ml.m5.huge") is None
    assert instance_type("") is None


def test_every_type_is_sound_and_has_a_source() -> None:
    assert len(names()) == 356
    types = [found for name in names() if (found := instance_type(name))]
    assert len(types) == 356
    assert sum(found.hosting for found in types) == 277
    for found in types:
        assert found.name.startswith("ml.")
        assert found.vcpu >= 1
        assert found.memory_gib >= 2
        assert found.arch in ("x86_64", "arm64")
        assert bool(found.gpus) == bool(found.gpu_name) == bool(found.gpu_memory_mib)
        assert bool(found.accelerators) == bool(found.accelerator_name)
        assert found.source
