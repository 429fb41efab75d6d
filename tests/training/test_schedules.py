"""The factor on the learning rate over a run, by hand."""

import pytest

from pipelines.training.config import TrainConfig
from pipelines.training.progress import Progress, RunLength
from pipelines.training.schedules import lr_factor


def factors(*shares: float, **settings: object) -> list[float]:
    config = TrainConfig(**settings)  # type: ignore[arg-type]
    return [lr_factor(config, share) for share in shares]


def test_linear_holds_and_then_falls_to_nothing() -> None:
    assert factors(0, 0.25, 0.5, 0.75, 1) == pytest.approx([1, 1, 1, 0.5, 0])
    assert factors(0, 0.2, 0.6, 1, constant=0.2) == pytest.approx([1, 1, 0.5, 0])
    assert factors(0, 0.5, 1, constant=0.0) == pytest.approx([1, 0.5, 0])
    assert factors(0, 0.5, 0.99, constant=1.0) == [1, 1, 1]


def test_constant_stays() -> None:
    assert factors(0, 0.5, 1, schedule="constant") == [1, 1, 1]


def test_exponential_falls_by_equal_ratios_to_its_factor_at_the_end() -> None:
    assert factors(0, 0.5, 1, schedule="exponential") == pytest.approx([1, 0.1**0.5, 0.1])
    assert factors(0, 0.25, 0.5, 0.75, 1, schedule="exponential", lr_decay=1 / 16) == pytest.approx(
        [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
    )
    assert factors(0, 0.3, 1, schedule="exponential", lr_decay=1.0) == [1, 1, 1]


def test_steps_multiply_at_each_milestone() -> None:
    shares = (0, 0.49, 0.5, 0.74, 0.75, 1)
    assert factors(*shares, schedule="steps") == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert factors(*shares, schedule="steps", milestones=(0.75, 0.2, 0.5), lr_decay=0.5) == pytest.approx(
        [1, 0.5, 0.25, 0.25, 0.125, 0.125]
    )
    assert factors(0, 1, schedule="steps", milestones=()) == [1, 1]


def test_plateaus_halve_or_multiply_by_what_was_asked_for() -> None:
    for settings, expected in (({}, [1, 0.5, 0.25]), ({"lr_decay": 0.1}, [1, 0.1, 0.01])):
        config = TrainConfig(schedule="plateau", **settings)  # type: ignore[arg-type]
        assert [lr_factor(config, 0.9, plateaus=count) for count in range(3)] == pytest.approx(expected)
    assert lr_factor(TrainConfig(schedule="constant"), 0.9, plateaus=3) == 1  # no other schedule asks for them


@pytest.mark.parametrize("schedule", ["linear", "constant", "exponential", "steps", "plateau"])
def test_rates_begin_whole_and_never_rise(schedule: str) -> None:
    falling = factors(*(number / 50 for number in range(51)), schedule=schedule)
    assert falling[0] == 1
    assert falling == sorted(falling, reverse=True)
    assert min(falling) >= 0


@pytest.mark.parametrize(
    ("how_long", "states"),
    [
        ({"steps": 8}, [Progress(step=step) for step in (0, 4, 6, 7, 8)]),
        ({"epochs": 4.0}, [Progress(step=step) for step in (0, 4, 6, 7, 8)]),  # 16 pictures by 2
        ({"minutes": 2.0}, [Progress(step=9, seconds=seconds) for seconds in (0, 60, 90, 105, 120)]),
    ],
)
def test_rates_fall_alike_however_the_length_is_given(how_long: dict[str, float], states: list[Progress]) -> None:
    def rates(**settings: object) -> list[float]:
        config = TrainConfig(**how_long, **settings)  # type: ignore[arg-type]
        length = RunLength.of(config, pictures=4, pictures_per_step=2)
        return [lr_factor(config, length.share(progress)) for progress in states]

    assert rates() == pytest.approx([1, 1, 0.5, 0.25, 0])
    assert rates(schedule="exponential", lr_decay=1 / 256) == pytest.approx([1, 1 / 16, 1 / 64, 1 / 128, 1 / 256])
    assert rates(schedule="steps", lr_decay=0.5) == pytest.approx([1, 0.5, 0.25, 0.25, 0.25])
