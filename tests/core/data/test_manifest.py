"""What a dataset is made of: splits, places, views, likeness, sidecars, pairs, kinds, shards, and reading back."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.batch.inputs import Source
from pipelines.core.data import curation, stale_files
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.curation import Curation, Measured
from pipelines.core.data.layout import Artifact, DatasetLayout
from pipelines.core.data.manifest import (
    ABOUT,
    MANIFEST,
    check_folder,
    files_of,
    open_dataset,
    write_about,
    write_lines,
    write_rows,
)
from pipelines.core.data.near_duplicates import PictureHash, duplicates, picture_hash
from pipelines.core.data.pairing import Pair, find_pairs, read_pair, same_shape
from pipelines.core.data.shards import Packing, key_of
from pipelines.core.data.splits import Shares, split_named, split_of
from pipelines.core.errors import ColorizeError, MethodError, PictureError, SettingsError, UsageError
from pipelines.core.files import sha256
from pipelines.core.imaging.colourfulness import COLOURFUL, boost_for, colourfulness, saturate
from pipelines.core.imaging.framing import (
    Foreground,
    Framing,
    find_foreground,
    parse_colour,
    parse_size,
    place_in_frame,
)
from pipelines.core.imaging.picture import Picture
from pipelines.core.method_specs import by_method, method_specs
from tests import drawings

Bytes = NDArray[np.uint8]
NONE = Foreground(None, None)


# splits -----------------------------------------------------------------------------------------------------


def test_a_picture_keeps_its_split_whatever_others_there_are() -> None:
    names = [f"set/hero{number}" for number in range(300)]
    alone = {name: split_of(name, 0, Shares()) for name in names[::7]}
    together = {name: split_of(name, 0, Shares()) for name in names}
    assert all(together[name] == split for name, split in alone.items())


def test_shares_come_out_and_seeds_differ() -> None:
    shares = Shares(val=10, test=20, display=5)
    counts = Counter(split_of(str(number), 1, shares) for number in range(4000))
    for split, percent in {"train": 65, "val": 10, "test": 20, "display": 5}.items():
        deviation = (40 * percent * (100 - percent) / 100) ** 0.5  # of a binomial count
        assert abs(counts[split] - 40 * percent) < 4 * deviation, counts
    assert any(split_of(str(n), 1, shares) != split_of(str(n), 2, shares) for n in range(50))


def test_the_split_of_a_name_is_the_same_on_every_machine() -> None:
    # BLAKE2b-64 of "0\nhero" is 0x9463720b..., 57.97 of 100; of "0\nhero-4" 0x0e..., 5.6
    assert split_of("hero", 0, Shares()) == "train"
    assert split_of("e\u0301", 0, Shares(50, 25, 0)) == split_of("\u00e9", 0, Shares(50, 25, 0))


def test_more_for_validation_moves_nobody_out_of_the_test_set() -> None:
    names = [str(number) for number in range(500)]
    before = {name for name in names if split_of(name, 0, Shares(val=5, test=10)) == "test"}
    after = {name for name in names if split_of(name, 0, Shares(val=30, test=10)) == "test"}
    assert before == after


@pytest.mark.parametrize("shares", [(-1, 10, 0), (60, 50, 0), (40, 40, 40)])
def test_impossible_shares_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(SettingsError, match="percent"):
        Shares(*shares)


@pytest.mark.parametrize(
    ("text", "split"),
    [("valid", "val"), ("train/heroes", "train"), ("art/Test", "test"), ("contest", None), ("", None)],
)
def test_a_folder_may_name_the_split(text: str, split: str | None) -> None:
    assert split_named(text) == split


# places -----------------------------------------------------------------------------------------------------


def paths(place: DatasetLayout, lines: list[str], hints: list[str]) -> list[str]:
    return [place.file_of(piece, "val", "a/hero") for piece in place.pieces(lines, hints)]


def test_the_own_layout_has_a_folder_per_kind_and_plain_names() -> None:
    assert paths(DatasetLayout(), ["own"], ["kmedoids", "kmedoids-1"]) == [
        "val/colour/a/hero.png",
        "val/lines/own/a/hero.png",
        "val/hints/kmedoids/a/hero.png",
        "val/hints/kmedoids-1/a/hero.png",
        "val/composite/own+kmedoids/a/hero.png",
        "val/composite/own+kmedoids-1/a/hero.png",
    ]


def test_the_layouts_for_other_trainers() -> None:
    assert paths(DatasetLayout("aligned"), ["own"], ["points"]) == ["val/a/hero.png"]
    assert paths(DatasetLayout("unaligned"), ["own"], ["points"]) == ["valB/a/hero.png", "valA/a/hero.png"]
    several = DatasetLayout("unaligned", several=True)
    assert paths(several, ["own"], ["points", "points-1"])[1:] == [
        "valA/a/hero.own+points.png",
        "valA/a/hero.own+points-1.png",
    ]
    assert paths(DatasetLayout("aligned", "lines"), ["own"], ["points"]) == ["val/a/hero.png"]


def test_every_sample_names_files_that_are_made() -> None:
    for layout in ("own", "aligned", "unaligned", "webdataset"):
        for domain in ("composite", "lines"):
            place = DatasetLayout(layout, domain, several=True)
            made = set(paths(place, ["own", "xdog"], ["points", "strokes"]))
            rows = list(place.samples("val", "a/hero", ["own", "xdog"], ["points", "strokes"]))
            assert {path for row in rows for _, path in files_of(row)} == made
            keys = {piece.key for piece in place.pieces(["own", "xdog"], ["points", "strokes"])}
            assert {key for row in rows for key in place.keys(row).values()} == keys


# views ------------------------------------------------------------------------------------------------------


def test_padding_keeps_the_whole_picture_in_the_middle() -> None:
    layout = place_in_frame(Framing((100, 100)), (50, 200), NONE)
    assert layout.view == (0, -75, 200, 200)
    assert layout.place((50, 200)) == (slice(38, 62), slice(0, 100))  # 50 rows at half scale, from 37.5 to 62.5


def test_cropping_fills_the_frame_from_the_middle() -> None:
    layout = place_in_frame(Framing((100, 100), fit="crop"), (50, 200), NONE)
    assert layout.view == (75, 0, 50, 50)
    assert layout.cut(np.zeros((50, 200), np.uint8)).shape == (50, 50)
    assert layout.place((50, 200)) == (slice(0, 100), slice(0, 100))


def test_the_picture_keeps_its_own_size_when_asked() -> None:
    layout = place_in_frame(Framing(None), (50, 200), NONE)
    assert (layout.width, layout.height, layout.view) == (200, 50, (0, 0, 200, 50))


def square_at(left: int, top: int, side: int = 20, size: tuple[int, int] = (100, 100)) -> Picture:
    rgb = np.full((*size, 3), 255, np.uint8)
    rgb[top : top + side, left : left + side] = drawings.RED
    return Picture(rgb)


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_moving_puts_the_figure_in_the_middle_at_its_scale(fit: str) -> None:
    picture = square_at(40, 56)
    layout = place_in_frame(Framing((100, 100), fit, "move"), (100, 100), find_foreground(picture))  # type: ignore[arg-type]
    if fit == "crop":  # the view cannot leave the picture, and it is as large as the picture
        assert layout.view == (0, 0, 100, 100)
        return
    assert layout.view == (0, 16, 100, 100)
    laid = layout.laid(layout.cut(picture.rgb), (100, 100), 255)
    ys, xs = np.nonzero(laid[..., 1] < 128)
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (40, 59, 40, 59)


def test_filling_cuts_around_the_figure_with_a_margin() -> None:
    layout = place_in_frame(
        Framing((64, 64), centre="fill", margin=0.1), (100, 100), find_foreground(square_at(70, 70))
    )
    assert layout.view == (68, 68, 24, 24)


def test_moving_never_cuts_the_figure() -> None:
    picture = square_at(80, 0, side=20, size=(40, 100))
    layout = place_in_frame(Framing((50, 50), centre="move"), (40, 100), find_foreground(picture))
    left, top, width, height = layout.view
    assert left <= 80
    assert left + width >= 100
    assert top <= 0
    assert top + height >= 20


def test_a_figure_is_told_by_alpha_or_by_a_plain_border() -> None:
    assert find_foreground(square_at(10, 20)).box() == (10, 20, 20, 20)
    alpha = np.zeros((30, 30), np.uint8)
    alpha[5:9, 7:20] = 255
    assert find_foreground(Picture(np.zeros((30, 30, 3), np.uint8), alpha)).box() == (7, 5, 13, 4)
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 3)).astype(np.uint8)
    assert find_foreground(Picture(noise)) == Foreground(None, None)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7)])
@pytest.mark.parametrize("fit", ["pad", "crop"])
@pytest.mark.parametrize("centre", ["off", "move", "fill"])
def test_any_shape_gives_a_whole_frame(shape: tuple[int, int], fit: str, centre: str) -> None:
    rgb = np.full((*shape, 3), 255, np.uint8)
    rgb[shape[0] // 2, shape[1] // 2] = 0
    layout = place_in_frame(Framing((32, 24), fit, centre), shape, find_foreground(Picture(rgb)))  # type: ignore[arg-type]
    rows, columns = layout.place(shape)
    part = cv2.resize(layout.cut(rgb), (columns.stop - columns.start, rows.stop - rows.start))
    assert layout.laid(part, shape, 255).shape == (24, 32, 3)  # type: ignore[arg-type]


def test_sizes_and_colours_are_read_from_text() -> None:
    assert [parse_size(text) for text in ("256", "320x240", "original")] == [(256, 256), (320, 240), None]
    assert [parse_colour(text) for text in ("auto", "ff8000", "#000001")] == [None, (255, 128, 0), (0, 0, 1)]
    for bad in ("", "0x", "12x", "big"):
        with pytest.raises(SettingsError, match="is not a size"):
            parse_size(bad)
    with pytest.raises(SettingsError, match="no pixels"):
        Framing(parse_size("0"))
    with pytest.raises(SettingsError, match="is not a colour"):
        parse_colour("reddish")


# colourfulness ----------------------------------------------------------------------------------------------


def test_colourfulness_by_hand() -> None:
    assert colourfulness(np.full((8, 8, 3), 90, np.uint8)) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200  # rg = 200, yb = 100, no deviation: 0.3 sqrt(200^2 + 100^2)
    assert colourfulness(red) == pytest.approx(0.3 * 223.607, abs=1e-3)
    red[:, 4:] = 0  # half of it black: means and deviations are half of that
    assert colourfulness(red) == pytest.approx(1.3 * 111.803, abs=1e-3)
    assert colourfulness(red, np.arange(8)[None].repeat(8, 0) < 4) == pytest.approx(0.3 * 223.607, abs=1e-3)


def test_dull_pictures_are_boosted_most() -> None:
    factors = [boost_for(value, 0.5) for value in (0, 30, 60, COLOURFUL, 150)]
    assert factors == sorted(factors, reverse=True)
    assert (factors[0], factors[-2:]) == (1.5, [1, 1])


def test_saturation_is_multiplied_and_hue_and_value_stay() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    before = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    after = cv2.cvtColor(saturate(rgb, 1.4).astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    clear = (before[..., 1] > 0.2) & (before[..., 2] > 0.5)  # where a rounded level is little
    turn = np.abs((after[..., 0] - before[..., 0] + 180) % 360 - 180)
    assert turn[clear].max() < 4
    assert (after[..., 2] == before[..., 2]).all()
    assert np.abs(after[..., 1] - np.minimum(before[..., 1] * 1.4, 1))[clear].max() < 0.01
    grey = np.full((2, 2, 3), 77, np.uint8)
    assert (saturate(grey, 2.0) == grey).all()
    assert (saturate(np.zeros((2, 2, 3), np.uint8), 2.0) == 0).all()


# likeness ---------------------------------------------------------------------------------------------------


def drawing(seed: int, size: int = 128) -> Bytes:
    """A few discs and boxes at random places."""
    rng = np.random.default_rng(seed)
    picture = np.full((size, size, 3), 255, np.uint8)
    for _ in range(6):
        centre = tuple(int(value) for value in rng.integers(size // 4, 3 * size // 4, 2))
        colour = tuple(int(value) for value in rng.integers(0, 200, 3))
        cv2.circle(picture, centre, int(rng.integers(6, size // 5)), colour, -1, cv2.LINE_AA)
    return picture


def bits_apart(first: PictureHash, second: PictureHash) -> int:
    return sum((one ^ other).bit_count() for one, other in zip(first.bits, second.bits, strict=True))


def jpeg(picture: Bytes) -> Bytes:
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def test_renderings_of_one_drawing_are_alike_and_drawings_are_not() -> None:
    prints = []
    for seed in range(12):
        picture = drawing(seed, 256)
        first = picture_hash(picture)
        half = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
        padded = np.pad(picture, ((0, 60), (90, 0), (0, 0)), constant_values=255)
        for other in (jpeg(picture), half, padded):
            assert bits_apart(first, picture_hash(other)) <= Curation().duplicate_bits  # type: ignore[arg-type]
        prints.append(first)
    apart = [bits_apart(one, other) for number, one in enumerate(prints) for other in prints[:number]]
    assert min(apart) > 24


def test_a_recolouring_has_the_same_hash_but_is_no_duplicate() -> None:
    picture = drawing(3)
    swapped = picture[..., [0, 2, 1]].copy()
    prints = [picture_hash(picture), picture_hash(swapped), picture_hash(picture)]
    assert duplicates(prints, most_bits=64, most_levels=6) == {2: 0}


def test_the_search_over_blocks_finds_what_comparing_each_pair_finds() -> None:
    rng = np.random.default_rng(5)
    bases = [rng.bytes(32) for _ in range(90)]
    prints = []
    for number in range(1300):  # several blocks
        bits = bytearray(bases[number % 90])
        bits[number % 32] ^= 1 << number % 8
        prints.append(PictureHash(bytes(bits), b"\0" * 192))
    expected: dict[int, int] = {}
    for later, one in enumerate(prints):
        alike = (n for n in range(later) if n not in expected and bits_apart(one, prints[n]) <= 2)
        first = next(alike, None)
        if first is not None:
            expected[later] = first
    assert duplicates(prints, most_bits=2, most_levels=1) == expected
    assert len(expected) > 1000
    assert duplicates([], most_bits=2, most_levels=1) == {}


def measured(colour: float, pixels: int = 100, seed: int = 0) -> Measured:
    return Measured(colour, pixels, PictureHash(np.random.default_rng(seed).bytes(32), b"\0" * 192))


def test_the_largest_of_duplicates_stays_and_the_dullest_of_the_rest_go() -> None:
    pairs = [Pair(PurePosixPath(f"{name}.png"), Path(f"{name}.png")) for name in "abcdef"]
    values = [measured(50, 100, 1), measured(50, 400, 1), measured(9, 100, 2), measured(30, 100, 3), None, measured(80)]
    choice = curation.choose(pairs, values, Curation(drop_duplicates=True, drop_dull=25))
    assert set(choice.reasons) == {0, 2}
    assert choice.reasons[0] == "nearly the same as b.png"
    assert "least colourful" in choice.reasons[2]
    assert choice.figures["least_colourful"] == {"left_out": 1, "of": 4, "greatest_colourfulness": 9}
    assert len(choice.notes) == 2
    assert set(curation.choose(pairs, values, Curation(least_colourfulness=35)).reasons) == {2, 3}


@pytest.mark.parametrize("bad", [{"drop_dull": 100}, {"drop_dull": -1}, {"duplicate_bits": 65}])
def test_curation_refuses_what_makes_no_sense(bad: dict[str, int]) -> None:
    with pytest.raises(SettingsError):
        Curation(**bad)  # type: ignore[arg-type]


# sidecars ---------------------------------------------------------------------------------------------------


def test_sidecars_are_found_beside_and_above(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "color"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text('{"license": "CC0", "artist": "Ann", "frames": [1], "scale": 2}')
    (folder / "b.png.json").write_text('{"licence": "MIT"}')
    rows = [{"color": "set/color/c.png", "licence": "CC BY 4.0", "split": "val"}, {"file_name": "set/color/a.png"}]
    (tmp_path / "manifest.jsonl").write_text("not json\n" + "\n".join(map(json.dumps, rows)))
    credits = Attributions()
    assert credits.of(folder / "a.png") == {"licence": "CC0", "author": "Ann", "scale": 2}
    assert credits.of(folder / "b.png") == {"licence": "MIT"}
    assert credits.of(folder / "c.png") == rows[0]
    assert credits.of(folder / "d.png") == {}
    assert credits.problems == []


def test_a_broken_sidecar_is_named_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1]")
    credits = Attributions()
    assert credits.of(tmp_path / "a.png") == credits.of(tmp_path / "b.png") == credits.of(tmp_path / "a.png") == {}
    assert [problem.split(" is no JSON")[0][-6:] for problem in credits.problems] == ["a.json", "b.json"]


# pairs ------------------------------------------------------------------------------------------------------


def write(path: Path, width: int = 8, height: int = 8) -> Path:
    return drawings.write(path, np.full((height, width, 3), 200, np.uint8))


def sources_in(folder: Path) -> list[Source]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    return [Source(path, PurePosixPath(path.relative_to(folder).as_posix())) for path in files]


def test_two_folders_are_matched_by_name_and_the_rest_is_listed(tmp_path: Path) -> None:
    for name in ("a", "sub/b", "c", "d"):
        write(tmp_path / "colour" / f"{name}.png")
    for name in ("a", "sub/b", "e"):
        write(tmp_path / "inked" / f"{name}.png")
    write(tmp_path / "inked" / "d.png", 16, 8)
    found = find_pairs(sources_in(tmp_path / "colour"), "pictures", lines=tmp_path / "inked")
    lines = {str(pair.name): pair.lines and pair.lines.name for pair in found.pairs}
    assert lines == {"a.png": "a.png", "c.png": None, "d.png": None, "sub/b.png": "b.png"}
    kinds = {str(item.name): item.reason for item in found.mismatches}
    assert set(kinds) == {"c.png", "d.png", "e.png"}
    assert "16x8, the picture 8x8" in kinds["d.png"]
    assert kinds["e.png"] == "no coloured picture has its name"


def test_a_corpus_is_matched_by_its_folders(tmp_path: Path) -> None:
    for name in (
        "s/color/a",
        "s/line/a",
        "s/color/b",
        "t/Colour/x/a",
        "t/lines/x/a",
        "trainB/1",
        "trainA/1",
        "u/line/z",
    ):
        write(tmp_path / f"{name}.png")
    write(tmp_path / "stray.png")
    found = find_pairs(sources_in(tmp_path), "pairs")
    lines = {str(pair.name): pair.lines.relative_to(tmp_path).as_posix() if pair.lines else "" for pair in found.pairs}
    assert lines == {
        "s/a.png": "s/line/a.png",
        "s/b.png": "",
        "t/x/a.png": "t/lines/x/a.png",
        "train/1.png": "trainA/1.png",
    }
    assert {str(item.name) for item in found.mismatches} == {"s/b.png", "u/line/z.png", "stray.png"}
    inner = find_pairs(sources_in(tmp_path / "s" / "color"), "pairs")
    assert [str(pair.name) for pair in inner.pairs] == ["a.png", "b.png"]
    assert inner.pairs[0].lines == tmp_path / "s" / "line" / "a.png"


def test_a_corpus_may_be_named_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "s" / "color" / "a.png")
    write(tmp_path / "s" / "line" / "a.png")
    monkeypatch.chdir(tmp_path)
    sources = [Source(Path("s/color/a.png"), PurePosixPath("color/a.png"))]
    assert find_pairs(sources, "pairs").pairs[0].lines == tmp_path / "s" / "line" / "a.png"


def test_halves_are_told_apart_by_side(tmp_path: Path) -> None:
    both = np.zeros((6, 10, 3), np.uint8)
    both[:, :5], both[:, 5:] = 255, drawings.RED
    files = {"picture": drawings.png(both)}
    picture, own = read_pair(files, "AB")
    assert own is not None
    assert (picture.rgb[0, 0].tolist(), own.rgb[0, 0].tolist()) == (list(drawings.RED), [255] * 3)
    picture, own = read_pair(files, "BA")
    assert own is not None
    assert (picture.rgb[0, 0].tolist(), own.rgb[0, 0].tolist()) == ([255] * 3, list(drawings.RED))
    write(tmp_path / "odd.png", 9)
    write(tmp_path / "even.png", 10)
    found = find_pairs(sources_in(tmp_path), "AB")
    assert [str(pair.name) for pair in found.pairs] == ["even.png"]
    assert found.mismatches[0].reason == "an odd number of columns makes no two halves (9 columns)"
    with pytest.raises(MethodError, match="9 columns"):
        read_pair({"picture": (tmp_path / "odd.png").read_bytes()}, "AB")


def test_line_art_of_another_shape_is_refused_and_of_another_size_is_not() -> None:
    small, wide = drawings.png(np.zeros((4, 4, 3), np.uint8)), drawings.png(np.zeros((4, 8, 3), np.uint8))
    large = drawings.png(np.zeros((400, 402, 3), np.uint8))
    assert read_pair({"picture": small, "lines": large}, "pictures")[1] is not None
    with pytest.raises(MethodError, match="the line art is 8x4, the picture 4x4"):
        read_pair({"picture": small, "lines": wide}, "pictures")
    assert same_shape((100, 50), (201, 100))
    assert not same_shape((100, 50), (210, 100))


def test_pairs_refuse_what_contradicts_itself(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.png")
    source = Source(picture, PurePosixPath("a.png"))
    with pytest.raises(UsageError, match="contradict"):
        find_pairs([source], "AB", lines=tmp_path)
    with pytest.raises(UsageError, match="one file"):
        find_pairs([source], "pictures", lines=picture)
    with pytest.raises(UsageError, match="standard input"):
        find_pairs([Source(None, PurePosixPath("stdin"))], "pictures")


# kinds ------------------------------------------------------------------------------------------------------


def test_kinds_take_settings_by_method_and_draw_ranges() -> None:
    values = by_method(
        {"kmedoids.hints": "3..6", "kmedoids.radius": "2.5..4", "points": {"chance": 0.2}}, ["kmedoids", "points"]
    )
    values.pop("points")
    (kind,) = method_specs("hints", ["kmedoids"], values)
    drawn = [kind.drawn(np.random.default_rng(seed)) for seed in range(60)]
    assert {params.hints for params in drawn} == {3, 4, 5, 6}
    assert all(2.5 <= params.radius <= 4 for params in drawn)
    assert len({params.radius for params in drawn}) == 60
    assert kind.drawn(np.random.default_rng(1)) == drawn[1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kmedoid.hints": "3"}, "no method that is used"),
        ({"kmedoids": "3"}, "says no setting"),
        ({"kmedoids.hintz": "3"}, "no setting 'hintz'"),
        ({"kmedoids.hints": "9..3"}, "no range 9..3"),
        ({"kmedoids.centring": "true..false"}, "no range"),
        ({"kmedoids.hints": "a..b"}, "cannot be 'a'"),
    ],
)
def test_bad_settings_of_kinds_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        method_specs("hints", ["kmedoids"], by_method(values, ["kmedoids"]))


# shards -----------------------------------------------------------------------------------------------------


def test_a_shard_holds_samples_side_by_side_in_the_same_bytes() -> None:
    rows = [{"name": "v1.2/a%b.c", "line_method": "own", "hint_method": "points"}]
    rows[0]["key"] = key_of(rows[0])
    fields = {f"{rows[0]['key']}/{field}": field.encode() for field in ("colour", "lines", "hints", "composite")}
    files = {"rows": json.dumps(rows[0]).encode(), **fields}
    data = Packing()(files, np.random.default_rng()).files[0]
    assert data == Packing()(files, np.random.default_rng()).files[0]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        content = {name: archive.extractfile(name).read() for name in names}  # type: ignore[union-attr]
    bases = {name.rpartition("/")[0] + "/" + name.rpartition("/")[2].partition(".")[0] for name in names}
    assert bases == {rows[0]["key"]}
    assert [name.rpartition("/")[2].partition(".")[2] for name in names] == [
        "colour.png",
        "lines.png",
        "hints.png",
        "composite.png",
        "json",
    ]
    assert content[f"{rows[0]['key']}.hints.png"] == b"hints"
    assert json.loads(content[f"{rows[0]['key']}.json"]) == rows[0]
    assert key_of({"name": "a.b", "line_method": "l", "hint_method": "h"}) != key_of(
        {"name": "a%2Eb", "line_method": "l", "hint_method": "h"}
    )


# reading back -----------------------------------------------------------------------------------------------


def make_dataset(folder: Path, names: tuple[str, ...] = ("a", "b"), **about: object) -> Path:
    place, rows = DatasetLayout(), []
    for name in names:
        for row in place.samples("train", name, ["own"], ["points"]):
            drawings.write(folder / row["colour"], drawings.two_circles_coloured(32))
            drawings.write(folder / row["lines"], drawings.two_circles(32))
            drawings.write(folder / row["hints"], drawings.two_hints(32))
            drawings.write(folder / row["composite"], drawings.two_circles_coloured(32))
            digests = {role: sha256((folder / path).read_bytes()) for role, path in files_of(row)}
            rows.append({**row, "sha256": digests})
    write_rows(folder, MANIFEST, rows)
    write_about(folder, {"complete": True, "layout": "own", **about})
    return folder


def test_a_dataset_is_read_back(tmp_path: Path) -> None:
    read = open_dataset(make_dataset(tmp_path))
    assert {split: len(samples) for split, samples in read.samples.items()} == {
        "train": 2,
        "val": 0,
        "test": 0,
        "display": 0,
    }
    sample = read.samples["train"][1]
    assert (sample.name, sample.line_method, sample.hint_method) == ("b", "own", "points")
    loaded = read.load(sample)
    assert (loaded.colour == drawings.two_circles_coloured(32)).all()
    assert (loaded.lines == drawings.two_circles(32)).all()
    assert (loaded.hints == drawings.two_hints(32)).all()
    assert loaded.composite.shape == (32, 32, 3)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    read = open_dataset(make_dataset(tmp_path))
    first, second = read.samples["train"]
    (tmp_path / first.lines).write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"lines/own/a\.png: it is not a picture"):
        read.load(first)
    drawings.write(tmp_path / second.hints, drawings.two_hints(16))
    with pytest.raises(PictureError, match=r"b\.png is 16x16, its picture 32x32"):
        read.load(second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"complete": False}, "is not finished"),
        ({"layout": "aligned"}, "layout 'aligned'"),
        ({"kind": "other"}, "is no dataset"),
        ({"version": 99}, "another version"),
        ({"names": ()}, "has no pairs"),
    ],
)
def test_what_is_no_dataset_to_read_says_so(tmp_path: Path, change: dict[str, object], message: str) -> None:
    names = change.pop("names", ("a",))
    make_dataset(tmp_path, names)  # type: ignore[arg-type]
    about = json.loads((tmp_path / ABOUT).read_text())
    (tmp_path / ABOUT).write_text(json.dumps({**about, **change}))
    with pytest.raises(UsageError, match=message):
        open_dataset(tmp_path)


def test_missing_and_damaged_manifests_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is no dataset"):
        open_dataset(tmp_path)
    make_dataset(tmp_path)
    manifest = tmp_path / MANIFEST
    lines = manifest.read_text().splitlines()
    manifest.write_text(f"{lines[0]}\n{lines[1][:40]}")
    with pytest.raises(UsageError, match=r"line 2 of .*manifest\.jsonl is damaged"):
        open_dataset(tmp_path)
    manifest.write_text(f'{lines[0]}\n{{"split": "train"}}\n')
    with pytest.raises(UsageError, match="line 2 of"):
        open_dataset(tmp_path)
    manifest.unlink()
    with pytest.raises(UsageError, match="is not finished"):
        open_dataset(tmp_path)


def test_files_of_somebody_else_are_not_taken_for_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="is in the way"):
        check_folder(tmp_path)
    make_dataset(tmp_path / "ours")
    check_folder(tmp_path / "ours")
    check_folder(tmp_path / "new")


def test_writing_lines_leaves_the_old_file_where_it_fails(tmp_path: Path) -> None:
    write_lines(tmp_path, "list", ["old\n"])
    (tmp_path / "list").with_name("folder").mkdir()
    with pytest.raises(ColorizeError, match="cannot be written"):
        write_lines(tmp_path, "folder", ["new\n"])

    def broken():  # type: ignore[no-untyped-def]
        yield "new\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lines(tmp_path, "list", broken())
    assert (tmp_path / "list").read_text() == "old\n"
    assert not list((tmp_path / ".colorize-cli").glob("unfinished*"))


# leftovers --------------------------------------------------------------------------------------------------


def files_in(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(".")}


def test_only_what_the_manifest_names_and_nobody_changed_is_removed(tmp_path: Path) -> None:
    make_dataset(tmp_path, ("a", "b"))
    (tmp_path / "train" / "colour" / "mine.png").write_bytes(b"mine")
    (tmp_path / "train" / "hints" / "points" / "b.png").write_bytes(b"touched up")
    current = {name for name in files_in(tmp_path) if name.endswith("a.png")}
    kept = stale_files.clear_stale(tmp_path, current, prune=False)
    assert (kept.removed, kept.kept, kept.changed) == (0, 4, 0)
    assert "--prune" in kept.notes()[0]
    write_rows(tmp_path, MANIFEST, [])  # the next manifest no longer names them
    pruned = stale_files.clear_stale(tmp_path, current, prune=True)
    assert (pruned.removed, pruned.kept, pruned.changed) == (3, 0, 1)
    left = {"dataset.json", "manifest.jsonl", "train/colour/mine.png", "train/hints/points/b.png"}
    assert files_in(tmp_path) == current | left


def test_pieces_have_keys() -> None:
    assert Artifact("colour").key == "colour"
    assert Artifact("composite", "own", "points").key == "composite/own+points"
