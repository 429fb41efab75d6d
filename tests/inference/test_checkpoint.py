"""A checkpoint is a folder that rebuilds its model alone, is whole at any moment, and says what is wrong with it."""

import dataclasses
import errno
import hashlib
import json
import os
import pickletools
import shutil
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import sha256_of_file
from pipelines.inference import checkpoint
from pipelines.inference.checkpoint import (
    TRAINING,
    TRAINING_TENSORS,
    Training,
    load_checkpoint,
    read_training,
    write_checkpoint,
    write_tensors,
)
from pipelines.inference.checkpoint_info import (
    INFO,
    WEIGHTS,
    find_checkpoint,
    read_info,
    recover,
)
from pipelines.models import pix2pix
from tests.inference.checkpoints import PARAMS, card_of, change_card, content, weights_of

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_folder_rebuilds_its_model_alone(saved: Path) -> None:
    moved = saved.rename(saved.parent.parent / "elsewhere")
    painter, card = load_checkpoint(moved)
    assert card == dataclasses.replace(
        card_of(), weights_sha256=hashlib.sha256((moved / WEIGHTS).read_bytes()).hexdigest()
    )
    assert not painter.training
    for name, tensor in weights_of().items():
        assert torch.equal(painter.state_dict()[name], tensor)
    training = read_training(moved)
    assert training.about == {"step": 3, "best": {}}
    assert torch.equal(training.tensors["a.b"], torch.arange(4.0))
    assert training.tensors["c"].item() == 5


def test_the_card_is_json_that_people_can_read(saved: Path) -> None:
    about = json.loads((saved / INFO).read_text())
    assert about["model"] == "pix2pix"
    assert about["params"]["ngf"] == 2
    assert about["params"]["generator"] == "unet_128"
    assert about["figures"] == {"val_psnr": 12.5}
    assert len(about["weights_sha256"]) == 64


def test_equal_checkpoints_have_equal_bytes_whatever_the_memory_layout(saved: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    painter = pix2pix.build_network(PARAMS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    write_checkpoint(tmp_path / "other", card_of(), painter.state_dict())
    assert (tmp_path / "other" / WEIGHTS).read_bytes() == (saved / WEIGHTS).read_bytes()
    assert (tmp_path / "other" / INFO).read_bytes() == (saved / INFO).read_bytes()
    assert sorted(content(tmp_path / "other")) == sorted([INFO, WEIGHTS])


def test_tensors_that_share_memory_are_kept(tmp_path: Path) -> None:
    pool = torch.arange(12.0).view(3, 4)
    training = Training({}, {"whole": pool, "part": pool[:2], "turned": pool.t()})
    write_checkpoint(tmp_path / "last", card_of(), weights_of(), training)
    found = read_training(tmp_path / "last").tensors
    assert torch.equal(found["part"], pool[:2])
    assert torch.equal(found["turned"], pool.t())


def test_no_file_of_a_checkpoint_is_a_pickle(saved: Path) -> None:
    files = content(saved)
    assert sorted(files) == sorted([INFO, WEIGHTS, TRAINING, TRAINING_TENSORS])
    for name, data in files.items():
        assert not data.startswith((b"PK", b"\x80"))
        with pytest.raises(ValueError):
            list(pickletools.genops(data))
        if name.endswith(".json"):
            json.loads(data)
        else:
            assert load_file(saved / name)


@pytest.mark.parametrize("model", ["nothing", "../evil", "flat"])
def test_a_model_that_there_is_not_or_that_has_no_weights(saved: Path, model: str) -> None:
    change_card(saved, model=model)
    with pytest.raises(ColorizeError) as raised:
        load_checkpoint(saved)
    assert raised.value.exit_code == 2


def test_damaged_weights_are_refused(saved: Path) -> None:
    data = bytearray((saved / WEIGHTS).read_bytes())
    for changed in (bytes(data[:-100]), b"", b"junk" * 100, bytes(data[:-1] + b"\x7f" if data[-1] != 0x7F else b"")):
        (saved / WEIGHTS).write_bytes(changed)
        with pytest.raises(UsageError, match=r"weights\.safetensors is damaged"):
            load_checkpoint(saved)
    (saved / WEIGHTS).unlink()
    with pytest.raises(UsageError, match=r"weights\.safetensors is missing"):
        load_checkpoint(saved)


def test_a_pickle_in_the_place_of_weights_is_refused_unread(saved: Path) -> None:
    torch.save(weights_of(), saved / WEIGHTS)
    with pytest.raises(UsageError, match=r"weights\.safetensors is damaged"):
        load_checkpoint(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weights: weights.update(first=torch.zeros(1)), "first is not part of it"),
        (lambda weights: weights.popitem(), "is missing"),
        (
            lambda weights: weights.update({"model.model.0.weight": torch.zeros(3, 3, 4, 4)}),
            r"model\.model\.0\.weight is \(3, 3, 4, 4\) instead of \(2, 3, 4, 4\)",
        ),
    ],
)
def test_weights_of_another_shape_are_named(saved: Path, change, words: str) -> None:  # type: ignore[no-untyped-def]
    weights = load_file(saved / WEIGHTS)
    change(weights)
    save_file(weights, saved / WEIGHTS)
    change_card(saved, weights_sha256=sha256_of_file(saved / WEIGHTS))
    with pytest.raises(UsageError, match=words):
        load_checkpoint(saved)


