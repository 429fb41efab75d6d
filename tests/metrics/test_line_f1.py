"""Lines that are seen against lines that were drawn."""

import numpy as np
import pytest

from pipelines.metrics import line_f1
from tests.drawings import RED
from tests.metrics.cases import case, flat


def test_line_f_measure_counts_what_is_missing_and_what_is_too_much() -> None:
    lines = np.full((64, 64), 255, np.uint8)
    lines[:, 20:22] = 0
    lines[:, 40:42] = 0
    whole = np.dstack([lines] * 3)
    half = whole.copy()
    half[:, 40:42] = 255
    assert line_f1.Metric().measure(case(whole, whole, lines=lines)) == 1
    assert line_f1.Metric().measure(case(half, whole, lines=lines)) == pytest.approx(2 / 3)  # P 1, R 1/2
    assert line_f1.Metric().measure(case(np.full_like(whole, 255), whole, lines=lines)) == 0


def test_without_ink_there_is_no_line_to_see() -> None:
    blank = np.full((20, 20), 255, np.uint8)
    assert line_f1.Metric().measure(case(flat(RED, 20), flat(RED, 20), lines=blank)) is None
