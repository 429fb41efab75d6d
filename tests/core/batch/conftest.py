"""Folders that several tests of the batch floor begin with."""

from pathlib import Path

import pytest

from tests.core.batch.texts import make


@pytest.fixture
def art(tmp_path: Path) -> Path:
    for name in ("frame10.png", "frame2.png", "deep/a.JPG", "deep/er/b.webp", "notes.txt", ".hidden.png", ".git/c.png"):
        path = tmp_path / "art" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "art"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    make(tmp_path / "in", one="a", two="b", three="c")
    make(tmp_path / "in" / "deep", four="d")
    return tmp_path / "in"
