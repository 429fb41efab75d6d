"""The method `network`: settings, the file behind them, presets, and what commands make of it."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.settings import resolve
from pipelines.inference.line_networks.network_files import digest_of
from pipelines.lines import network
from tests import drawings
from tests.conftest import Cli, files_in
from tests.inference.line_networks.networks import Grey, Valleys, onnx_file, scripted, valleys

pytestmark = pytest.mark.usefixtures("one_thread")

RNG = np.random.default_rng(0)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """A network that finds dark valleys in one channel."""
    return scripted(tmp_path / "networks" / "valleys.pt", Valleys(), 1)


def expected_lines(picture: drawings.Bytes) -> drawings.Bytes:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) / 255
    return np.rint((1 - valleys(grey)) * 255).astype(np.uint8)


def test_lines_are_what_the_network_is_known_to_find(weights: str) -> None:
    picture = drawings.two_circles_coloured()
    lines = network.extract(picture, resolve(network, {"weights": weights}), RNG)
    assert np.abs(lines.astype(int) - expected_lines(picture)).max() <= 1
    assert (lines < 128).any()
    reversed_lines = network.extract(picture, network.Params(weights=weights, polarity="ink-dark"), RNG)
    assert np.abs(reversed_lines.astype(int) - (255 - lines)).max() <= 1


def test_settings_hold_the_digest_of_the_file(weights: str) -> None:
    params = resolve(network, {"weights": weights})
    assert params.sha256 == digest_of(weights)
    assert resolve(network, {"weights": weights, "sha256": params.sha256}) == params
    with pytest.raises(SettingsError, match=f"has another sha256: {params.sha256}"):
        resolve(network, {"weights": weights, "sha256": "0" * 64})


def test_a_file_that_changed_meanwhile_is_not_used(weights: str) -> None:
    params = resolve(network, {"weights": weights})
    scripted(Path(weights), Grey(), 1)
    with pytest.raises(UsageError, match="is another file than that with sha256"):
        network.extract(drawings.two_circles_coloured(), params, RNG)


def test_settings_out_of_bounds_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"no network is given.*--set weights=FILE"):
        resolve(network, {})
    with pytest.raises(SettingsError, match="overlap = 600 is out of range"):
        network.Params(overlap=600)
    with pytest.raises(SettingsError, match="mean has 2 numbers"):
        network.Params(mean=(0.1, 0.2))
    with pytest.raises(SettingsError, match="mean has 3 numbers"):
        network.Params(mean=(0.1, 0.2, 0.3), channels="grey")
    with pytest.raises(SettingsError, match="deviation = 0"):
        network.Params(deviation=(0.0,))


def test_the_preset_anime2sketch_stretches_to_512_and_reads_from_minus_one(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = onnx_file(tmp_path / "a.onnx", (1, 3, 512, 512), gain=1, shift=0)
    picture = drawings.two_circles_coloured(300)[:150]
    params = resolve(network, {"weights": path}, preset="anime2sketch")
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)
    there_and_back = cv2.resize(cv2.resize(picture, (512, 512)), (300, 150), interpolation=cv2.INTER_AREA)
    lines = network.extract(picture, params, RNG)
    assert np.abs(lines.astype(int) - cv2.cvtColor(there_and_back, cv2.COLOR_RGB2GRAY)).max() <= 2
    assert np.abs(lines.astype(int) - grey).mean() < 8


def test_the_preset_sketchkeras_reads_each_channel_less_its_blur_channels_last(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = onnx_file(tmp_path / "a.onnx", ("n", 512, 512, 1), gain=-1, shift=0)  # ink: how far below the blur
    picture = np.full((512, 512, 3), 255, np.uint8)
    picture[100:103, :, 1] = 0  # a line that only the green channel has
    lines = network.extract(picture, resolve(network, {"weights": path}, preset="sketchkeras"), RNG)
    blurred = cv2.GaussianBlur(picture, (0, 0), 3, borderType=cv2.BORDER_REPLICATE).astype(int)
    above = picture.astype(int) - blurred
    expected = 255 * np.clip(1 + above.min(axis=2) / above.max(), 0, 1)
    assert np.abs(lines - expected).max() <= 1
    assert (lines[101] < 60).all()


# commands


def test_extract_lines_writes_them_by_one_worker_or_several(cli: Cli, art: Path, weights: str) -> None:
    tiles = ("--set", "tile=64", "--set", "overlap=16", "--set", "multiple=4")
    common = ("extract-lines", art / "colour", "--method", "network", "--weights", weights, *tiles)
    assert cli(*common, "-o", art / "one", "-j", "1", "--report", art / "report.json").code == 0
    assert cli(*common, "-o", art / "three", "-j", "3").code == 0
    names = files_in(art / "one")
    assert names == ["a.png", "deep/b.png", "deep/c.png"]
    assert all((art / "one" / name).read_bytes() == (art / "three" / name).read_bytes() for name in names)
    lines = drawings.read(art / "one" / "a.png")
    assert np.abs(lines.astype(int) - expected_lines(drawings.two_circles_coloured())).max() <= 1
    settings = json.loads((art / "report.json").read_text())["settings"]
    assert settings["params"]["sha256"] == digest_of(weights)


def test_a_changed_network_makes_everything_anew_and_the_same_one_nothing(cli: Cli, art: Path, weights: str) -> None:
    method = ("--method", "network", "--set", f"weights={weights}")
    command = ("extract-lines", art / "colour", "-o", art / "out", *method, "-j", "1", "--json")
    assert json.loads(cli(*command).out)["done"] == 3
    assert json.loads(cli(*command).out)["skipped"] == 3
    moved = Path(weights).rename(Path(weights).with_name("moved.pt"))
    assert json.loads(cli(*command, "--set", f"weights={moved}").out)["skipped"] == 3
    scripted(Path(weights), Grey(), 1)
    assert json.loads(cli(*command).out)["done"] == 3


def test_build_dataset_has_them_beside_other_lines(cli: Cli, art: Path, weights: str) -> None:
    lines = ("--line-method", "network", "--line-method", "adaptive", "--set", f"network.weights={weights}")
    ran = cli("build-dataset", art / "colour", "-o", art / "data", *lines, "--size", "96", "-j", "1")
    assert ran.code == 0, ran.err
    (found,) = [path for path in (art / "data").rglob("*.png") if "network" in str(path) and path.stem == "a"][:1]
    made = drawings.read(found)
    assert (made < 128).any()
    assert digest_of(weights) in (art / "data" / "dataset.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "network"], "no network is given"),
        (["--method", "network", "--weights", "gone.pt"], "gone.pt cannot be read: No such file or directory"),
        (["--weights", "gone.pt"], "adaptive finds lines without a network.* Add --method network"),
        (["--method", "network", "--weights", "text.pt"], "text.pt is neither TorchScript nor ONNX"),
        (["--weights", "text.pt", "--keep-tone"], "--keep-tone keeps what was drawn"),
    ],
)
def test_bad_files_are_one_line_before_any_work(
    cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    (art / "text.pt").write_text("not a network")
    monkeypatch.chdir(art)
    ran = cli("extract-lines", "colour", "-o", "out", "-j", "1", *arguments)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert re.search(message, ran.err), ran.err
    assert not files_in(art / "out")


def test_build_dataset_refuses_a_damaged_network_before_any_work(cli: Cli, art: Path, weights: str) -> None:
    Path(weights).write_bytes(b"not a network")
    lines = ("--line-method", "network", "--set", f"network.weights={weights}")
    ran = cli("build-dataset", art / "colour", "-o", art / "data", *lines, "--size", "96", "-j", "1")
    assert ran.code == 2
    assert "valleys.pt is neither TorchScript nor ONNX" in ran.err
