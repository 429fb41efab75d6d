"""Want of memory is one line that says what needs less; other errors go through as they are."""

from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

from pipelines.core.errors import UsageError
from pipelines.train.out_of_memory import MemoryShortageError, memory_shortage_told
from pipelines.training.config import TrainConfig
from pipelines.training.trainer import Trainer
from tests.runs import content, go

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
SAID = (
    MemoryError(),
    RuntimeError("std::bad_alloc"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    OSError(12, "Cannot allocate memory"),
    cv2.error("OpenCV(4.11.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes"),
)


@pytest.mark.parametrize("error", SAID, ids=lambda error: type(error).__name__)
def test_each_librarys_words_are_known_and_become_one_line(error: Exception) -> None:
    config = TrainConfig(batch_size=64, accumulate=2)
    with pytest.raises(MemoryShortageError) as raised, memory_shortage_told(config, (256, 192), CPU):
        raise error
    assert raised.value.exit_code == 1
    assert str(raised.value) == (
        "a step needs more memory than there is (cpu, batch 64, 256x192 px). Use --batch-size 32 --accumulate 4 (about "
        "the same steps), --gradient-checkpointing, or a smaller network (--preset, --set)"
    )


def test_what_is_chosen_already_is_not_advised() -> None:
    config = TrainConfig(batch_size=1, gradient_checkpointing=True)
    with pytest.raises(MemoryShortageError) as raised, memory_shortage_told(config, (64, 64), CPU, goes_on=True):
        raise MemoryError
    assert "batch 1, 64 px" in raised.value.message
    assert raised.value.hint == "Use a smaller network (--preset, --set); in a new folder, as another run"


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), UsageError("out of memory", hint="Use less")])
def test_other_errors_go_through(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, memory_shortage_told(TrainConfig(), (64, 64), CPU):
        raise error
    assert raised.value is error


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_step_that_does_not_fit_ends_the_run_in_one_line_and_keeps_its_checkpoint(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    go(train_pairs["pix2pix"], tmp_path / "run", steps=1)
    before = content(tmp_path / "run")

    def too_large(*_: Any, **__: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 314572800 bytes")

    monkeypatch.setattr(Trainer, "train_step", too_large)
    with pytest.raises(MemoryShortageError, match=r"\(cpu, batch 1, 128 px\)"):
        go(train_pairs["pix2pix"], tmp_path / "run", steps=2, dry_run=dry_run)
    assert content(tmp_path / "run") == before
