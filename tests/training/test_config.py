"""How a model is trained: recipes, what takes precedence, what is out of range."""

import dataclasses
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pipelines.core.errors import SettingsError, UsageError
from pipelines.models import cyclegan, fillnet, pix2pix
from pipelines.training.config import FREE, StepInterval, TrainConfig, free_settings, settings_of


def test_settings_take_precedence_over_the_recipe_and_that_over_defaults() -> None:
    recipe = settings_of(pix2pix, "fakemon", {})
    assert (recipe.batch_size, recipe.epochs, recipe.ema) == (4, 200, 0.999)
    assert settings_of(pix2pix, None, {}).batch_size == 1
    chosen = settings_of(pix2pix, "fakemon", {"batch_size": 3, "hue": 0.1})
    assert (chosen.batch_size, chosen.hue, chosen.epochs) == (3, 0.1, 200)
    for name in ("steps", "minutes"):
        chosen = settings_of(cyclegan, "standard", {name: 5})
        assert chosen.epochs is None
        assert getattr(chosen, name) == 5


OTHER_EPOCHS = {"anime": 100, "anime-small": 100, "maps": 600, "maps-small": 600}  # maps: the critic's


@pytest.mark.parametrize(("model", "epochs"), [(pix2pix, 200), (cyclegan, 200), (fillnet, 60)])  # 200 of the papers
def test_every_preset_has_a_recipe_that_settings_take(model: ModuleType, epochs: int) -> None:
    assert set(model.RECIPES) == set(model.PRESETS)
    for preset in model.PRESETS:
        assert settings_of(model, preset, {}).epochs == OTHER_EPOCHS.get(preset, epochs)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": -1},
        {"epochs": float("inf")},
        {"epochs": float("nan")},
        {"minutes": -0.1},
        {"batch_size": 0},
        {"accumulate": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"beta1": 1.0},
        {"beta2": 1.0},
        {"ema": 1.1},
        {"constant": -0.1},
        {"lr_decay": -0.1},
        {"lr_decay": 1.5},
        {"plateau": 0},
        {"patience": 0},
        {"milestones": (0.5, 1.5)},
        {"hue": 0.6},
        {"jitter": -0.1},
        {"vary_lines": 1.1},
        {"vary_lines": -0.1},
        {"cache_gb": float("inf")},
        {"seed": -1},
        {"seed": 10**30},
        {"workers": -1},
        {"threads": 0},
        {"log_every": 0},
        {"validate_every": 0},
        {"validate_every": "0epochs"},
        {"sample_every": -1},
        {"hintless": 1.1},
        {"input_jitter": -0.1},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(wrong))} = .* is out of range") as raised:
        TrainConfig(**wrong)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("name", "value", "choices"),
    [
        ("schedule", "cosine", "linear, constant, exponential, steps, plateau"),
        ("best_by", "val_psn", "Did you mean 'val_psnr'?"),
        ("precision", "fp8", "auto, fp32, bf16, fp16"),
    ],
)
def test_choices_that_there_are_not_say_what_there_is(name: str, value: str, choices: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} cannot be '{value}'") as raised:
        TrainConfig(**{name: value})  # type: ignore[arg-type]
    assert choices in raised.value.hint


def test_a_model_that_says_not_how_long_is_trained_as_long_as_the_papers() -> None:
    silent = SimpleNamespace(RECIPES={"standard": {"hue": 0.2}})
    assert settings_of(silent, None, {}) == TrainConfig(hue=0.2, epochs=200)  # type: ignore[arg-type]
    assert settings_of(silent, None, {"steps": None, "minutes": None}).epochs == 200  # type: ignore[arg-type]
    assert settings_of(silent, None, {"steps": 0}).epochs is None  # type: ignore[arg-type]


def test_how_long_a_recipe_takes_gives_way_as_a_whole() -> None:
    both = SimpleNamespace(RECIPES={"standard": {"steps": 9, "minutes": 4.0}})
    chosen = settings_of(both, None, {"epochs": 2.0})  # type: ignore[arg-type]
    assert (chosen.steps, chosen.epochs, chosen.minutes) == (None, 2.0, None)
    kept = settings_of(both, None, {"epochs": None})  # type: ignore[arg-type]
    assert (kept.steps, kept.epochs, kept.minutes) == (9, None, 4.0)


def test_settings_at_their_limits_are_taken() -> None:
    TrainConfig(steps=0, epochs=0.0, minutes=0.0, constant=1.0, ema=1.0, hue=0.5, workers=0, save_minutes=0.0)
    TrainConfig(seed=2**32 - 1, beta1=0.0, beta2=0.0, lr_decay=0.0, milestones=(0.0, 1.0), vary_lines=1.0, threads=1)


