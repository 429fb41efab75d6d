"""Methods asked for by name, with settings of their own."""

import numpy as np
import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.method_specs import group_by_method, resolve_method_specs


def test_methods_take_settings_by_method_and_draw_ranges() -> None:
    values = group_by_method(
        {"kmedoids.hints": "3..6", "kmedoids.radius": "2.5..4", "points": {"chance": 0.2}}, ["kmedoids", "points"]
    )
    values.pop("points")
    (spec,) = resolve_method_specs("hints", ["kmedoids"], values)
    drawn = [spec.draw_params(np.random.default_rng(seed)) for seed in range(60)]
    assert {params.hints for params in drawn} == {3, 4, 5, 6}
    assert all(2.5 <= params.radius <= 4 for params in drawn)
    assert len({params.radius for params in drawn}) == 60
    assert spec.draw_params(np.random.default_rng(1)) == drawn[1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kmedoid.hints": "3"}, "no method that is used"),
        ({"kmedoids": "3"}, "says no setting"),
        ({"kmedoids.hintz": "3"}, "no setting 'hintz'"),
        ({"kmedoids.hints": "9..3"}, "no range 9..3"),
        ({"kmedoids.centring": "true..false"}, "no range"),
        ({"kmedoids.hints": "a..b"}, "cannot be 'a'"),
    ],
)
def test_bad_settings_of_methods_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        resolve_method_specs("hints", ["kmedoids"], group_by_method(values, ["kmedoids"]))
