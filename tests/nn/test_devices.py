"""Where networks are computed, and in which precision."""

import pytest
import torch

from pipelines.core.errors import SettingsError, UsageError
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
    with pytest.raises(SettingsError, match="fp16 training needs a GPU"):
        choose_precision("fp16", cpu)


def test_the_peak_of_memory_never_falls() -> None:
    before = peak_memory(torch.device("cpu"))
    held = torch.ones(1 << 24)
    assert peak_memory(torch.device("cpu")) >= before > held.numel() / 8
