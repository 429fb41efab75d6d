"""`colorize` with trained networks: files, steps, merging, panels, what is done again, and what is refused."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from colorize_cli.app import main
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.imaging.line_art import ink_layer
from pipelines.core.imaging.picture import Picture
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.network import load_network
from pipelines.models import cyclegan, pix2pix
from tests import drawings

Bytes = NDArray[np.uint8]
ROOT = Path(__file__).resolve().parent.parent


def checkpoint(folder: Path, module: Any, params: Any, *, seed: int = 0) -> Path:
    """A checkpoint with random weights, strong enough that its pictures are not all grey."""
    torch.manual_seed(seed)
    network = module.build_network(params)
    weights = {name: value * 3 if value.ndim == 4 else value for name, value in network.state_dict().items()}
    write_checkpoint(folder, CheckpointInfo(module.__name__.rsplit(".", 1)[-1], asdict(params)), weights)
    return folder


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny untrained checkpoint of each kind."""
    place = tmp_path_factory.mktemp("networks")
    unet = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, input="layers")
    checkpoint(place / "p2p", pix2pix, unet)
    checkpoint(place / "other", pix2pix, unet, seed=1)
    resnet = cyclegan.Params(generator="resnet_6blocks", ngf=4, ndf=4, size=128)
    checkpoint(place / "run" / "best", cyclegan, resnet)
    return place


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Line art of odd sizes with hints and colour; one has an opaque body on transparency."""
    for name, size in (("a", 96), ("deep/b", 133)):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles(size)[:, : size - 7])
        drawings.write(tmp_path / "colour" / f"{name}.png", drawings.two_circles_coloured(size)[:, : size - 7])
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints(size)[:, : size - 7])
    return tmp_path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command line in this process: exit code, and what it said."""

    def run(*arguments: object) -> tuple[int, str]:
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        hook = threading.excepthook
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as left:
            said = capsys.readouterr()
            return int(left.code or 0), said.out + said.err
        finally:
            threading.excepthook = hook
            for number, handler in before.items():
                signal.signal(number, handler)
        raise AssertionError("a command ends with an exit code")

    return run


@pytest.fixture(autouse=True)
def _networks_are_loaded_anew() -> Iterator[None]:
    yield
    load_network.cache_clear()


