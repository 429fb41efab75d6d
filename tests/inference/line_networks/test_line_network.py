"""A network from a file as a line extractor, whole: what is found out, and what it makes of a page."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.line_networks.fitting import SizeRule
from pipelines.inference.line_networks.line_network import LineNetwork, LineNetworkSpec, open_line_network, raw_values
from pipelines.inference.line_networks.network_files import OpenNetwork, digest_of
from pipelines.inference.line_networks.output_levels import OutputLevels
from pipelines.inference.line_networks.picture_input import PictureInput
from tests import drawings
from tests.inference.line_networks.networks import REACH, Grey, Valleys, onnx_file, scripted, valleys

pytestmark = pytest.mark.usefixtures("one_thread")


def spec(path: str, **settings: object) -> LineNetworkSpec:
    start = LineNetworkSpec(
        path,
        digest_of(path),
        "cpu",
        PictureInput(),
        channels=None,
        rule=SizeRule(),
        overlap=32,
        output=0,
        scale=None,
        polarity=None,
        whitens=True,
    )
    return replace(start, **settings)  # type: ignore[arg-type]


Function = Callable[[Tensor], object]

GIVES: dict[str, tuple[Function, OutputLevels]] = {
    "light paper": (lambda x: x.mean(1, True), OutputLevels("unit", "ink-dark")),
    "light ink": (lambda x: 1 - x.mean(1, True), OutputLevels("unit", "ink-light")),
    "from -1": (lambda x: x.mean(1, True) * 2 - 1, OutputLevels("signed", "ink-dark")),
    "to 255": (lambda x: 255 - 255 * x.mean(1, True), OutputLevels("bytes", "ink-light")),
    "three channels": (lambda x: 1 - x, OutputLevels("unit", "ink-light")),
}


@pytest.mark.parametrize("kind", GIVES)
def test_scale_and_polarity_are_found_out_and_do_not_hang_on_the_picture(kind: str, tmp_path: Path) -> None:
    function, levels = GIVES[kind]
    network = open_line_network(spec(scripted(tmp_path / "a.pt", function)))
    assert network.levels == levels
    inky = np.full((64, 64, 3), 20, np.uint8)  # nearly all of it ink: still ink
    inky[:8] = 255
    lines = network.lines_of(inky)
    assert np.abs(lines[20:] - 20.0).max() <= 1
    assert (lines[:8] == 255).all()


def test_what_comes_out_for_blank_paper_is_white(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", lambda x: 0.05 + 0.9 * x.mean(1, True))  # as a sigmoid that is not quite sure
    page = np.full((64, 64, 3), 255, np.uint8)
    page[20:30] = 0
    lines = open_line_network(spec(path)).lines_of(page)
    assert (lines[40:] == 255).all()
    assert (lines[21:29] == round(0.05 / 0.95 * 255)).all()
    assert (open_line_network(spec(path, whitens=False)).lines_of(page)[40:] == round(0.95 * 255)).all()


def test_channels_are_those_that_the_network_accepts(tmp_path: Path) -> None:
    assert open_line_network(spec(scripted(tmp_path / "a.pt", Valleys(1), 1))).feeding.channels == "grey"
    assert open_line_network(spec(scripted(tmp_path / "b.pt", Valleys(3), 3))).feeding.channels == "rgb"
    pytest.importorskip("onnx")
    assert open_line_network(spec(onnx_file(tmp_path / "c.onnx"))).feeding.channels == "grey"
    path = onnx_file(tmp_path / "d.onnx", (1, 4, "h", "w"))
    with pytest.raises(UsageError, match=r"d\.onnx reads 4 channels, where a picture has 1 or 3"):
        open_line_network(spec(path))
    with pytest.raises(UsageError, match=r"c\.onnx reads 1 channels, where channels=rgb gives 3"):
        open_line_network(spec(str(tmp_path / "c.onnx"), channels="rgb"))
    with pytest.raises(UsageError, match=r"b\.pt: the network cannot run: .*3 channels, but got 1"):
        open_line_network(spec(str(tmp_path / "b.pt"), channels="grey"))


def test_a_page_in_tiles_has_the_lines_of_the_whole_page(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", Valleys(1), 1)
    page = np.random.default_rng(1).integers(0, 256, (230, 310, 3), np.uint8)
    page[..., 1] = page[..., 2] = page[..., 0]
    expected = np.rint((1 - valleys(page[..., 0] / 255)) * 255)
    for tile in (64, 96, 1024):
        network = open_line_network(spec(path, rule=SizeRule(multiple=8, tile=tile), overlap=4 * REACH))
        lines = network.lines_of(page)
        assert lines.dtype == np.uint8
        assert lines.shape == (230, 310)
        assert np.abs(lines - expected).max() <= 1


def test_no_seam_shows_where_tiles_disagree(tmp_path: Path) -> None:
    """A network that takes off the mean of what it reads makes each tile of a gradient another one."""
    path = scripted(tmp_path / "a.pt", lambda x: 0.5 + x.mean(1, True) - x.mean())
    page = np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    steps = {}
    for overlap in (0, 60):
        rule = SizeRule(multiple=4, tile=120)
        network = open_line_network(spec(path, rule=rule, overlap=overlap))
        steps[overlap] = np.abs(np.diff(network.lines_of(page)[32].astype(int))).max()
    assert steps[0] > 25
    assert steps[60] <= 4


def test_every_channel_by_itself_and_the_darkest_counts(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", Valleys(1), 1)
    network = open_line_network(spec(path, channels="each"))
    page = np.full((64, 64, 3), 255, np.uint8)
    page[10:12, :, 0] = 0  # lines that one channel alone shows
    page[30:32, :, 2] = 0
    lines = network.lines_of(page)
    expected = np.minimum.reduce([1 - valleys(page[..., channel] / 255) for channel in range(3)])
    assert np.abs(lines - expected * 255).max() <= 1


def test_outputs_of_another_size_are_brought_back(tmp_path: Path) -> None:
    half = scripted(tmp_path / "half.pt", lambda x: functional.avg_pool2d(x.mean(1, True), 2))
    double = scripted(tmp_path / "double.pt", lambda x: functional.interpolate(x.mean(1, True), scale_factor=2.0))
    page = drawings.two_circles_coloured()
    plain = open_line_network(spec(scripted(tmp_path / "grey.pt", Grey()))).lines_of(page)
    assert np.abs(open_line_network(spec(double)).lines_of(page).astype(int) - plain).max() <= 1
    blurred = open_line_network(spec(half)).lines_of(page).astype(int)
    assert np.abs(blurred - plain).max() > 20
    assert np.abs(blurred - plain).mean() < 6


def test_what_cannot_be_brought_back_is_refused(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", lambda x: x.mean(1, True)[:, :, 2:-2, 2:-2])
    with pytest.raises(UsageError, match="makes 252x252 of 256x256 px, which cannot be brought back"):
        open_line_network(spec(path))


def test_one_of_several_outputs_is_read(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", lambda x: (x.mean(1, True) * 0, 1 - x.mean(1, True)))
    with pytest.raises(UsageError, match="shows no lines in a drawing"):
        open_line_network(spec(path))
    for output in (1, "last"):
        assert open_line_network(spec(path, output=output)).levels.polarity == "ink-light"
    with pytest.raises(UsageError, match="has 2 outputs, and none of number 2"):
        open_line_network(spec(path, output=2))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", lambda x: torch.log(x.mean(1, True) - 0.5))
    with pytest.raises(UsageError, match="values that are no numbers"):
        open_line_network(spec(path))
    broken = OpenNetwork(lambda inputs: [np.full_like(inputs[:, :1], np.inf)])
    with pytest.raises(MethodError, match="values that are no numbers"):
        raw_values(broken, np.zeros((1, 3, 64, 64), np.float32), 0)


def test_a_network_of_one_size_reads_pages_of_any(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = onnx_file(tmp_path / "a.onnx", (1, 3, 128, 128), gain=1, shift=0)
    page = drawings.two_circles_coloured(192)
    grey = open_line_network(spec(scripted(tmp_path / "grey.pt", lambda x: x))).lines_of(page)
    own = open_line_network(spec(path, rule=SizeRule("own"))).lines_of(page)
    assert np.abs(own.astype(int) - grey).max() <= 1, "in tiles of that size"
    fitted = open_line_network(spec(path)).lines_of(page)
    assert np.abs(fitted.astype(int) - grey).mean() < 8, "or the whole page made smaller"
    assert (fitted != own).any()


def test_a_large_page_takes_little_memory_beside_itself(tmp_path: Path) -> None:
    """Windows are cut out of the page as they are needed, and two rows of tiles are held."""
    network = LineNetwork(
        OpenNetwork(lambda inputs: [inputs[:, :1]]),
        PictureInput(),
        SizeRule(tile=256),
        64,
        0,
        OutputLevels("unit", "ink-dark"),
    )
    page = np.full((3000, 2000, 3), 200, np.uint8)
    tracemalloc.start()
    lines = network.lines_of(page)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines == 200).all()
    assert peak < lines.nbytes + 12 * 2**20, "of 72 MB that the page takes as float32"
