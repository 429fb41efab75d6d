"""Where networks are computed, and in which precision."""

import pytest
import torch

from pipelines.core.errors import SettingsError, UsageError
from pipelines.nn import devices
from pipelines.nn.devices import choose_device, choose_precision, peak_memory


def test_devices_that_are_not_there_are_refused() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu", "cpu:first", ""):
        with pytest.raises(UsageError, match=f"there is no device '{name}'"):
            choose_device(name)
    for name, present in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not present:
            with pytest.raises(UsageError, match=f"has no {name}"):
                choose_device(name)


def test_precision_is_chosen_by_the_device() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) in ("fp32", "bf16")
    assert choose_precision("auto", torch.device("mps")) == "fp32"
    assert [choose_precision("fp32", cpu), choose_precision("bf16", cpu)] == ["fp32", "bf16"]
    assert choose_precision("fp16", torch.device("cuda")) == "fp16"
    with pytest.raises(SettingsError, match="fp16 needs a GPU"):
        choose_precision("fp16", cpu)


@pytest.mark.parametrize(
    ("flags", "gain", "precision"),
    [
        ("fpu avx2 avx512f", 9.0, "fp32"),  # what it cannot do is not measured
        ("avx512f avx512_bf16", 1.9, "bf16"),
        ("avx512f avx512_bf16", 0.55, "fp32"),  # as measured on a processor whose AMX its host hides
        ("avx512f avx512_bf16 amx_bf16 amx_tile", 0.5, "bf16"),  # of one with AMX nothing is measured
        ("fp asimd bf16", 1.9, "bf16"),
        ("", 9.0, "fp32"),
    ],
)
def test_auto_goes_by_the_flags_of_the_processor_and_what_is_measured(
    monkeypatch: pytest.MonkeyPatch, flags: str, gain: float, precision: str
) -> None:
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset(flags.split()))
    monkeypatch.setattr(devices, "bf16_gain", lambda: gain)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    assert choose_precision("auto", torch.device("cpu")) == precision
    assert choose_precision("fp32", torch.device("cpu")) == "fp32"


def test_the_gain_is_measured_once_and_leaves_the_threads_as_they_were() -> None:
    devices.bf16_gain.cache_clear()
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        gain = devices.bf16_gain()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert 0 < gain < 100
    assert devices.bf16_gain() == gain


def test_the_peak_of_memory_never_falls() -> None:
    before = peak_memory(torch.device("cpu"))
    held = torch.ones(1 << 24)
    assert peak_memory(torch.device("cpu")) >= before > held.numel() / 8
