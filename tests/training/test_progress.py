"""Where a run stands: losses, the best validation, its length, its pace."""

import dataclasses
import json
from typing import Any

import pytest
import torch

from pipelines.training.config import TrainConfig
from pipelines.training.progress import Pace, Progress, RunLength
from pipelines.training.task import TrainingError


def test_losses_are_averaged_from_line_to_line_and_checked() -> None:
    progress = Progress(step=2)
    pending = [{"a": torch.tensor(1.0)}, {"a": torch.tensor(2.0), "b": torch.tensor(4.0)}]
    progress.add_losses(pending)
    assert pending == []
    progress.step = 3
    progress.add_losses([{"a": torch.tensor(6.0)}])
    assert progress.take_losses() == {"a": 3.0, "b": 4.0}, "of the steps on which each was worked out"
    assert progress.take_losses() == {}
    with pytest.raises(TrainingError, match="the loss a became nan in step 2"):
        progress.add_losses([{"a": torch.tensor(float("nan"))}, {"a": torch.tensor(1.0)}])


@pytest.mark.parametrize(("best_by", "steps"), [("val_psnr", [1, 3]), ("val_l1", [1, 2, 4])])
def test_the_best_is_the_highest_psnr_or_the_lowest_l1(best_by: Any, steps: list[int]) -> None:
    progress = Progress()
    bests = []
    for step, (psnr, l1) in enumerate([(20.0, 9.0), (19.0, 8.0), (21.0, 8.0), (21.0, 7.0)], start=1):
        progress.step = step
        if progress.add_validation({"val_psnr": psnr, "val_l1": l1}, best_by=best_by, plateau=5):
            bests.append(step)
    assert bests == steps  # an equal figure is not better
    assert progress.best["step"] == steps[-1]
    assert progress.figures == {"val_psnr": 21.0, "val_l1": 7.0}


@pytest.mark.parametrize(
    ("settings", "last_step"),
    [
        ({"steps": 3}, 3),
        ({"epochs": 2.0}, 4),  # 14 pictures by 4
        ({"steps": 9, "epochs": 2.0}, 4),
        ({"steps": 3, "epochs": 2.0, "minutes": 1.0}, 3),
        ({"epochs": 0.5}, 1),  # of 3 pictures
        ({"epochs": 0.0}, 0),
        ({"minutes": 1.0}, None),
    ],
)
def test_a_run_ends_at_the_first_of_steps_and_epochs(settings: dict[str, Any], last_step: int | None) -> None:
    length = RunLength.of(TrainConfig(**settings), pictures=7, pictures_per_step=4)
    assert length.last_step == last_step


def test_the_share_of_a_run_is_that_of_steps_or_time_whichever_is_further() -> None:
    length = RunLength(last_step=10, minutes=1.0)
    assert length.share(Progress(step=5, seconds=15)) == 0.5
    assert length.share(Progress(step=5, seconds=45)) == 0.75
    assert length.share(Progress(step=5, seconds=999)) == 1
    assert RunLength(last_step=0, minutes=None).share(Progress()) == 0
    states = [Progress(step=9, seconds=59), Progress(step=10), Progress(step=1, seconds=60)]
    assert [length.is_over(progress) for progress in states] == [False, True, True]
    assert RunLength(last_step=0, minutes=None).is_over(Progress())


def test_hours_are_those_of_steps_or_of_minutes_whichever_is_less() -> None:
    assert RunLength(last_step=3600, minutes=None).hours(2.0) == 2
    assert RunLength(last_step=3600, minutes=30).hours(2.0) == 0.5
    assert RunLength(last_step=None, minutes=90).hours(2.0) == 1.5


def test_the_pace_counts_pictures_and_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.training.progress.time.monotonic", lambda: 110.0)
    assert Pace(began=100.0, waited=2.5, steps=4).figures(5) == {"pictures_a_second": 2.0, "data_share": 0.25}


def test_a_run_by_minutes_goes_by_its_time_alone() -> None:
    length = RunLength.of(TrainConfig(minutes=2.0), pictures=7, pictures_per_step=4)
    assert [length.share(Progress(step=10**6, seconds=seconds)) for seconds in (0, 30, 90, 120)] == [0, 0.25, 0.75, 1]
    assert not length.is_over(Progress(step=10**6, seconds=119.9))
    assert length.is_over(Progress(step=0, seconds=120.0))


def test_where_a_run_stands_survives_its_file() -> None:
    progress = Progress(step=3, seconds=1.5)
    progress.add_losses([{"a": torch.tensor(0.1)}])
    progress.add_validation({"val_psnr": 20.25, "val_l1": 9.5}, best_by="val_psnr", plateau=5)
    again = Progress(**json.loads(json.dumps(dataclasses.asdict(progress))))
    assert again == progress
    assert not again.add_validation({"val_psnr": 20.0, "val_l1": 9.0}, best_by="val_psnr", plateau=5)
    assert again.best == {"val_psnr": 20.25, "val_l1": 9.5, "step": 3}
    assert again.take_losses() == progress.take_losses()


def of_figures(*l1s: float, plateau: int = 2) -> list[Progress]:
    """Where a run stands after each validation."""
    progress, states = Progress(), []
    for step, l1 in enumerate(l1s, start=1):
        progress.step = step
        progress.add_validation({"val_psnr": -l1, "val_l1": l1}, best_by="val_psnr", plateau=plateau)
        states.append(dataclasses.replace(progress))
    return states


def test_a_plateau_is_so_many_validations_without_a_lower_l1_and_counting_begins_anew() -> None:
    states = of_figures(9.0, 9.0, 9.5, 9.0, 9.2, 8.0, 8.5, 8.0)
    assert [state.plateaus for state in states] == [0, 0, 1, 1, 2, 2, 2, 3]
    assert [state.plateaus for state in of_figures(9.0, 8.0, 7.0, 6.0)] == [0, 0, 0, 0]


def test_patience_counts_validations_since_the_best_one() -> None:
    states = of_figures(9.0, 9.0, 9.5, 8.0, 8.5)
    assert [state.since_best for state in states] == [0, 1, 2, 0, 1]
    assert [state.is_patience_over(2) for state in states] == [False, False, True, False, False]
    assert not states[2].is_patience_over(None)


STOOD = {
    "step": 3,
    "seconds": 1.5,
    "best": {"val_psnr": 9, "step": 2},
    "loss_sums": {"l1": 0.5},
    "loss_counts": {"l1": 2},
}


def test_where_a_run_stood_is_read_with_its_kinds() -> None:
    assert Progress.from_json(STOOD) == Progress(**STOOD)  # type: ignore[arg-type]
    assert Progress.from_json({"step": 0, "least_l1": None}) == Progress()


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": "3"},
        {"step": 3.5},
        {"step": True},
        {"step": -1},
        {"seconds": None},
        {"best": [1]},
        {"best": {"val_psnr": "high"}},
        {"loss_sums": {}},
        {"loss_counts": {"l1": 0}},
        {"least_l1": {}},
        {"stage": 1},
    ],
)
def test_what_is_no_progress_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not the progress of a run"):
        Progress.from_json(STOOD | wrong)


def test_progress_without_a_step_is_none() -> None:
    with pytest.raises(ValueError, match="not the progress"):
        Progress.from_json({})
