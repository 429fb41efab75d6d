"""Runs that begin with the weights of others: what fits is taken, what does not is said, and it stays the same run."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from pipelines.convert_models import export_model, import_model
from pipelines.core.errors import UsageError
from pipelines.inference.checkpoint import load_checkpoint, read_training
from pipelines.models import fillnet
from pipelines.train.initial_weights import begin_with, find_start
from tests.runs import Watcher, content, go, metrics

pytestmark = pytest.mark.usefixtures("one_thread")
STILL = {"learning_rate": 1e-30, "ema": 0.0, "steps": 1}  # learns nothing: what it ends with is what it began with


@pytest.fixture(scope="module")
def source(train_pairs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of pix2pix, its best checkpoint at step 6 and its last at step 7."""
    run = tmp_path_factory.mktemp("source") / "run"
    go(train_pairs["pix2pix"], run, steps=9, watcher=Watcher(7), learning_rate=1e-3, schedule="constant")
    shutil.rmtree(run / "samples")
    assert [load_checkpoint(run / name)[1].step for name in ("best", "last")] == [6, 7]
    return run


def colouring(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    return load_checkpoint(run / name)[0].state_dict()


def judging(run: Path) -> dict[str, torch.Tensor]:
    tensors = read_training(run / "last").tensors
    return {name: tensor for name, tensor in tensors.items() if name.startswith("networks.discriminator.")}


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> set[str]:
    """Names of the tensors that differ."""
    assert one.keys() == other.keys()
    return {name for name in one if name.endswith(("weight", "bias")) and not torch.equal(one[name], other[name])}


def test_a_run_begins_with_the_best_of_another_and_its_last_discriminator(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    watcher = Watcher()
    report = go(train_pairs["pix2pix"], tmp_path / "run", start=str(source), watcher=watcher, **STILL)
    assert (watcher.first, report.step) == (0, 1)
    assert alike(colouring(tmp_path / "run"), colouring(source, "best")) == set()
    assert alike(judging(tmp_path / "run"), judging(source)) == set()
    start = find_start(str(source))
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["start"] == {"from": str(source), "sha256": start.sha256, "training_sha256": start.training_sha256}
    (note,) = report.notes
    assert watcher.notes == [note]  # said before the first step
    assert note.startswith("began with ")
    assert "59 of 59 tensors of generator, 9 of 9 tensors of discriminator" in note, note
    assert "initial" not in note
    fresh = read_training(tmp_path / "run" / "last").tensors
    assert {tensor.item() for name, tensor in fresh.items() if name.endswith(".step")} == {1}  # optimizers of its own


def test_another_number_of_channels_keeps_one_initial_weight_and_says_so(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    values = {"input": "layers"}
    report = go(train_pairs["pix2pix"], tmp_path / "run", start=str(source), values=values, **STILL)
    go(train_pairs["pix2pix"], tmp_path / "initial", values=values, **STILL)
    weights, best = colouring(tmp_path / "run"), colouring(source, "best")
    first = "model.model.0.weight"
    assert weights[first].shape == (4, 5, 4, 4)
    assert torch.equal(weights[first], colouring(tmp_path / "initial")[first])
    assert alike(*({name: all_[name] for name in best if name != first} for all_ in (weights, best))) == set()
    (note,) = report.notes
    assert "58 of 59 tensors of generator" in note
    assert "initial weights stay where generator.model.model.0.weight is 4x3x4x4, not 4x5x4x4" in note
    assert "discriminator.model.0.weight is 4x6x4x4, not 4x8x4x4" in note


def test_reference_files_and_what_was_made_of_them_are_beginnings(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "latest_net_G.pth"
    export_model(str(source), str(file))
    import_model(str(file), str(tmp_path / "imported"))
    for name in ("latest_net_G.pth", "imported"):
        run = tmp_path / f"run-{name}"
        report = go(train_pairs["pix2pix"], run, start=str(tmp_path / name), **STILL)
        assert alike(colouring(run), colouring(source, "best")) == set()
        assert report.notes[0].endswith("59 of 59 tensors of generator; discriminator begin anew")


def test_a_shipped_model_is_found_by_its_name() -> None:
    task = fillnet.build_task(fillnet.Params())
    before = {name: tensor.clone() for name, tensor in task.networks.state_dict().items()}
    start = find_start("fillnet")
    note = begin_with(start, task.networks, task.generator, frozen=())
    shipped, _ = load_checkpoint("fillnet")
    assert alike(task.networks[task.generator].state_dict(), shipped.state_dict()) == set()
    assert any(not torch.equal(before[name], tensor) for name, tensor in task.networks.state_dict().items())
    assert "initial" not in note


def test_what_is_frozen_stays_as_its_file_has_it(source: Path) -> None:
    network = load_checkpoint(source / "best")[0]
    networks = nn.ModuleDict({"generator": network})
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.zero_()
    first = "generator.model.model.0.weight"
    note = begin_with(find_start(str(source)), networks, "generator", frozen={first})
    assert networks.state_dict()[first].count_nonzero() == 0
    assert networks.state_dict()["generator.model.model.3.weight"].count_nonzero() > 0
    assert "58 of 58 tensors" in note


# refused --------------------------------------------------------------------------------------------------------


def test_weights_none_of_which_fits_are_refused_before_anything_is_written(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    for start, message in (
        (str(source), r"nothing in .*best \(pix2pix, step \d\) fits the network 'generator_a'"),
        (str(tmp_path / "nowhere"), "nowhere does not exist"),
        (str(train_pairs["cyclegan"]), "is no checkpoint"),
        (str(train_pairs["cyclegan"] / "manifest.jsonl"), "is damaged or no file of torch weights"),
    ):
        with pytest.raises(UsageError, match=message):
            go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", start=start, steps=1)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_no_numbers_are_refused(train_pairs: dict[str, Path], source: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.pth"
    weights = {name: tensor.clone() for name, tensor in colouring(source, "best").items()}
    next(iter(weights.values())).view(-1)[0] = float("nan")
    torch.save(weights, file)
    with pytest.raises(UsageError, match="are no numbers"):
        go(train_pairs["pix2pix"], tmp_path / "run", start=str(file), steps=1)


# going on -------------------------------------------------------------------------------------------------------


def test_a_run_goes_on_without_saying_where_it_began_and_refuses_another_beginning(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    pairs, run = train_pairs["pix2pix"], tmp_path / "run"
    go(pairs, tmp_path / "straight", start=str(source), steps=8)
    go(pairs, run, start=str(source), steps=8, watcher=Watcher(3))
    with pytest.raises(UsageError, match="did not begin with") as raised:
        go(pairs, run, start=str(source / "last"), steps=8)
    assert "Leave out --from" in raised.value.hint
    go(pairs, run, steps=8, watcher=Watcher(5))
    report = go(pairs, run, start=str(source), steps=8)
    assert report.notes == ()  # nothing was taken
    assert content(run) == content(tmp_path / "straight")
    assert metrics(run) == metrics(tmp_path / "straight")
    about = [json.loads((tmp_path / name / "run.json").read_text())["start"] for name in ("run", "straight")]
    assert about[0] == about[1]
    go(pairs, tmp_path / "plain", steps=1)
    with pytest.raises(UsageError, match="did not begin with"):
        go(pairs, tmp_path / "plain", start=str(source), steps=2)


def test_a_run_killed_before_its_first_save_begins_with_the_same_weights_again(
    source: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    pairs, run, moved = train_pairs["pix2pix"], tmp_path / "run", tmp_path / "moved"
    shutil.copytree(source, moved)
    go(pairs, tmp_path / "straight", start=str(moved), steps=4)
    go(pairs, run, start=str(moved), steps=4)
    for name in ("last", "best", "samples"):
        shutil.rmtree(run / name)
    go(pairs, run, steps=4)
    assert content(run) == content(tmp_path / "straight")
    for name in ("last", "best", "samples"):
        shutil.rmtree(run / name)
    shutil.rmtree(moved / "best")
    with pytest.raises(UsageError, match="did not begin with"):
        go(pairs, run, steps=4)