def test_damaged_training_state_is_refused(saved: Path) -> None:
    (saved / TRAINING_TENSORS).write_bytes(b"short")
    with pytest.raises(UsageError, match=r"training\.safetensors is damaged"):
        read_training(saved)
    (saved / TRAINING).write_text("{")
    with pytest.raises(UsageError, match=r"training\.json is damaged"):
        read_training(saved)
    (saved / TRAINING).unlink()
    with pytest.raises(UsageError, match="has no training state"):
        read_training(saved)


def test_a_full_disk_leaves_the_old_checkpoint_whole(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(saved)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for place, name in ((checkpoint, "write_tensors"), (os, "fsync"), (Path, "write_text"), (Path, "mkdir")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(ColorizeError, match="cannot be written: the disk is full") as raised:
                write_checkpoint(saved, card_of(8), weights_of(1), Training({}, {"a": torch.zeros(1)}))
        assert raised.value.exit_code == 1
        assert content(saved) == before
        assert [path.name for path in saved.parent.iterdir()] == ["last"]
    load_checkpoint(saved)


def test_tensors_of_every_kind_are_written_as_the_package_of_the_format_writes_them(tmp_path: Path) -> None:
    random = torch.randn(3, 4, 5, 5).to(memory_format=torch.channels_last)
    tensors = {"b.é": random, "a": torch.tensor(3), "empty": torch.empty(0, 3), "view": random[1:, :2]}
    tensors |= {"z": torch.randn(2).half(), "bf": torch.randn(3).bfloat16(), "double": torch.randn(2).double()}
    tensors |= {"bool": torch.tensor([True, False]), "g": torch.arange(5, dtype=torch.uint8)}
    checkpoint.write_tensors(tensors, tmp_path / "ours")
    save_file(
        {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()},
        tmp_path / "theirs",
    )
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    for name, tensor in load_file(tmp_path / "ours").items():
        assert torch.equal(tensor, tensors[name])


class Killed(BaseException):
    """The process ended here."""


def killed_at(number: int, saved: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Replace the checkpoint, dying before the `number`-th step of it; returns whether there was such a step."""
    steps = 0

    def counted(real):  # type: ignore[no-untyped-def]
        def call(*arguments, **options):  # type: ignore[no-untyped-def]
            nonlocal steps
            steps += 1
            if steps > number:
                raise Killed
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_tensors", counted(write_tensors))
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        for name in ("mkdir", "rename", "write_text"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        try:
            write_checkpoint(saved, card_of(8), weights_of(1), Training({"step": 8}, {"a": torch.zeros(1)}))
        except Killed:
            return True
    return False


@pytest.mark.parametrize("reader", ["find_checkpoint", "mend", "write_checkpoint"])
def test_a_process_killed_at_any_step_of_a_replacement_leaves_one_whole_checkpoint(
    saved: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    backup = saved.parent.parent / "backup"
    shutil.copytree(saved, backup)
    number, seen = 0, []
    while killed_at(number, saved, monkeypatch):
        if reader == "write_checkpoint":
            write_checkpoint(saved, card_of(20), weights_of(2))
            assert read_info(saved).step == 20
        else:
            recover(saved)
            find_checkpoint(saved)
            seen.append(read_info(saved).step)
            load_checkpoint(saved)
            assert read_training(saved).about["step"] == seen[-1]
        assert not (saved.parent / ".last.old").exists()
        shutil.rmtree(saved)
        shutil.rmtree(saved.parent / ".last.writing", ignore_errors=True)
        shutil.copytree(backup, saved)
        number += 1
    assert number > 8
    assert seen == sorted(seen)  # from some step on it is the new one
    assert reader == "write_checkpoint" or set(seen) == {3, 8}


def test_readers_and_a_writer_do_not_disturb_each_other(saved: Path) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            recover(saved)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for step in range(40):
            write_checkpoint(saved, card_of(step), {"a": torch.zeros(1)})
            assert json.loads((saved / INFO).read_text())["step"] == step
    except BaseException as error:
        failures.append(error)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures


def test_no_weights_are_drawn_for_a_network_that_is_loaded(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be thrown away; drawing 54 million takes about a second."""
    before = torch.random.get_rng_state()
    with torch.profiler.profile() as profile:
        load_checkpoint(checkpoints / "layers")
    assert not {event.name for event in profile.events() or []} & {"aten::normal_", "aten::uniform_"}
    assert torch.equal(torch.random.get_rng_state(), before)