def test_what_a_run_may_go_on_with_are_settings_and_none_of_them_says_what_is_learned() -> None:
    names = {field.name for field in dataclasses.fields(TrainConfig)}
    assert set(FREE) < names
    assert {"seed", "batch_size", "learning_rate", "schedule", "hue", "precision", "best_by"} <= names - set(FREE)
    assert set(free_settings(TrainConfig())) == {*FREE, "validate_every"}
    assert "validate_every" not in free_settings(TrainConfig(schedule="plateau")), "there validations lower the rate"


def test_each_schedule_has_a_decay_of_its_own_unless_one_is_said() -> None:
    assert {schedule: TrainConfig(schedule=schedule).decay for schedule in ("exponential", "steps", "plateau")} == {
        "exponential": 0.1,
        "steps": 0.1,
        "plateau": 0.5,
    }
    assert TrainConfig(schedule="plateau", lr_decay=0.25).decay == 0.25


def test_a_rate_does_not_fall_to_nothing_at_once() -> None:
    with pytest.raises(SettingsError, match="lr_decay = 0 would stop learning at once"):
        TrainConfig(schedule="exponential", lr_decay=0.0)
    TrainConfig(schedule="steps", lr_decay=0.0)


@pytest.mark.parametrize(
    ("schedule", "name", "value"),
    [
        ("constant", "lr_decay", 0.5),
        ("exponential", "milestones", (0.5,)),
        ("steps", "constant", 0.5),
        ("steps", "plateau", 3),
    ],
)
def test_what_a_schedule_does_not_read_is_refused(schedule: str, name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"{name} says nothing where the schedule is {schedule}") as raised:
        settings_of(pix2pix, None, {"schedule": schedule, name: value})
    assert "Leave it out" in raised.value.hint


# how often ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["often", "1.5", "2weeks", "", "1epoch 2"])
def test_what_is_no_interval_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"validate_every = .*(no interval|out of range)") as raised:
        TrainConfig(validate_every=value)
    assert "1epoch" in raised.value.hint


def due(interval: int | str, *, pictures: int = 10, pictures_per_step: int = 4) -> list[int]:
    every = StepInterval.parse("validate_every", interval)
    return [n for n in range(1, 16) if every.is_due(n, pictures=pictures, pictures_per_step=pictures_per_step)]


def test_steps_are_counted_and_epochs_end_at_the_first_step_that_fills_them() -> None:
    assert due(5) == due("5") == [5, 10, 15]
    assert due("1epoch") == [3, 5, 8, 10, 13, 15]  # after 12, 20, 32, 40, 52, 60 pictures
    assert due("2 epochs") == [5, 10, 15]
    assert due("0.5epochs", pictures=16) == [2, 4, 6, 8, 10, 12, 14]
    assert due("1epoch", pictures=3) == list(range(1, 16)), "a step of more than an epoch"


def test_hints_drawn_anew_take_the_place_of_the_recipes_and_the_other_way_round() -> None:
    assert fillnet.RECIPES["standard"]["vary_hints"]
    config = settings_of(fillnet, None, {"redraw_hints": "strokes"})
    assert (config.redraw_hints, config.vary_hints) == ("strokes", False)
    redrawing = SimpleNamespace(RECIPES={"standard": {"redraw_hints": "strokes"}})
    assert settings_of(redrawing, None, {"vary_hints": True}).redraw_hints == ""  # type: ignore[arg-type]


def test_contradictions_of_hints_are_refused() -> None:
    with pytest.raises(SettingsError, match="redraw_hints and vary_hints contradict each other"):
        TrainConfig(redraw_hints="strokes", vary_hints=True)
    with pytest.raises(UsageError, match="brushes"):
        TrainConfig(redraw_hints="brushes")
    with pytest.raises(SettingsError, match="add up to"):
        TrainConfig(line_mix="own=.5")


def test_hints_that_are_asked_for_take_the_place_of_a_recipe_without_any() -> None:
    module = SimpleNamespace(RECIPES={"plain": {"hintless": 1.0}})
    assert settings_of(module, "plain", {}).hintless == 1  # type: ignore[arg-type]
    assert settings_of(module, "plain", {"redraw_hints": "strokes"}).hintless == 0  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="hintless = 1 shows no hints"):
        settings_of(module, "plain", {"vary_hints": True, "hintless": 1.0})  # type: ignore[arg-type]
