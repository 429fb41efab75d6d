"""Labels looked up, measured, numbered and grown."""

import numpy as np
import pytest

from pipelines.core.imaging.arrays import Labels
from pipelines.segmentation.label_maps import (
    grow_within,
    in_scan_order,
    label_boxes,
    label_sizes,
    map_labels,
    number_by_size,
    resize_labels,
    row_runs,
    scan_order,
)


def test_scan_order_numbers_labels_by_their_first_pixel_and_those_that_are_not_there_0() -> None:
    labels = np.array([[0, 7, 7, 2], [7, 2, 5, 5]], np.int32)
    assert scan_order(labels).tolist() == [0, 0, 2, 0, 0, 3, 0, 1]
    assert map_labels(scan_order(labels), labels).tolist() == [[0, 1, 1, 2], [1, 2, 3, 3]]


@pytest.mark.parametrize("level", [0, 4])
def test_scan_order_of_one_label(level: int) -> None:
    assert scan_order(np.full((3, 2), level, np.int32)).tolist() == [0] * level + [min(level, 1)]


def noise(seed: int, shape: tuple[int, int] = (23, 31), count: int = 6) -> Labels:
    """Blocks of chance labels, some of which may be missing."""
    small = np.random.default_rng(seed).integers(0, count, (shape[0] // 3 + 1, shape[1] // 4 + 1)).astype(np.int32)
    return np.ascontiguousarray(small.repeat(3, axis=0).repeat(4, axis=1)[: shape[0], : shape[1]])


def test_a_table_is_looked_up_as_indexing_does_whatever_the_size() -> None:
    labels = np.random.default_rng(0).integers(0, 9, (300, 301)).astype(np.int32)
    for table in (np.arange(9) * 3, np.random.default_rng(1).integers(0, 256, (9, 3)).astype(np.uint8)):
        assert np.array_equal(map_labels(table, labels), table[labels])


def test_labels_are_resized_by_the_nearest_and_come_back() -> None:
    labels = noise(2)
    large = resize_labels(labels, (46, 62))
    assert np.array_equal(large, labels.repeat(2, axis=0).repeat(2, axis=1))
    assert np.array_equal(resize_labels(large, labels.shape), labels)


@pytest.mark.parametrize("seed", range(3))
def test_runs_are_the_rows_cut_where_the_value_changes(seed: int) -> None:
    labels = noise(seed)
    runs = row_runs(labels)
    again = np.repeat(runs.labels(labels), runs.length).reshape(labels.shape)
    assert np.array_equal(again, labels)
    for row, first, last in zip(runs.row, runs.first, runs.last, strict=True):
        assert len(set(labels[row, first : last + 1].tolist())) == 1
        assert last == labels.shape[1] - 1 or labels[row, last] != labels[row, last + 1]


@pytest.mark.parametrize("seed", range(3))
def test_sizes_and_boxes_are_those_of_each_labels_pixels(seed: int) -> None:
    labels = noise(seed, count=9)
    sizes, boxes = label_sizes(labels, 12), label_boxes(labels, 12)
    assert len(sizes) == len(boxes.top) == 12 and sizes[0] == 0
    for label in range(1, 12):
        rows, columns = np.nonzero(labels == label)
        assert sizes[label] == len(rows)
        window = boxes.window(label)
        if len(rows):
            assert window == (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
        else:
            assert labels[window].size == 0
    assert len(label_boxes(labels).top) == labels.max() + 1


def test_numbers_in_scan_order_are_the_same_whatever_the_labels_were_called() -> None:
    labels = noise(4)
    other_names = np.array([0, 70, 3, 500, 2, 9], np.int32)[labels]
    assert np.array_equal(in_scan_order(other_names), in_scan_order(labels))


@pytest.mark.parametrize("with_zero", [True, False])
def test_the_most_frequent_is_number_1_and_zero_stays_zero(with_zero: bool) -> None:
    keys = np.repeat(np.array([0, 40, 9, 7], np.int64), [9, 3, 5, 2])[None] if with_zero else np.array([[4, 9, 9]])
    expected = [0] * 9 + [2] * 3 + [1] * 5 + [3] * 2 if with_zero else [2, 1, 1]
    assert number_by_size(keys).tolist() == [expected]


def test_labels_grow_within_their_class_and_meet_half_way() -> None:
    classes = np.array([[1, 1, 1, 1, 2, 2, 0, 2]], np.int32)
    labels = np.array([[5, 0, 0, 6, 0, 7, 0, 0]], np.int32)
    grow_within(labels, classes)
    assert labels.tolist() == [[5, 5, 6, 6, 7, 7, 0, 0]], "nothing crosses what has no class"
