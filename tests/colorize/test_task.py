"""Facts about the work on drawings: steps, merges, panels, layers, and what it says is missing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.colorize import ColorizeTask, OutputOptions, RunOptions
from pipelines.colorize.ensemble import Ensemble
from pipelines.colorize.reader import DrawingReader
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.core.settings import digest
from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.model_source import find_models
from pipelines.tracking.frames import FrameHint
from pipelines.tracking.hint_propagation import encode_hints
from tests import drawings
from tests.colorize.results import files_of, two
from tests.conftest import Cli
from tests.drawings import Bytes

pytestmark = pytest.mark.usefixtures("networks_are_loaded_anew")


def test_steps_hold_every_intermediate_picture(cli: Cli, art: Path, networks: Path) -> None:
    ran = cli(
        "colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", *two(networks), "--keep-steps", "-j", 1
    )
    assert ran.code == 0, ran.err
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
    cli: Cli, art: Path, networks: Path, merge: tuple[str, ...], mode: str, opacity: float, top: str
) -> None:
    given = (art / "lines" / "a.png", "-o", art / "out", "--hints", art / "hints" / "a.png", *two(networks), *merge)
    given = (*given, "--no-snap")  # else hints have their own colours in the end
    assert cli("colorize", *given, "--keep-steps", "--lines", "none").code == 0
    steps = art / "out" / "steps"
    blended = ("--base", steps / "pix2pix-colour", "--top", steps / top, "--mode", mode, "--opacity", opacity)
    assert cli("blend", *blended, "-o", art / "blended").code == 0
    assert (drawings.read(art / "blended" / "a.png") == drawings.read(art / "out" / "a.png")).all()
    assert (drawings.read(steps / "merged-colour" / "a.png") == drawings.read(art / "out" / "a.png")).all()


def test_base_and_top_of_a_merge_can_be_exchanged_and_flat_be_one_of_them(cli: Cli, art: Path, networks: Path) -> None:
    models = ("--model", "flat", "--model", f"cyclegan={networks / 'run'}")
    given = ("colorize", art / "lines" / "a.png", "--hints", art / "hints" / "a.png", *models, "--lines", "none")
    for name, merge in {"flat": ("--merge-base", "flat"), "turned": ("--merge-top", "flat")}.items():
        assert cli(*given, "-o", art / name, "--merge", "normal", "--merge-opacity", 0, *merge).code == 0
    alone = ("colorize", art / "lines" / "a.png", "--hints", art / "hints" / "a.png", "--lines", "none", *models[:2])
    assert cli(*alone, "-o", art / "alone").code == 0
    assert files_of(art / "flat") == files_of(art / "alone") != files_of(art / "turned")


def test_panels_are_labelled_and_hold_the_truth(cli: Cli, art: Path, networks: Path) -> None:
    given = ("colorize", art / "lines", "--reference", art / "colour", *two(networks), "--panels", "-j", 1)
    assert cli(*given, "-o", art / "out").code == 0
    sheet = drawings.read(art / "out" / "panels" / "deep" / "b.png")
    assert sheet.shape[1] == 6 * 264  # lines, hints, both networks, merged, truth
    headings = sheet[:28].min(axis=2)
    assert all(headings[:, left : left + 264].min() < 160 for left in range(0, sheet.shape[1], 264))
    truth = sheet[28:, 5 * 264 :].reshape(-1, 3).astype(int)
    assert (np.abs(truth - drawings.RED).max(axis=1) < 3).sum() > 500
    ran = cli(*given[:2], *two(networks), "--panels", "-o", art / "some", "-j", 1, "--truth", art / "colour/deep")
    assert ran.code == 0
    assert (ran.out + ran.err).count("nothing of its name in --truth") == 2
    assert cli(*given[:2], *two(networks), "--panels", "-o", art / "none", "-j", 1).code == 0
    assert drawings.read(art / "none" / "panels" / "a.png").shape[1] == 5 * 264


def test_threads_beside_a_fast_device_change_nothing(art: Path) -> None:
    def made(device: str) -> list[Produced]:
        ensemble = Ensemble(find_models(["flat"]), run=RunOptions(device, 2))
        work = ColorizeTask(ensemble, DrawingReader(ensemble.hint_presets), OutputOptions(steps=True, panels=True))
        names = ("a", "deep/b")
        files = [{kind: (art / folder / f"{name}.png").read_bytes() for kind, folder in pairs} for name in names]
        return work.run_batch([Input(one, np.random.default_rng(0)) for one in files])

    pairs = (("picture", "lines"), ("hints", "hints"), ("truth", "colour"))
    assert made("cpu") == made("cuda")


# one drawing, by the task itself ----------------------------------------------------------------------------


def task(*models: str, merge: ResolvedMerge | None = None, **options: Any) -> ColorizeTask:
    ensemble = Ensemble(find_models(models or ["flat"]), merge, RunOptions("cpu"))
    reader = DrawingReader(ensemble.hint_presets)
    more = {name: options.pop(name) for name in ("background", "lines", "expected") if name in options}
    return ColorizeTask(ensemble, reader, OutputOptions(**options), **more)


def done(work: ColorizeTask, **files: Bytes | bytes) -> Produced:
    """What comes of two circles and files beside them."""
    contents = {name: file if isinstance(file, bytes) else drawings.png(file) for name, file in files.items()}
    contents["picture"] = drawings.png(drawings.two_circles(64))
    return work(contents, np.random.default_rng(0))


def test_what_is_written_is_the_result_then_variants_steps_the_panel_and_layers() -> None:
    work = task(variants=3, steps=True, panels=True, layers="png")
    produced = done(work, hints=drawings.two_hints(64))
    files = work.layer_files({"picture", "hints"})
    assert len(produced.files) == 1 + 2 + len(work.step_names) + 1 + len(files)
    pictures = [drawings.read(file) for file in produced.files if file.startswith(b"\x89PNG")]
    assert len(pictures) == len(produced.files) - 1, "one file is the list of the layers"
    small = pictures[: 3 + len(work.step_names)]
    assert {picture.shape[:2] for picture in small} == {(64, 64)}
    result = pictures[0]
    assert tuple(result[32, 17]) == drawings.RED
    assert pictures[3 + len(work.step_names)].shape[1] > 2 * 256, "the panel is several pictures wide"


def test_nothing_is_written_beside_that_is_not_asked_for() -> None:
    assert len(done(task()).files) == 1
    assert task().layer_files({"picture", "hints"}) == ()


def test_steps_are_named_in_the_order_of_models_and_layers() -> None:
    assert task().step_names == ("hints", "composite", "flat-colour")
    merged = task("flat", "a=fillnet", merge=ResolvedMerge("shading", "flat", ("a",), 0.2))
    assert merged.step_names == (
        *("hints", "composite", "flat-colour", "flat-shading", "flat"),
        *("a-input", "a-raw", "a-colour", "a-shading", "a", "merged-colour"),
    )


def test_layers_have_one_for_hints_where_there_are_any() -> None:
    with_hints, without = (task(layers="png").layer_files(names) for names in ({"picture", "hints"}, {"picture"}))
    assert len(with_hints) == len(without) + 1
    assert any("hints" in name for name in with_hints) and not any("hints" in name for name in without)
    assert len(done(task(layers="png")).files) == 1 + len(without)


@pytest.mark.parametrize(
    ("expected", "files", "warnings"),
    [
        (("hints",), {"hints": drawings.two_hints(64)}, ()),
        (("hints",), {}, ("nothing of its name in --hints",)),
        ((), {}, ()),
        (("truth",), {"hints": drawings.two_hints(64)}, ("nothing of its name in --truth",)),
        (("hints",), {"carried": encode_hints([FrameHint(1, drawings.RED, 0.1, None)])}, ()),
        ((), {"hints": drawings.two_hints(64), "unlocked": b"not locked: torn"}, ("not locked: torn",)),
    ],
)
def test_what_one_may_have_thought_to_be_there_is_said(
    expected: tuple[str, ...], files: dict[str, Any], warnings: tuple[str, ...]
) -> None:
    assert done(task(expected=expected), **files).warnings == warnings


def test_results_depend_on_what_is_asked_for_and_not_on_where_the_truth_lies() -> None:
    plain = digest(task(panels=True).settings)
    assert digest(task(panels=True, truth="here").settings) == plain
    for other in (task(), task(panels=True, variants=2), task(panels=True, lines="none"), task("fillnet", panels=True)):
        assert digest(other.settings) != plain


def test_only_networks_run_in_threads() -> None:
    assert not task().runs_in_threads
    assert task("fillnet").runs_in_threads


def test_what_the_line_art_says_is_said_by_results_and_layers_and_not_by_what_shows_the_way() -> None:
    metadata = PictureMetadata((23622, 23622), (Text("Copyright", "CC-BY Ann"), Text("Title", "狐")))
    picture = encode_png(drawings.two_circles(64), metadata=metadata)
    for asked, carrying in (({"variants": 2, "panels": True}, 2), ({"layers": "png"}, 6), ({"steps": True}, 1)):
        worked = task(**asked)
        produced = worked({"picture": picture}, np.random.default_rng(0)).files
        said = [decode_picture(data).metadata for data in produced if data.startswith(b"\x89PNG")]
        assert said == [metadata] * carrying + [None] * (len(said) - carrying), asked
    plain = task()({"picture": encode_png(drawings.two_circles(64))}, np.random.default_rng(0)).files[0]
    assert b"sRGB" not in plain


@pytest.mark.parametrize("background", ["auto", "transparent"])
def test_transparent_pixels_have_the_colour_of_the_ink_beside_them(background: str) -> None:
    lines = drawings.two_circles(64)
    ink = np.dstack([np.where(lines[..., None] < 255, [20, 10, 60], 255), 255 - lines]).astype(np.uint8)
    worked = replace(task(), background=background)
    result = drawings.read(worked({"picture": drawings.png(ink)}, np.random.default_rng(0)).files[0])
    hidden = result[..., 3] == 0
    assert hidden.any() and (result[hidden][:, :3] == (20, 10, 60)).all()
