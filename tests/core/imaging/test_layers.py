"""Layers and documents: cropped and at full size again, grouped in runs."""

import numpy as np
import pytest

from pipelines.core.imaging.layers import Document, Layer, at_full_size, cropped

PIXEL = np.full((1, 1, 4), 255, np.uint8)


def document(*layers: Layer, size: tuple[int, int] = (12, 9)) -> Document:
    return Document(size[0], size[1], layers, np.zeros((size[1], size[0], 3), np.uint8))


def test_a_cropped_layer_is_as_small_as_what_is_seen_and_comes_back_whole() -> None:
    picture = np.zeros((9, 12, 4), np.uint8)
    picture[2, 3], picture[5, 7] = (1, 2, 3, 255), (4, 5, 6, 1)
    layer = cropped("spots", picture, mode="multiply", visible=False)
    assert (layer.left, layer.top, layer.width, layer.height) == (3, 2, 5, 4)
    assert (layer.name, layer.mode, layer.visible) == ("spots", "multiply", False)
    whole = at_full_size(layer, document(layer))
    assert np.array_equal(whole[..., 3], picture[..., 3])
    assert np.array_equal(whole[picture[..., 3] > 0], picture[picture[..., 3] > 0])
    assert whole[0, 0].tolist() == [1, 2, 3, 0] and whole[8, 11].tolist() == [4, 5, 6, 0], "as at the border"


def test_a_layer_without_a_pixel_is_there_all_the_same() -> None:
    layer = cropped("nothing", np.zeros((9, 12, 4), np.uint8))
    assert layer.is_empty and (layer.width, layer.height) == (0, 0)
    assert not at_full_size(layer, document(layer)).any()


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], []),
        ([None, None], [(None, 2)]),
        ([None, "flats", "flats", None], [(None, 1), ("flats", 2), (None, 1)]),
        (["a", "b", "a"], [("a", 1), ("b", 1), ("a", 1)]),
    ],
)
def test_groups_are_runs_of_layers(groups: list[str | None], expected: list[tuple[str | None, int]]) -> None:
    layers = [Layer(str(number), PIXEL, group=group) for number, group in enumerate(groups)]
    grouped = document(*layers).groups
    assert [(group, len(members)) for group, members in grouped] == expected
    assert [layer for _, members in grouped for layer in members] == layers
