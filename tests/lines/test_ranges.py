"""Numbers and ranges of settings."""

import numpy as np
import pytest

from pipelines.lines._ranges import draw, ends


def test_a_number_has_itself_at_both_ends_and_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert ends(0.4) == (0.4, 0.4) and draw(0.4, rng) == 0.4
    assert rng.random() == np.random.default_rng(0).random(), "the generator was not asked"


def test_a_range_is_drawn_evenly_between_its_ends() -> None:
    rng = np.random.default_rng(0)
    values = np.array([draw((2.0, 5.0), rng) for _ in range(2000)])
    assert values.min() >= 2 and values.max() <= 5
    assert values.mean() == pytest.approx(3.5, abs=0.1) and values.std() == pytest.approx(3 / 12**0.5, abs=0.05)


def test_a_step_draws_each_value_of_the_grid_and_no_other_both_ends_included() -> None:
    rng = np.random.default_rng(0)
    values = {round(draw((0.3, 0.5), rng, step=0.1), 9) for _ in range(100)}
    assert values == {0.3, 0.4, 0.5}
    assert {draw((0, 2.5), rng, step=1.0) for _ in range(100)} == {0, 1, 2}, "what a step does not reach is left out"
