"""Folders of results, truth, lines and hints."""

from pathlib import Path

import numpy as np
import pytest

from tests import drawings


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Five pictures: truth, lines, hints, results `good` (a little off) and `bad` (plain lines)."""
    rng = np.random.default_rng(0)
    for index in range(5):
        truth = drawings.two_circles_coloured()
        good = np.clip(truth.astype(int) + rng.integers(-2 - index, 3 + index, truth.shape), 0, 255).astype(np.uint8)
        name = f"set/{index}.png"
        drawings.write(tmp_path / "truth" / name, truth)
        drawings.write(tmp_path / "good" / name, good)
        drawings.write(tmp_path / "bad" / name, np.dstack([drawings.two_circles()] * 3))
        drawings.write(tmp_path / "lines" / name, drawings.two_circles())
        drawings.write(tmp_path / "hints" / name, drawings.two_hints())
    return tmp_path
