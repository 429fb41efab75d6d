"""A model in one file, `toy.py`, is dropped in or installed, and every command that takes a model takes it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

import colorize_cli
import pipelines
from pipelines.core import registry
from pipelines.inference import Predictor
from tests import drawings
from tests.conftest import Cli, Ran, files_in
from tests.pairs import build_pairs
from tests.plugins import Installed
from tests.runs import content, metrics

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

pytestmark = pytest.mark.usefixtures("one_thread")

TOY = Path(__file__).with_name("toy.py")
PLANES = 6
TRAINING = ["--device", "cpu", "--threads", "1", "--workers", "0", "--set", "width=6"]
TRAINING += ["--validate-every", "100", "--validate-pictures", "2"]

RUN_COMMANDS = """
import json, sys
from colorize_cli.app import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments)
    except SystemExit as left:
        if left.code:
            raise
"""
"""Several commands in one process, which starts torch once."""


class House(NamedTuple):
    """A copy of the packages with the toy in it, and what commands of that copy made."""

    folder: Path  # the copy
    digests: dict[str, str]  # of its files before the toy was there
    pairs: Path
    made: Path
    first: Ran  # the process that trained
    second: Ran  # the process that went on and coloured


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("toy"), size=48, train=4, val=2)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, pairs: Path) -> House:
    folder, made = tmp_path_factory.mktemp("house"), tmp_path_factory.mktemp("made")
    for package in (pipelines, colorize_cli):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, folder / source.name)
    digests = digests_in(folder)
    shutil.copyfile(TOY, folder / "pipelines" / "models" / "toy.py")
    draw_art(made)
    training = ["train", pairs, "--model", "toy", "--log-every", "1", *TRAINING]
    first = in_copy(
        folder,
        ["methods", "models"],
        ["methods", "models", "toy"],
        ["train", "--help"],
        [*training, "-o", made / "dry", "--preset", "narrow", "--dry-run"],
        [*training, "-o", made / "whole", "--steps", 6],
        [*training, "-o", made / "stopped", "--steps", 3],
    )
    colouring = ["colorize", made / "lines", "--hints", made / "hints", "--jobs", 1, "--keep-steps"]
    second = in_copy(
        folder,
        [*training, "-o", made / "stopped", "--steps", 6],
        ["models", "show", made / "whole"],
        ["models", "export", made / "whole", "-o", made / "toy.onnx"],
        ["models", "show", made / "toy.onnx", "--json"],
        [*colouring, "-o", made / "by-torch", "--model", made / "whole"],
        [*colouring, "-o", made / "by-onnx", "--model", made / "toy.onnx"],
        [*colouring, "-o", made / "by-engine", "--model", made / "whole", "--engine", "onnx"],
        [
            *colouring,
            "-o",
            made / "merged",
            "--model",
            f"mine={made / 'whole'}",
            "--model",
            "flat",
            "--merge",
            "divide",
        ],
    )
    return House(folder, digests, pairs, made, first, second)


def in_copy(folder: Path, *commands: Sequence[object]) -> Ran:
    """Run commands of a copy of the packages in a process of its own, with warnings as errors."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COLORIZE_CLI_")}
    environment |= {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    texts = json.dumps([[str(argument) for argument in command] for command in commands])
    command = [sys.executable, "-W", "error", "-c", RUN_COMMANDS, texts]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return Ran(done.returncode, done.stdout, done.stderr)


def draw_art(folder: Path) -> None:
    """Two drawings of different shapes, larger than the toy's square, and hints for them."""
    lines, hints = drawings.two_circles(100), drawings.two_hints(100)
    for name, rows in (("a", slice(None)), ("deep/b", slice(15, 85))):
        drawings.write(folder / "lines" / f"{name}.png", lines[rows])
        drawings.write(folder / "hints" / f"{name}.png", hints[rows])


def digests_in(folder: Path) -> dict[str, str]:
    """Of all files but what Python compiled."""
    names = [name for name in files_in(folder) if "__pycache__" not in name]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def pictures_in(folder: Path) -> dict[str, NDArray[np.uint8]]:
    return {name: drawings.read(folder / name) for name in files_in(folder) if name.endswith(".png")}


def assert_close(some: dict[str, Any], others: dict[str, Any]) -> None:
    """Pictures of the same names, none of one colour, that differ by two levels at most."""
    assert list(some) == list(others) and some
    for name, picture in some.items():
        assert picture.std() > 1, f"{name} says nothing"
        assert np.abs(picture.astype(int) - others[name]).max() <= 2, name


# dropped into the folder of models --------------------------------------------------------------------------


def test_nothing_but_one_file_was_added(house: House) -> None:
    after = digests_in(house.folder)
    assert after.pop("pipelines/models/toy.py") == hashlib.sha256(TOY.read_bytes()).hexdigest()
    assert after == house.digests
    assert "toy" not in registry.names("models"), "these tests' own packages are another copy"


def test_it_is_listed_with_its_settings_and_presets(house: House) -> None:
    sentence = TOY.read_text().splitlines()[0].removeprefix('"""')
    assert house.first.out.count(f"models toy: {sentence}\n") == 2
    shown = house.first.out.rpartition("models toy: ")[2]
    assert "|toy" in shown, "train --help offers it"
    assert "width=8" in shown and "channels of both networks" in shown
    assert "--preset narrow" in shown


def test_it_learns_with_the_inputs_and_optimizers_that_it_brings(house: House) -> None:
    weights = load_file(house.made / "whole" / "last" / "weights.safetensors")
    assert weights["cells.weight"].shape == (6, PLANES, 3, 3)
    state = load_file(house.made / "whole" / "last" / "training.safetensors")
    assert {"optimizers.painter.0.exp_avg", "optimizers.judge.0.momentum_buffer"} <= set(state)
    rows = [row for row in metrics(house.made / "whole") if "distance" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in rows if "judge" in row] == [2, 4, 6]
    assert rows[-1]["distance"] < rows[0]["distance"]


def test_its_recipe_counts_where_nobody_says_otherwise(house: House) -> None:
    settings = json.loads((house.made / "whole" / "run.json").read_text())["settings"]
    assert (settings["batch_size"], settings["schedule"], settings["ema"]) == (2, "constant", 0.5)


def test_it_goes_on_as_if_it_had_not_been_stopped(house: House) -> None:
    whole, stopped = content(house.made / "whole"), content(house.made / "stopped")
    for name in ("last/weights.safetensors", "last/training.safetensors"):
        assert whole[name] == stopped[name], name
    losses = [
        [row for row in metrics(house.made / run) if "distance" in row and row["step"] > 3]
        for run in ("whole", "stopped")
    ]
    assert losses[0] == losses[1]


def test_it_colours_a_folder(house: House) -> None:
    pictures = pictures_in(house.made / "by-torch")
    assert pictures["a.png"].shape == (100, 100, 3) and pictures["deep/b.png"].shape == (70, 100, 3)
    assert [name for name in pictures if "raw" in name], "what the network painted is kept"


def test_a_run_and_its_onnx_file_are_shown(house: House) -> None:
    assert (
        f"{house.made / 'whole' / 'best'}: toy, 0.00 million parameters\n  after 6 training steps" in house.second.out
    )
    assert "  width=6\n  judge_weight=0.1\n  val_psnr: " in house.second.out
    assert '"model": "toy"' in house.second.out


@pytest.mark.parametrize("way", ["by-onnx", "by-engine"])
def test_onnxruntime_paints_the_same(house: House, way: str) -> None:
    assert_close(pictures_in(house.made / "by-torch"), pictures_in(house.made / way))


def test_it_is_merged_with_another_model(house: House) -> None:
    merged = pictures_in(house.made / "merged")
    assert {"a.png", "deep/b.png"} <= set(merged)
    assert any("mine-raw" in name for name in merged) and any("flat" in name for name in merged)


def test_its_onnx_file_says_what_its_inputs_are(house: House) -> None:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(house.made / "toy.onnx", providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert (about["model"], about["input"], about["size"], about["sides_multiple_of"]) == ("toy", "toy", "48", "3")
    assert about["channels"].startswith("ink (1) or paper; 1 where a hint lies")
    for sides in ((48, 48), (3, 66)):
        (picture,) = session.run(None, {"drawing": np.zeros((1, PLANES, *sides), np.float32)})
        assert picture.shape == (1, 3, *sides)


# as an installed package ------------------------------------------------------------------------------------


@pytest.fixture
def run_installed(cli: Cli, installed: Installed, pairs: Path, tmp_path: Path) -> Callable[[], Path]:
    """Install the toy and train it in the tests' own process."""

    def run() -> Path:
        installed("plugged-toy", TOY.read_text())
        training = ["train", pairs, "--model", "plugged_toy", *TRAINING, "--log-every", 2]
        ran = cli(*training, "-o", tmp_path / "run", "--steps", 6)
        assert ran.code == 0, ran.err
        return tmp_path / "run"

    return run


def test_an_installed_toy_is_trained_coloured_with_and_exported(
    cli: Cli, run_installed: Callable[[], Path], house: House, tmp_path: Path
) -> None:
    run = run_installed()
    assert "models plugged_toy: Learns colour from pairs" in cli("methods", "models").out
    weights = "last/weights.safetensors"
    assert (run / weights).read_bytes() == (house.made / "whole" / weights).read_bytes(), "the same code, the same seed"
    assert ": plugged_toy, " in cli("models", "show", run).out
    assert cli("models", "export", run, "-o", tmp_path / "mine.onnx").code == 0

    colouring = ["colorize", house.made / "lines", "--hints", house.made / "hints", "--jobs", 1]
    for model, output in ((run, "by-torch"), (tmp_path / "mine.onnx", "by-onnx")):
        ran = cli(*colouring, "-o", tmp_path / output, "--model", model)
        assert ran.code == 0, ran.err
    pictures = pictures_in(tmp_path / "by-torch")
    assert_close(pictures, pictures_in(tmp_path / "by-onnx"))
    dropped_in = pictures_in(house.made / "by-torch")
    assert_close(pictures, {name: dropped_in[name] for name in pictures})

    lines, hints = (drawings.read(house.made / kind / "a.png") for kind in ("lines", "hints"))
    result = Predictor(str(run)).predict(lines, hints=hints)
    assert_close({"a.png": result.picture}, {"a.png": pictures["a.png"]})


def test_losses_of_updates_that_skip_steps_are_means_of_the_steps_on_which_they_were_made(
    run_installed: Callable[[], Path], house: House
) -> None:
    every_step = {row["step"]: row for row in metrics(house.made / "whole") if "distance" in row}
    every_second = [row for row in metrics(run_installed()) if "distance" in row]
    assert [row["step"] for row in every_second] == [2, 4, 6]
    for row in every_second:
        assert row["judge"] == pytest.approx(every_step[row["step"]]["judge"], abs=2e-6)
        assert row["distance"] == pytest.approx(
            np.mean([every_step[row["step"] - back]["distance"] for back in (0, 1)]), abs=2e-6
        )


def test_what_a_model_leaves_out_is_filled_in_and_no_setting_makes_it_a_reference_one(
    cli: Cli, installed: Installed, pairs: Path, tmp_path: Path
) -> None:
    """Without recipes defaults count; a setting that is called like one of pix2pix's means nothing."""
    source = TOY.read_text().replace("RECIPES:", "LEFT_OUT:")
    source = source.replace("    width: ", '    generator: str = "unet_256"\n    width: ')
    installed("plugged-spare", source)
    training = ["train", pairs, "--model", "plugged_spare", *TRAINING]
    ran = cli(*training, "-o", tmp_path / "run", "--steps", 1)
    assert ran.code == 0, ran.err
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["batch_size"] == 1
    ran = cli("models", "export", tmp_path / "run", "-o", tmp_path / "latest_net_G.pth")
    assert ran.code == 2 and "the reference implementation has no model 'plugged_spare'" in ran.err
