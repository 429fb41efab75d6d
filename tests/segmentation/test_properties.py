"""Properties of regions, by hand and against the same drawing merged or turned."""

import numpy as np
import pytest

from pipelines.segmentation.line_mask import find_line_mask
from pipelines.segmentation.properties import RegionProperties, dissimilarity, merge_properties, region_properties


def rooms() -> tuple[np.ndarray, np.ndarray]:
    """A drawing of 30 x 40 px with walls at column 10 and, right of it, row 12; and its three rooms, ink shared out."""
    lines = np.full((30, 40), 255, np.uint8)
    lines[:, 10] = lines[12, 10:] = 0
    labels = np.ones(lines.shape, np.int32)
    labels[:, 10:] = 2
    labels[12:, 10:] = 3
    return lines, labels


def measured(lines: np.ndarray, labels: np.ndarray) -> RegionProperties:
    return region_properties(labels, find_line_mask(lines))


def test_properties_by_hand() -> None:
    properties = measured(*rooms())
    assert properties.labels == 4
    assert properties.area.tolist() == [0, 300, 29 * 12, 29 * 17]
    assert properties.left[1:].tolist() == [0, 11, 11] and properties.right[1:].tolist() == [9, 39, 39]
    assert properties.top[1:].tolist() == [0, 0, 13] and properties.bottom[1:].tolist() == [29, 11, 29]
    assert properties.corners.tolist() == [0, 2, 1, 1]
    assert properties.edge.tolist() == [0, 10 + 10 + 30, 29 + 12, 29 + 17]
    assert properties.x[1:].tolist() == [4.5, 25, 25] and properties.y[1:].tolist() == [14.5, 5.5, 21]
    assert properties.radius[1] == 10, "nine columns of paper and the wall; the picture's border is no ink"


def test_merged_properties_are_those_of_the_merged_map() -> None:
    lines, labels = rooms()
    roots = np.array([0, 1, 1, 3])
    merged = merge_properties(measured(lines, labels), roots)
    again = measured(lines, roots.astype(np.int32)[labels])
    for name in ("area", "radius", "left", "top", "right", "bottom", "edge", "corners"):
        kept = [1, 3]
        assert getattr(merged, name)[kept].tolist() == getattr(again, name)[kept].tolist(), name
    assert merged.borders.length.tolist() == again.borders.length.tolist()


def test_a_region_is_like_itself_and_its_mirror_image_and_unlike_another() -> None:
    lines, labels = rooms()
    both = np.concatenate([labels, labels[:, ::-1] + 3], axis=1)
    properties = measured(np.concatenate([lines, lines[:, ::-1]], axis=1), both)
    regions = np.arange(1, 4)
    assert (dissimilarity(properties, regions, regions) == 0).all()
    assert (dissimilarity(properties, regions, regions + 3) == 0).all()
    table = dissimilarity(properties, regions[:, None], regions[None])
    assert table.shape == (3, 3) and np.array_equal(table, table.T) and (table[~np.eye(3, dtype=bool)] > 0.3).all()


@pytest.mark.parametrize("scale", [2, 3])
def test_a_region_twice_as_large_differs_by_the_logarithm_of_each_measure(scale: int) -> None:
    lines = np.zeros((80, 200), np.uint8)
    lines[10:21, 10:21] = lines[10 : 10 + 11 * scale, 100 : 100 + 11 * scale] = 255
    labels = np.ones(lines.shape, np.int32)
    labels[:, 60:] = 2
    properties = measured(lines, labels)
    radii = np.log(properties.radius[2] / properties.radius[1])
    expected = 2 * np.log(scale) + radii + 2 * np.log(scale)  # area, radius, both sides
    assert dissimilarity(properties, np.array([1]), np.array([2]))[0] == pytest.approx(expected)
