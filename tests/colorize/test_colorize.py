"""`colorize` as a whole: files, sizes, workers, what is done again, and what is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.inputs import find_sources
from pipelines.core.imaging.picture import Picture
from pipelines.nn import devices
from pipelines.segmentation.line_art import ink_layer
from tests import drawings
from tests.colorize.results import files_of, two
from tests.conftest import Cli

ROOT = Path(__file__).resolve().parent.parent.parent


RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE


pytestmark = pytest.mark.usefixtures("networks_are_loaded_anew")


def test_a_network_colours_a_folder_at_its_own_size_and_leaves_the_lines_as_they_are(cli, art, networks) -> None:
    ran = cli(
        "colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", networks / "p2p", "-j", 1
    )
    assert ran.code == 0, ran.err
    for name in ("a.png", "deep/b.png"):
        lines, result = drawings.read(art / "lines" / name), drawings.read(art / "out" / name)
        assert result.shape == (*lines.shape, 3)
        layer = ink_layer(Picture(np.dstack([lines] * 3)))
        solid = layer[..., 3] == 255
        assert solid.any()
        assert (result[solid] == layer[solid][:, :3]).all()
        assert len(np.unique(result[~solid], axis=0)) > 10


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (17, 9), (128, 128)])
def test_any_size_and_shape(cli: Cli, tmp_path: Path, networks: Path, shape: tuple[int, int]) -> None:
    lines = np.full(shape, 255, np.uint8)
    lines[shape[0] // 4 : -shape[0] // 4 : 6, 2:-2] = 0
    drawings.write(tmp_path / "in.png", lines)
    ran = cli("colorize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", networks / "run")
    assert ran.code == 0, ran.err
    assert "colours are guessed" in ran.out + ran.err
    assert drawings.read(tmp_path / "out.png").shape == (*shape, 3)


def test_alpha_of_line_art_is_kept_and_the_background_can_be_transparent(
    cli: Cli, tmp_path: Path, networks: Path
) -> None:
    lines = drawings.two_circles(96)
    cut = np.dstack(
        [lines, lines, lines, np.where(np.arange(96) < 90, 255, 0).astype(np.uint8) * np.ones((96, 1), np.uint8)]
    )
    drawings.write(tmp_path / "in.png", cut)
    assert cli("colorize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", networks / "p2p").code == 0
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


def test_workers_and_batches_change_no_byte(cli: Cli, art: Path, networks: Path) -> None:
    for number in range(5):
        drawings.write(art / "lines" / f"c{number}.png", drawings.two_circles(70 + 9 * number))
    ways = {"one": (1, 1), "batch": (1, 4), "workers": (2, 3)}
    for name, (jobs, size) in ways.items():
        ran = cli(
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
        assert ran.code == 0, ran.err
    assert len(files_of(art / "one")) == 7
    assert files_of(art / "one") == files_of(art / "batch") == files_of(art / "workers")


def test_hints_change_what_a_network_paints_and_those_by_hand_decide_in_their_area(
    cli: Cli, art: Path, networks: Path
) -> None:
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
        assert cli("colorize", *arguments, "--model", networks / "p2p", "--keep-steps").code == 0
    found, both = (drawings.read(art / name / "steps" / "hints" / "a.png") for name in ("found", "both"))
    assert (both[own[..., 3] > 0] == (1, 250, 2, 255)).all()
    assert (both[:, :45] == found[:, :45]).all()  # the circle without a hint by hand
    assert drawings.BLUE not in {tuple(colour) for colour in both[both[..., 3] > 0][:, :3].tolist()}  # the other
    assert {tuple(colour) for colour in found[found[..., 3] > 0][:, :3].tolist()} == {drawings.RED, drawings.BLUE}
    assert files_of(art / "found")["a.png"] != files_of(art / "both")["a.png"]


def test_a_network_takes_the_colours_of_a_palette(cli: Cli, art: Path, networks: Path) -> None:
    (art / "two.hex").write_text("dc281e\n1e3cc8\n")
    arguments = ("--palette", art / "two.hex", "--model", networks / "p2p", "--keep-steps", "--lines", "none")
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "out", *arguments).code == 0
    colour = drawings.read(art / "out" / "steps" / "pix2pix-colour" / "a.png").astype(int)
    assert all(
        min(np.abs(colour[48, x] - wanted).max() for wanted in (drawings.RED, drawings.BLUE)) < 90 for x in (25, 65)
    )


def test_a_folder_is_coloured_at_its_own_size_with_the_hints_exactly(
    cli: Cli, three_drawings: Path, fresh_fillnet: Path
) -> None:
    given = (
        "colorize",
        three_drawings / "lines",
        "-o",
        three_drawings / "out",
        "--hints",
        three_drawings / "hints",
        "--model",
        fresh_fillnet,
    )
    ran = cli(*given, "--lines", "none", "-j", 1)
    assert ran.code == 0, ran.err
    for name in ("a", "b", "deep/c"):
        lines, result = (
            drawings.read(three_drawings / "lines" / f"{name}.png"),
            drawings.read(three_drawings / "out" / f"{name}.png"),
        )
        assert result.shape == (*lines.shape, 3)
        assert {tuple(colour) for colour in np.unique(result.reshape(-1, 3), axis=0).tolist()} == {RED, BLUE, WHITE}


def test_batches_of_fillnet_and_workers_change_no_byte(cli: Cli, three_drawings: Path, fresh_fillnet: Path) -> None:
    given = ("colorize", three_drawings / "lines", "--model", fresh_fillnet, "--hints", three_drawings / "hints")
    for name, jobs, size in (("one", 1, 1), ("batch", 1, 3), ("workers", 2, 2)):
        ran = cli(*given, "-o", three_drawings / name, "-j", jobs, "--batch-size", size)
        assert ran.code == 0, ran.err
    for name in ("a", "b", "deep/c"):
        found = {(three_drawings / way / f"{name}.png").read_bytes() for way in ("one", "batch", "workers")}
        assert len(found) == 1


def test_tinted_lines_have_the_networks_ink_and_kept_ones_their_own(
    cli: Cli, three_drawings: Path, fresh_fillnet: Path
) -> None:
    for mode in ("keep", "tint"):
        given = (
            "colorize",
            three_drawings / "lines" / "a.png",
            "-o",
            three_drawings / mode / "a.png",
            "--hints",
            three_drawings / "hints" / "a.png",
        )
        assert cli(*given, "--model", fresh_fillnet, "--lines", mode).code == 0
    ink = drawings.read(three_drawings / "lines" / "a.png") == 0
    kept, tinted = (drawings.read(three_drawings / mode / "a.png")[ink] for mode in ("keep", "tint"))
    assert (kept == 0).all()
    assert (tinted == tinted[0]).all()
    assert tinted[0].max() > 24  # a fresh network's ink is grey


def test_hints_decide_and_a_palette_beside_them_changes_nothing(cli: Cli, art: Path, networks: Path) -> None:
    (art / "two.hex").write_text("00ff00\nff00ff\n")
    given = ("colorize", art / "lines" / "a.png", "--model", networks / "p2p")
    ways: dict[str, tuple[object, ...]] = {
        "hints": ("--hints", art / "hints" / "a.png"),
        "both": ("--hints", art / "hints" / "a.png", "--palette", art / "two.hex"),
        "palette": ("--palette", art / "two.hex"),
    }
    for name, guides in ways.items():
        assert cli(*given, *guides, "-o", art / f"by-{name}").code == 0
    assert files_of(art / "by-hints") == files_of(art / "by-both") != files_of(art / "by-palette")


def test_steps_and_panels_are_no_results_for_those_who_read_the_folder(cli: Cli, art: Path, networks: Path) -> None:
    given = (art / "lines", "-o", art / "out", "--hints", art / "hints", *two(networks))
    assert cli("colorize", *given, "--keep-steps", "--panels").code == 0
    assert cli("extract-lines", art / "out", "-o", art / "again").code == 0
    assert list(files_of(art / "again")) == ["a.png", "deep/b.png"]
    assert cli("extract-lines", art / "out" / "panels", "-o", art / "panels").code == 0
    assert list(files_of(art / "panels")) == ["a.png", "deep/b.png"]


def test_a_second_run_skips_a_moved_checkpoint_too_and_a_changed_one_is_done_again(
    cli: Cli, art: Path, networks: Path
) -> None:
    mine = shutil.copytree(networks / "p2p", art / "mine")
    given = ("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--panels", "--json", "-j", 1)
    given = (*given, "--no-snap")  # of hints in all areas both networks would make the same

    def counts(model: Path, *more: object) -> dict[str, int]:
        ran = cli(*given, "--quiet", "--model", model, *more)
        assert ran.code == 0, ran.err
        summary = json.loads(ran.out)
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


@pytest.mark.parametrize("jobs", [1, 3])
def test_another_precision_makes_the_results_again_and_is_told_of(
    cli: Cli, art: Path, networks: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setattr(devices, "_has_bf16", lambda _: True)
    arguments = ("colorize", art / "lines", "-o", art / "out", "--model", networks / "p2p", "--json-lines", "-j", jobs)
    contents = []
    for asked, used in (("fp32", "fp32"), ("auto", "bf16"), ("bf16", "bf16"), ("fp32", "fp32")):
        ran = cli(*arguments, "--precision", asked)
        records = [json.loads(line) for line in ran.out.splitlines()]
        assert {record["status"] for record in records} == {"done"}
        assert all(record["facts"]["computed_in"] == {"pix2pix": used} for record in records)
        contents.append({path.name: path.read_bytes() for path in (art / "out").glob("*.png")})
        again = cli(*arguments, "--precision", asked)
        assert {json.loads(line)["status"] for line in again.out.splitlines()} == {"skipped"}
    single, auto, half, back = contents
    assert (auto, single) == (half, back)


def test_a_picture_that_cannot_be_read_fails_alone_within_its_batch(cli: Cli, art: Path, networks: Path) -> None:
    (art / "lines" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--model", networks / "p2p", "-j", 1)
    assert ran.code == 1
    assert "2 done, 1 failed" in ran.out + ran.err
    assert sorted(files_of(art / "out")) == ["a.png", "deep/b.png"]


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
def test_what_cannot_work_ends_with_one_line_and_exit_code_2(
    cli: Cli, art: Path, networks: Path, arguments: tuple[str, ...], message: str
) -> None:
    shutil.copytree(networks / "p2p", art / "p2p")
    damaged = shutil.copytree(networks / "p2p", art / "damaged")
    data = bytearray((damaged / "weights.safetensors").read_bytes())
    data[-100] ^= 255
    (damaged / "weights.safetensors").write_bytes(data)
    (art / "foreign").mkdir()
    (art / "foreign" / "model.json").write_text("{}")
    ran = cli("colorize", art / "lines", "-o", art / "out", *(str(text).format(art=art) for text in arguments))
    assert ran.code == 2, ran.err
    assert message in " ".join((ran.out + ran.err).replace("│", " ").split()), ran.err
    assert not (art / "out").exists()


def test_models_come_from_the_environment_and_from_a_settings_file_too(
    cli: Cli, art: Path, networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = networks / "of a run"
    shutil.copytree(networks / "p2p", spaced)
    call = ("colorize", art / "lines", "--hints", art / "hints", "-j", 1)
    assert cli(*call, "-o", art / "asked", "--model", spaced).code == 0
    monkeypatch.setenv("COLORIZE_CLI_MODEL", str(spaced))
    assert cli(*call, "-o", art / "environment").code == 0
    monkeypatch.delenv("COLORIZE_CLI_MODEL")
    settings = art / "settings.toml"
    settings.write_text(f'[colorize]\nmodel = "{spaced}"\n')
    assert cli(*call, "-o", art / "file", "--settings", settings).code == 0
    wanted = files_of(art / "asked")
    assert files_of(art / "environment") == wanted == files_of(art / "file")


def test_steps_to_a_pipe_are_refused(cli: Cli, art: Path, networks: Path) -> None:
    ran = cli("colorize", art / "lines" / "a.png", "-o", "-", "--model", networks / "p2p", "--keep-steps")
    assert ran.code == 2
    assert "need a folder" in ran.out + ran.err


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


def test_results_of_line_art_that_is_gone_are_removed_where_that_is_wanted(cli: Cli, art: Path) -> None:
    run = ("colorize", art / "lines", "-o", art / "out", "--model", "flat", "--hints", art / "hints", "-j", 1)
    assert cli(*run, "--layers", "png", "--keep-steps").code == 0
    gone = sorted((art / "lines").rglob("*.png"))[-1]
    gone.unlink()

    def made_of_it() -> list[str]:
        names = files_of(art / "out")
        return [name for name in names if name.endswith(f"/{gone.name}") or f"{gone.stem}-layers/" in name]

    assert len(made_of_it()) > 4, "its result, its layers and its steps"
    ran = cli(*run, "--layers", "png", "--keep-steps", "--prune")
    assert "of inputs that are gone" in ran.err
    assert not made_of_it()
    assert not list((art / "out").rglob(f"{gone.stem}-layers"))
    assert files_of(art / "out")


def test_what_is_beside_results_is_marked_before_there_is_any(
    cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.colorize.run", killed)
        cli("colorize", art / "lines", "-o", art / "out", "--model", "flat", "--keep-steps", "-j", 1)
    (art / "out" / "steps" / "a.png").write_bytes(b"left by a killed run")
    (art / "out" / "b.png").write_bytes(b"a result")
    assert [str(source.relative) for source in find_sources([str(art / "out")])] == ["b.png"]


def test_hints_that_were_made_below_the_pictures_are_no_pictures_of_the_next_run(cli: Cli, art: Path) -> None:
    assert cli("make-hints", art / "colour", "-o", art / "colour" / "hints", "--composite", "-j", 1).code == 0
    ran = cli("make-hints", art / "colour", "-o", art / "again", "-j", 1, "--json")
    assert json.loads(ran.out)["inputs"] == len(files_of(art / "lines"))
