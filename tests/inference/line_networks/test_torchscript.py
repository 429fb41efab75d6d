"""Networks in TorchScript files: what they give, and what is refused."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.line_networks.torchscript import open_torchscript
from tests.inference.line_networks.networks import Valleys, compiled, scripted, valleys

pytestmark = pytest.mark.usefixtures("one_thread")

PICTURE = np.random.default_rng(2).random((1, 1, 40, 56)).astype(np.float32)


def test_a_network_gives_what_it_is_known_to_give_every_time(tmp_path: Path) -> None:
    run = open_torchscript(scripted(tmp_path / "valleys.pt", Valleys(), 1), "cpu")
    runs = [run(PICTURE)[0] for _ in range(4)]
    assert np.allclose(runs[0][0, 0], valleys(PICTURE[0, 0].astype(np.float64)), atol=1e-6)
    assert all((other == runs[0]).all() for other in runs[1:]), "the first runs are not computed in another way"


def test_several_outputs_come_in_a_row(tmp_path: Path) -> None:
    for pack in (lambda x: (x, x + 1), lambda x: [x, x + 1], lambda x: {"a": x, "b": x + 1}):
        first, second = open_torchscript(scripted(tmp_path / "two.pt", pack, 1), "cpu")(PICTURE)
        assert (first == PICTURE).all()
        assert np.allclose(second, PICTURE + 1)


class HalfInside(torch.nn.Module):
    """A network whose code has numbers of 16 bits."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Raise, given numbers of 32."""
        return torch.nn.functional.conv2d(picture, torch.ones(1, 1, 3, 3, dtype=torch.float16))


def test_weights_of_16_bits_are_computed_in_32(tmp_path: Path) -> None:
    path = compiled(tmp_path / "half.pt", Valleys().half())
    (lines,) = open_torchscript(path, "cpu")(PICTURE)
    assert lines.dtype == np.float32
    assert np.allclose(lines[0, 0], valleys(PICTURE[0, 0].astype(np.float64)), atol=2e-3)


def test_a_network_whose_code_computes_in_16_bits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match=r"cannot run: .* It computes in 16 bits: export it in float32"):
        open_torchscript(compiled(tmp_path / "half.pt", HalfInside()), "cpu")(PICTURE)


def test_the_reason_is_one_line_where_channels_do_not_fit(tmp_path: Path) -> None:
    run = open_torchscript(scripted(tmp_path / "valleys.pt", Valleys(3), 3), "cpu")
    with pytest.raises(MethodError, match=r"cannot run: .*expected input.* to have 3 channels, but got 1") as caught:
        run(PICTURE)
    assert "\n" not in str(caught.value)
    assert "channels, multiple, fit" in caught.value.hint


def test_damaged_files_and_operations_of_other_libraries_are_refused(tmp_path: Path) -> None:
    path = Path(scripted(tmp_path / "valleys.pt", Valleys(), 1))
    damaged, foreign = tmp_path / "damaged.pt", tmp_path / "foreign.pt"
    damaged.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(UsageError, match=r"damaged\.pt is a damaged TorchScript file"):
        open_torchscript(str(damaged), "cpu")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(foreign, "w", zipfile.ZIP_STORED) as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name).replace(b"torch.clamp", b"ops.studio.clamp"))
    with pytest.raises(UsageError, match=r"needs studio::clamp, an operation that torch does not have"):
        open_torchscript(str(foreign), "cpu")
