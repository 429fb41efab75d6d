"""What a processor says of itself, in the words of the kernel."""

from pathlib import Path

import pytest

from pipelines.core import processor
from pipelines.core.processor import processor_flags


@pytest.mark.parametrize("name", ["flags\t\t", "Features\t"])
def test_flags_are_those_of_the_first_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    description = tmp_path / "cpuinfo"
    description.write_text(f"processor\t: 0\nvmx flags\t: ept\n{name}: fpu avx512_bf16\nprocessor\t: 1\n{name}: fpu\n")
    monkeypatch.setattr(processor, "_DESCRIPTION", description)
    assert processor_flags() == {"fpu", "avx512_bf16"}


def test_where_no_kernel_says_so_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, "_DESCRIPTION", tmp_path / "missing")
    assert processor_flags() == set()
    (tmp_path / "empty").write_bytes(b"\xff\n")
    monkeypatch.setattr(processor, "_DESCRIPTION", tmp_path / "empty")
    assert processor_flags() == set()
