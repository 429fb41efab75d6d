"""The campaign that kills training runs: it knows every model that learns, and looks at what was saved."""

import random
from pathlib import Path

import pytest

from pipelines.core import registry
from pipelines.core.settings import resolve
from tests.campaigns.train_kill import Pace, command, moments, saved_step
from tests.runs import LEARNING, tiny


@pytest.mark.parametrize("model", LEARNING)
def test_a_run_of_each_model_is_tiny(model: str) -> None:
    run = command(Path("pairs"), Path("out"), model, 3)
    assert run[run.index("--model") + 1] == model
    values = dict(word.split("=", 1) for word, before in zip(run[1:], run, strict=False) if before == "--set")
    preset = run[run.index("--preset") + 1] if "--preset" in run else None
    module = registry.load("models", model)
    assert resolve(module, values, preset=preset) == resolve(module, tiny(model).values, preset=tiny(model).preset)


def test_kills_are_spread_over_the_steps_of_a_run_and_some_come_before() -> None:
    waits = moments(Pace(6.0, 4.0), 1000, random.Random(1))
    early = [wait for wait in waits if wait < 5.99]
    assert 100 < len(early) < 300
    assert max(waits) <= 6 + 1.5 * 4 / 1000
    assert sum(max(wait - 6, 0) for wait in waits) < 4, "the run is not over before the last"


def test_the_step_of_a_kill_is_that_of_the_last_checkpoint(tmp_path: Path) -> None:
    assert saved_step(tmp_path) == 0
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "training.json").write_text('{"step": 7}')
    assert saved_step(tmp_path) == 7
