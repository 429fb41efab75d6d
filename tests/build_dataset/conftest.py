"""What datasets are built of in tests."""

from pathlib import Path

import pytest

from tests import drawings
from tests.build_dataset import corpora


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Six coloured pictures in two folders."""
    for number, name in enumerate(("a", "b", "c", "deep/a", "deep/d", "deep/e")):
        drawings.write(tmp_path / "art" / f"{name}.png", corpora.picture(number))
    return tmp_path / "art"
