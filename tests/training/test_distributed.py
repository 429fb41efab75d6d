"""Several processes that learn as one: what one alone does, and what cannot be launched."""

import logging

import pytest
import torch

from pipelines.core.errors import UsageError
from pipelines.training.distributed import ProcessGroup, launch


def test_a_group_of_one_changes_nothing() -> None:
    group, tensor = ProcessGroup(), torch.arange(3.0)
    group.broadcast({"a": tensor})
    group.all_reduce_mean([tensor])
    group.barrier()
    assert group.reduce_metrics({"a": 0.1}) == {"a": 0.1}
    assert group.all_reduce_max(2) == 2
    assert group.number_of_first(2) == 2
    assert tensor.tolist() == [0, 1, 2]


def test_one_process_needs_no_launch() -> None:
    group, device = launch(torch.device("cpu"), devices=1, nodes=1)
    assert (group.rank, group.world_size, device) == (0, 1, torch.device("cpu"))


def test_more_devices_than_there_are_are_refused() -> None:
    with pytest.raises(UsageError, match="here are 1 devices of the kind mps, not 2"):
        launch(torch.device("mps"), devices=2, nodes=1)


class InTwo:
    """What `ProcessGroup` needs of Fabric, as the second of two processes."""

    device, global_rank, world_size = torch.device("cpu"), 1, 2


def test_gradients_and_figures_are_averaged_and_the_largest_number_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process has twice what this one has."""
    group = ProcessGroup(InTwo())  # type: ignore[arg-type]

    def all_reduce(tensor: torch.Tensor, op: object = torch.distributed.ReduceOp.SUM) -> None:
        tensor.mul_(3 if op == torch.distributed.ReduceOp.SUM else 2)

    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    matrix, vector = torch.arange(4.0).view(2, 2), torch.tensor([8.0])
    group.all_reduce_mean([matrix, vector])
    assert matrix.tolist() == [[0, 1.5], [3, 4.5]]
    assert vector.tolist() == [12]
    assert group.reduce_metrics({"a": 2.0, "b": 4.0}) == {"a": 3.0, "b": 6.0}
    assert group.reduce_metrics({"val_psnr": 23.4568}) == pytest.approx({"val_psnr": 35.1852}, rel=1e-12)
    assert group.all_reduce_max(2) == 4
    assert (group.rank, group.world_size) == (1, 2)


def test_all_get_every_tensor_of_the_first_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def broadcast(tensor: torch.Tensor, source: int) -> None:
        assert source == 0
        tensor.fill_(7)

    monkeypatch.setattr(torch.distributed, "broadcast", broadcast)
    state = {"weight": torch.zeros(2, 2), "count": torch.tensor(3)}
    ProcessGroup(InTwo()).broadcast(state)  # type: ignore[arg-type]
    assert state["weight"].tolist() == [[7, 7], [7, 7]]
    assert state["count"].item() == 7
    assert ProcessGroup(InTwo()).number_of_first(2) == 7  # type: ignore[arg-type]


def test_the_first_process_is_given_what_all_have_and_no_more_of_it_than_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A view goes as a tensor of its own: of an image pool only the pictures that are in it."""

    def gather_object(own: dict[str, torch.Tensor], everything: list[object] | None, target: int) -> None:
        assert own["pool"].untyped_storage().nbytes() == 2 * 4
        if everything is not None:
            everything[:] = [own, own]

    monkeypatch.setattr(torch.distributed, "gather_object", gather_object)
    view = torch.arange(1000.0)[:2]
    for rank, count in ((0, 2), (1, 0)):
        group = ProcessGroup(InTwo())  # type: ignore[arg-type]
        group.rank = rank
        assert [own["pool"].tolist() for own in group.gather({"pool": view})] == [[0, 1]] * count
    assert ProcessGroup().gather({"pool": view})[0]["pool"] is not None


def test_without_tensors_there_is_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks none of whose weights has a gradient."""
    monkeypatch.delattr(torch.distributed, "all_reduce")
    ProcessGroup(InTwo()).all_reduce_mean([])  # type: ignore[arg-type]


def test_launching_says_nothing_of_its_own(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    fabric = pytest.importorskip("lightning_fabric")

    class Launched:
        device, global_rank, world_size = torch.device("cpu"), 0, 2

        def __init__(self, **_: object) -> None:
            pass

        def launch(self) -> None:
            logging.getLogger("lightning_fabric.utilities.rank_zero").info("Initializing distributed: GLOBAL_RANK: 0")
            logging.getLogger("lightning_fabric.utilities.distributed").warning("a warning")

    monkeypatch.setattr(fabric, "Fabric", Launched)
    monkeypatch.setattr(logging.getLogger("lightning_fabric"), "propagate", True)
    group, _ = launch(torch.device("cpu"), devices=2, nodes=1)
    assert group.world_size == 2
    assert caplog.messages == ["a warning"]