def files_of(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*.png"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def two(networks: Path) -> tuple[object, ...]:
    return ("--model", f"pix2pix={networks / 'p2p'}", "--model", f"cyclegan={networks / 'run'}")


# one network --------------------------------------------------------------------------------------------------


def test_a_network_colours_a_folder_at_its_own_size_and_leaves_the_lines_as_they_are(cli, art, networks) -> None:  # type: ignore[no-untyped-def]
    code, said = cli(
        "colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", networks / "p2p", "-j", 1
    )
    assert code == 0, said
    for name in ("a.png", "deep/b.png"):
        lines, result = drawings.read(art / "lines" / name), drawings.read(art / "out" / name)
        assert result.shape == (*lines.shape, 3)
        layer = ink_layer(Picture(np.dstack([lines] * 3)))
        solid = layer[..., 3] == 255
        assert solid.any()
        assert (result[solid] == layer[solid][:, :3]).all()
        assert len(np.unique(result[~solid], axis=0)) > 10


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (17, 9), (128, 128)])
def test_any_size_and_shape(cli, tmp_path: Path, networks, shape: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    lines = np.full(shape, 255, np.uint8)
    lines[shape[0] // 4 : -shape[0] // 4 : 6, 2:-2] = 0
    drawings.write(tmp_path / "in.png", lines)
    code, said = cli("colorize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", networks / "run")
    assert code == 0, said
    assert "colours are guessed" in said
    assert drawings.read(tmp_path / "out.png").shape == (*shape, 3)


def test_alpha_of_line_art_is_kept_and_the_background_can_be_transparent(cli, tmp_path: Path, networks) -> None:  # type: ignore[no-untyped-def]
    lines = drawings.two_circles(96)
    cut = np.dstack(
        [lines, lines, lines, np.where(np.arange(96) < 90, 255, 0).astype(np.uint8) * np.ones((96, 1), np.uint8)]
    )
    drawings.write(tmp_path / "in.png", cut)
    assert cli("colorize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", networks / "p2p")[0] == 0
    assert (drawings.read(tmp_path / "out.png")[..., 3] == cut[..., 3]).all()
    assert (
        cli(
            "colorize",
            tmp_path / "in.png",
            "-o",
            tmp_path / "o2.png",
            "--model",
            networks / "p2p",
            "--background",
            "transparent",
        )[0]
        == 0
    )
    assert drawings.read(tmp_path / "o2.png").shape == (96, 96, 4)


def test_workers_and_batches_change_no_byte(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    for number in range(5):
        drawings.write(art / "lines" / f"c{number}.png", drawings.two_circles(70 + 9 * number))
    ways = {"one": (1, 1), "batch": (1, 4), "workers": (2, 3)}
    for name, (jobs, size) in ways.items():
        code, said = cli(
            "colorize",
            art / "lines",
            "-o",
            art / name,
            "--reference",
            art / "colour",
            *two(networks),
            "-j",
            jobs,
            "--batch-size",
            size,
        )
        assert code == 0, said
    assert len(files_of(art / "one")) == 7
    assert files_of(art / "one") == files_of(art / "batch") == files_of(art / "workers")


def test_hints_change_what_a_network_paints_and_those_by_hand_decide_in_their_area(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    own = np.zeros((96, 89, 4), np.uint8)
    own[40:56, 60:76] = (1, 250, 2, 255)
    drawings.write(art / "own.png", own)
    for name, guides in {"found": (), "both": ("--hints", art / "own.png")}.items():
        arguments = (
            art / "lines" / "a.png",
            "-o",
            art / name / "a.png",
            "--reference",
            art / "colour" / "a.png",
            *guides,
        )
        assert cli("colorize", *arguments, "--model", networks / "p2p", "--keep-steps")[0] == 0
    found, both = (drawings.read(art / name / "steps" / "hints" / "a.png") for name in ("found", "both"))
    assert (both[own[..., 3] > 0] == (1, 250, 2, 255)).all()
    assert (both[:, :45] == found[:, :45]).all()  # the circle without a hint by hand
    assert drawings.BLUE not in {tuple(colour) for colour in both[both[..., 3] > 0][:, :3].tolist()}  # the other
    assert {tuple(colour) for colour in found[found[..., 3] > 0][:, :3].tolist()} == {drawings.RED, drawings.BLUE}
    assert files_of(art / "found")["a.png"] != files_of(art / "both")["a.png"]


def test_a_network_takes_the_colours_of_a_palette(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    (art / "two.hex").write_text("dc281e\n1e3cc8\n")
    arguments = ("--palette", art / "two.hex", "--model", networks / "p2p", "--keep-steps", "--lines", "none")
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "out", *arguments)[0] == 0
    colour = drawings.read(art / "out" / "steps" / "pix2pix-colour" / "a.png").astype(int)
    assert all(
        min(np.abs(colour[48, x] - wanted).max() for wanted in (drawings.RED, drawings.BLUE)) < 90 for x in (25, 65)
    )


def test_hints_decide_and_a_palette_beside_them_changes_nothing(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    (art / "two.hex").write_text("00ff00\nff00ff\n")
    given = ("colorize", art / "lines" / "a.png", "--model", networks / "p2p")
    ways: dict[str, tuple[object, ...]] = {
        "hints": ("--hints", art / "hints" / "a.png"),
        "both": ("--hints", art / "hints" / "a.png", "--palette", art / "two.hex"),
        "palette": ("--palette", art / "two.hex"),
    }
    for name, guides in ways.items():
        assert cli(*given, *guides, "-o", art / f"by-{name}")[0] == 0
    assert files_of(art / "by-hints") == files_of(art / "by-both") != files_of(art / "by-palette")


# several, merged ----------------------------------------------------------------------------------------------


def test_steps_hold_every_intermediate_picture(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    code, said = cli(
        "colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", *two(networks), "--keep-steps", "-j", 1
    )
    assert code == 0, said
    names = {path.relative_to(art / "out" / "steps").parts[0] for path in (art / "out" / "steps").rglob("*.png")}
    each = [
        f"{label}{what}" for label in ("pix2pix", "cyclegan") for what in ("-input", "-raw", "-colour", "-shading", "")
    ]
    assert names == {"hints", "composite", "merged-colour", *each}
    assert len(files_of(art / "out")) == 2 * (1 + len(names))
    assert drawings.read(art / "out/steps/pix2pix-input/deep/b.png").shape == (128, 128, 3)
    assert drawings.read(art / "out/steps/pix2pix-raw/deep/b.png").shape[0] == 128
    composite = drawings.read(art / "out/steps/composite/a.png")
    hints = drawings.read(art / "hints/a.png")
    assert (composite[hints[..., 3] == 255] == hints[hints[..., 3] == 255][:, :3]).all()


@pytest.mark.parametrize(
    ("merge", "mode", "opacity", "top"),
    [
        ((), "multiply", 0.2, "cyclegan-shading"),
        (("--merge", "divide"), "divide", 0.05, "cyclegan-colour"),
        (("--merge", "divide", "--merge-opacity", "0.4"), "divide", 0.4, "cyclegan-colour"),
        (("--merge", "luminosity"), "luminosity", 1.0, "cyclegan-colour"),
        (("--merge", "shading"), "multiply", 0.2, "cyclegan-shading"),
        (("--merge", "shading", "--merge-opacity", "1"), "multiply", 1.0, "cyclegan-shading"),
    ],
)
def test_a_merge_is_what_blend_makes_of_its_steps(
    cli, art: Path, networks, merge, mode: str, opacity: float, top: str
) -> None:  # type: ignore[no-untyped-def]
    given = (art / "lines" / "a.png", "-o", art / "out", "--hints", art / "hints" / "a.png", *two(networks), *merge)
    assert cli("colorize", *given, "--keep-steps", "--lines", "none")[0] == 0
    steps = art / "out" / "steps"
    blended = ("--base", steps / "pix2pix-colour", "--top", steps / top, "--mode", mode, "--opacity", opacity)
    assert cli("blend", *blended, "-o", art / "blended")[0] == 0
    assert (drawings.read(art / "blended" / "a.png") == drawings.read(art / "out" / "a.png")).all()
    assert (drawings.read(steps / "merged-colour" / "a.png") == drawings.read(art / "out" / "a.png")).all()


def test_base_and_top_of_a_merge_can_be_exchanged_and_flat_be_one_of_them(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    models = ("--model", "flat", "--model", f"cyclegan={networks / 'run'}")
    given = ("colorize", art / "lines" / "a.png", "--hints", art / "hints" / "a.png", *models, "--lines", "none")
    for name, merge in {"flat": ("--merge-base", "flat"), "turned": ("--merge-top", "flat")}.items():
        assert cli(*given, "-o", art / name, "--merge", "normal", "--merge-opacity", 0, *merge)[0] == 0
    alone = ("colorize", art / "lines" / "a.png", "--hints", art / "hints" / "a.png", "--lines", "none", *models[:2])
    assert cli(*alone, "-o", art / "alone")[0] == 0
    assert files_of(art / "flat") == files_of(art / "alone") != files_of(art / "turned")


def test_steps_and_panels_are_no_results_for_those_who_read_the_folder(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    given = (art / "lines", "-o", art / "out", "--hints", art / "hints", *two(networks))
    assert cli("colorize", *given, "--keep-steps", "--panels")[0] == 0
    assert cli("extract-lines", art / "out", "-o", art / "again")[0] == 0
    assert list(files_of(art / "again")) == ["a.png", "deep/b.png"]
    assert cli("extract-lines", art / "out" / "panels", "-o", art / "panels")[0] == 0
    assert list(files_of(art / "panels")) == ["a.png", "deep/b.png"]


def test_panels_are_labelled_and_hold_the_truth(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    given = ("colorize", art / "lines", "--reference", art / "colour", *two(networks), "--panels", "-j", 1)
    assert cli(*given, "-o", art / "out")[0] == 0
    sheet = drawings.read(art / "out" / "panels" / "deep" / "b.png")
    assert sheet.shape[1] == 6 * 264  # lines, hints, both networks, merged, truth
    headings = sheet[:28].min(axis=2)
    assert all(headings[:, left : left + 264].min() < 160 for left in range(0, sheet.shape[1], 264))
    truth = sheet[28:, 5 * 264 :].reshape(-1, 3).astype(int)
    assert (np.abs(truth - drawings.RED).max(axis=1) < 3).sum() > 500
    code, said = cli(
        *given[:2], *two(networks), "--panels", "-o", art / "some", "-j", 1, "--truth", art / "colour/deep"
    )
    assert code == 0
    assert said.count("nothing of its name in --truth") == 2
    assert cli(*given[:2], *two(networks), "--panels", "-o", art / "none", "-j", 1)[0] == 0
    assert drawings.read(art / "none" / "panels" / "a.png").shape[1] == 5 * 264


# what is done again -------------------------------------------------------------------------------------------


def test_a_second_run_skips_a_moved_checkpoint_too_and_a_changed_one_is_done_again(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    mine = shutil.copytree(networks / "p2p", art / "mine")
    given = ("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--panels", "--json", "-j", 1)

    def counts(model: Path, *more: object) -> dict[str, int]:
        code, said = cli(*given, "--quiet", "--model", model, *more)
        assert code == 0, said
        summary = json.loads(said)
        return {name: summary[name] for name in ("done", "skipped", "failed")}

    assert counts(mine)["done"] == 2
    first = files_of(art / "out")
    assert counts(mine)["skipped"] == 2
    assert counts(mine, "--batch-size", 1)["skipped"] == 2
    assert counts(Path(shutil.copytree(mine, art / "moved")))["skipped"] == 2
    shutil.rmtree(mine)
    shutil.copytree(networks / "other", mine)
    assert counts(mine)["done"] == 2
    assert all(first[name] != data for name, data in files_of(art / "out").items())
    (art / "out" / "panels" / "a.png").unlink()
    assert counts(mine) == {"done": 1, "skipped": 1, "failed": 0}


def test_a_picture_that_cannot_be_read_fails_alone_within_its_batch(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    (art / "lines" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    code, said = cli("colorize", art / "lines", "-o", art / "out", "--model", networks / "p2p", "-j", 1)
    assert code == 1
    assert "2 done, 1 failed" in said
    assert sorted(files_of(art / "out")) == ["a.png", "deep/b.png"]


def test_threads_beside_a_fast_device_change_nothing(art: Path) -> None:
    from pipelines.colorize import ColorizeTask, OutputOptions, RunOptions
    from pipelines.colorize.ensemble import Ensemble
    from pipelines.colorize.reader import DrawingReader
    from pipelines.inference.model_source import find_models

    def made(device: str) -> list[Produced]:
        ensemble = Ensemble(find_models(["flat"]), run=RunOptions(device, 2))
        work = ColorizeTask(ensemble, DrawingReader(ensemble.hint_presets), OutputOptions(steps=True, panels=True))
        names = ("a", "deep/b")
        files = [{kind: (art / folder / f"{name}.png").read_bytes() for kind, folder in pairs} for name in names]
        return work.run_batch([Input(one, np.random.default_rng(0)) for one in files])

    pairs = (("picture", "lines"), ("hints", "hints"), ("truth", "colour"))
    assert made("cpu") == made("cuda")


# what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "{art}/nowhere"), "does not exist"),
        (("--model", "flatt"), "Models that need no training: fillnet, flat"),
        (("--model", "pix2pix"), "'pix2pix' has to be trained first"),
        (("--model", "{art}/lines"), "is no checkpoint: it has no model.json"),
        (("--model", "{art}/lines/a.png"), "is a file, not a checkpoint folder"),
        (("--model", "{art}/damaged"), "weights.safetensors is damaged"),
        (("--model", "{art}/foreign"), "is not a model's card"),
        (("--model", "pix2pix="), "names no model"),
        (("--model", "a b={art}/p2p"), "'a b' is no name"),
        (("--model", "{art}/p2p", "--merge", "divide"), "nothing to merge"),
        (("--model", "{art}/p2p", "--merge-base", "pix2pix"), "nothing to merge"),
        (("--model", "{art}/p2p", "--model", "{art}/p2p"), "two models are called 'pix2pix'"),
        (
            ("--model", "a={art}/p2p", "--model", "b={art}/p2p", "--merge-base", "c"),
            "--merge-base: no model is called 'c'",
        ),
        (("--model", "a={art}/p2p", "--model", "flat", "--merge-base", "a", "--merge-top", "a"), "both base and top"),
        (("--model", "a={art}/p2p", "--model", "flat", "--merge", "divid"), "Did you mean 'divide'?"),
        (("--model", "hints={art}/p2p", "--model", "flat", "--keep-steps"), "would be called 'hints'"),
        (("--model", "{art}/p2p", "--set", "gap=3"), "no settings to choose"),
        (("--model", "{art}/p2p", "--device", "tpu"), "is not one of auto, cpu, cuda, mps"),
        (("--model", "{art}/p2p", "--truth", "{art}/nowhere", "--panels"), "Check --truth"),
        (("--model", "{art}/p2p", "--truth", "{art}/colour"), "Add --panels"),
        (("--panels", "--truth", "{art}/lines/a.png"), "--truth is one file for 2 pictures"),
    ],
)
def test_what_cannot_work_ends_with_one_line_and_exit_code_2(cli, art: Path, networks, arguments, message: str) -> None:  # type: ignore[no-untyped-def]
    shutil.copytree(networks / "p2p", art / "p2p")
    damaged = shutil.copytree(networks / "p2p", art / "damaged")
    data = bytearray((damaged / "weights.safetensors").read_bytes())
    data[-100] ^= 255
    (damaged / "weights.safetensors").write_bytes(data)
    (art / "foreign").mkdir()
    (art / "foreign" / "model.json").write_text("{}")
    code, said = cli("colorize", art / "lines", "-o", art / "out", *(str(text).format(art=art) for text in arguments))
    assert code == 2, said
    assert message in " ".join(said.replace("│", " ").split()), said
    assert not (art / "out").exists()


def test_models_come_from_the_environment_and_from_a_settings_file_too(  # type: ignore[no-untyped-def]
    cli, art: Path, networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = networks / "of a run"
    shutil.copytree(networks / "p2p", spaced)
    call = ("colorize", art / "lines", "--hints", art / "hints", "-j", 1)
    assert cli(*call, "-o", art / "asked", "--model", spaced)[0] == 0
    monkeypatch.setenv("COLORIZE_CLI_MODEL", str(spaced))
    assert cli(*call, "-o", art / "environment")[0] == 0
    monkeypatch.delenv("COLORIZE_CLI_MODEL")
    settings = art / "settings.toml"
    settings.write_text(f'[colorize]\nmodel = "{spaced}"\n')
    assert cli(*call, "-o", art / "file", "--settings", settings)[0] == 0
    wanted = files_of(art / "asked")
    assert files_of(art / "environment") == wanted == files_of(art / "file")


def test_steps_to_a_pipe_are_refused(cli, art: Path, networks) -> None:  # type: ignore[no-untyped-def]
    code, said = cli("colorize", art / "lines" / "a.png", "-o", "-", "--model", networks / "p2p", "--keep-steps")
    assert code == 2
    assert "need a folder" in said


def test_flat_and_help_never_load_torch(art: Path) -> None:
    code = (
        "import sys\nfrom colorize_cli.app import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    for arguments in (
        ["colorize", "--help"],
        ["colorize", art / "lines", "-o", art / "out", "--model", "flat", "-j", "1"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
