"""The stage build-dataset: what comes out for what goes in, whatever the order, the workers and the interruptions."""

import hashlib
import json
import os
import signal
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from numpy.typing import NDArray

from colorize_cli.commands import build_dataset as command_of
from pipelines.build_dataset import Recipe, Splitting, Storing, build_dataset
from pipelines.core.batch.inputs import Selection
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Record, Report
from pipelines.core.data.curation import Curation
from pipelines.core.data.manifest import open_dataset
from pipelines.core.data.splits import SPLITS, Shares
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import Framing
from tests import drawings

SMALL = Framing((48, 48))
LIMITED = {"selection": Selection(limit=2)}
QUICK = {"kmedoids.max_points": "60"}


def picture(seed: int, width: int = 96, height: int = 72) -> NDArray[np.uint8]:
    """A disc and a box with outlines, in colours and at places of their own, on white."""
    rng = np.random.default_rng(seed)
    rgb = np.full((height, width, 3), 255, np.uint8)
    for number in range(2):
        colour = tuple(int(value) for value in rng.integers(60, 230, 3))
        centre = (int(rng.integers(24, width - 24)), int(rng.integers(20, height - 20)))
        if number:
            corner = (centre[0] + 14, centre[1] + 10)
            cv2.rectangle(rgb, (centre[0] - 14, centre[1] - 10), corner, colour, -1)
            cv2.rectangle(rgb, (centre[0] - 14, centre[1] - 10), corner, (0, 0, 0), 2)
        else:
            cv2.circle(rgb, centre, 16, colour, -1, cv2.LINE_AA)
            cv2.circle(rgb, centre, 16, (0, 0, 0), 2, cv2.LINE_AA)
    return rgb


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Six coloured pictures in two folders."""
    for number, name in enumerate(("a", "b", "c", "deep/a", "deep/d", "deep/e")):
        drawings.write(tmp_path / "art" / f"{name}.png", picture(number))
    return tmp_path / "art"


def build(source: Path | list[str], output: Path, **options: Any) -> Report:
    recipe = options.pop("recipe", Recipe())
    values = {**({} if recipe.hints != ("kmedoids",) else QUICK), **recipe.values}
    framing = SMALL if recipe.framing == Framing() else recipe.framing
    settings = {"jobs": 1, **options.pop("batch", {})}
    return build_dataset(
        [str(source)] if isinstance(source, Path) else source,
        str(output),
        recipe=replace(recipe, framing=framing, values=values),
        batch=BatchSettings(**settings),
        **options,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def content(folder: Path, *, hidden: bool = False) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if hidden or not name.startswith(".")}


# what comes out ---------------------------------------------------------------------------------------------


def test_each_picture_becomes_colour_lines_hints_and_composite(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = build(art, out)
    assert report.counts == {"done": 6, "skipped": 0, "failed": 0}
    read = open_dataset(out)
    samples = [sample for split in SPLITS for sample in read.samples[split]]
    assert {sample.name for sample in samples} == {"a", "b", "c", "deep/a", "deep/d", "deep/e"}
    for sample in samples:
        loaded = read.load(sample)
        assert loaded.colour.shape == loaded.composite.shape == (48, 48, 3)
        assert (loaded.composite == composite(loaded.hints, np.dstack([loaded.lines] * 3))).all()
        assert (loaded.lines[:6] == 255).all()  # the padding above the picture: 48 x 36 px of 48 x 48
        assert (loaded.lines < 64).sum() > 50
        places = loaded.hints[..., 3] == 255
        assert places.any()
        ground = (loaded.colour == 255).all(axis=2)
        assert not places[0].any()
        assert {tuple(colour) for colour in loaded.hints[places][:, :3]} != {drawings.WHITE}
        assert ground[:6].all()


def test_the_manifest_says_what_every_file_is_and_how_it_was_made(art: Path, tmp_path: Path) -> None:
    (art / "a.json").write_text('{"licence": "CC0", "author": "Ann"}')
    out = tmp_path / "out"
    build(art, out)
    found = rows(out)
    assert [row["name"] for row in found] == ["a", "b", "c", "deep/a", "deep/d", "deep/e"]
    for row in found:
        for role in ("colour", "lines", "hints", "composite"):
            assert hashlib.sha256((out / row[role]).read_bytes()).hexdigest() == row["sha256"][role]
        source = (art / row["source"]["path"]).read_bytes()
        assert (
            row["source"] | {"sha256": hashlib.sha256(source).hexdigest(), "width": 96, "height": 72} == row["source"]
        )
        assert row["settings"]["hints"] | {"method": "kmedoids", "max_points": 60} == row["settings"]["hints"]
        assert row["settings"]["lines"]["method"] == "adaptive"
        assert row["view"] == [0, -12, 96, 96]
        assert row["covers"] == [0, 6, 48, 36]
    assert (found[0]["licence"], found[0]["author"]) == ("CC0", "Ann")
    assert found[1]["licence"] is None
    about = json.loads((out / "dataset.json").read_text())
    assert (about["complete"], about["layout"], about["size"]) == (True, "own", [48, 48])
    assert sum(about["samples"].values()) == 6
    assert about["licences"] == {"CC0": 1, "not known": 5}
    assert str(tmp_path) not in (out / "manifest.jsonl").read_text() + (out / "dataset.json").read_text()


def test_several_kinds_and_draws_make_several_samples(art: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        lines=("adaptive",), hints=("points", "kmedoids"), draws=2, values={"kmedoids.hints": "2..9"} | QUICK
    )
    out = tmp_path / "out"
    report = build(art, out, recipe=recipe)
    kinds = [(row["line_method"], row["hint_method"]) for row in rows(out) if row["name"] == "a"]
    assert kinds == [("adaptive", hint) for hint in ("points", "points-1", "kmedoids", "kmedoids-1")]
    numbers = [row["settings"]["hints"]["hints"] for row in rows(out) if row["hint_method"].startswith("kmedoids")]
    assert len(numbers) == 12
    assert set(numbers) <= set(range(2, 10))
    assert len(set(numbers)) > 2
    assert "24 samples" in " ".join(report.notes)


def test_another_kind_changes_no_byte_of_those_that_were_there(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "one", recipe=Recipe(hints=("points",), draws=2))
    build(art, tmp_path / "two", recipe=Recipe(hints=("strokes", "points"), draws=3))
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    pictures = {name for name in one if name.endswith(".png")}
    assert pictures
    assert all(one[name] == two[name] for name in pictures)


def test_a_method_that_draws_the_same_every_time_is_drawn_once(art: Path, tmp_path: Path) -> None:
    report = build(art, tmp_path / "out", recipe=Recipe(draws=4))
    assert {row["hint_method"] for row in rows(tmp_path / "out")} == {"kmedoids"}
    assert "kmedoids draws the same hints every time" in report.notes[0]


def test_sizes_cropping_and_padding(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "wide", recipe=Recipe(framing=Framing((60, 20), "crop")))
    build(art, tmp_path / "own", recipe=Recipe(framing=Framing(None)))
    build(art, tmp_path / "grey", recipe=Recipe(framing=Framing((40, 40), pad=(9, 8, 7))))
    for name, shape in (("wide", (20, 60)), ("own", (72, 96)), ("grey", (40, 40))):
        row = rows(tmp_path / name)[0]
        for role in ("colour", "lines", "hints", "composite"):
            assert drawings.read(tmp_path / name / row[role]).shape[:2] == shape
    assert (drawings.read(tmp_path / "own" / rows(tmp_path / "own")[0]["colour"]) == picture(0)).all()
    padded = drawings.read(tmp_path / "grey" / rows(tmp_path / "grey")[0]["colour"])
    assert (padded[:5] == (9, 8, 7)).all()


def test_padding_goes_on_with_a_plain_ground(tmp_path: Path) -> None:
    blue = np.full((30, 60, 3), drawings.BLUE, np.uint8)
    cv2.circle(blue, (30, 15), 8, drawings.RED, -1)
    drawings.write(tmp_path / "art" / "a.png", blue)
    build(tmp_path / "art", tmp_path / "out")
    colour = drawings.read(tmp_path / "out" / rows(tmp_path / "out")[0]["colour"])
    assert (colour[0] == drawings.BLUE).all()


def test_centring_and_boost_say_what_they_did(art: Path, tmp_path: Path) -> None:
    framing = Framing((48, 48), centre="fill", margin=0)
    report = build(art, tmp_path / "out", recipe=Recipe(framing=framing, saturation_boost=1.0))
    for row in rows(tmp_path / "out"):
        colour = drawings.read(tmp_path / "out" / row["colour"])
        ys, xs = np.nonzero((colour < 250).any(axis=2))
        spans = (ys.max() - ys.min() + 1, xs.max() - xs.min() + 1)
        assert max(spans) >= 47
        assert row["saturation_factor"] >= 1
    notes = " ".join(report.notes)
    assert "centred: 6 of 6" in notes
    assert "saturation raised in" in notes
    about = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert about["saturation"]["boosted"] > 0


def test_transparent_pictures_stand_on_white_and_get_no_hint_outside(tmp_path: Path) -> None:
    rgb = np.full((64, 64, 3), drawings.GREEN, np.uint8)
    alpha = np.zeros((64, 64), np.uint8)
    cv2.circle(alpha, (32, 32), 20, 255, -1)
    drawings.write(tmp_path / "art" / "a.png", np.dstack([rgb, alpha]))
    build(tmp_path / "art", tmp_path / "out", recipe=Recipe(framing=Framing((64, 64)), values={"kmedoids.radius": "8"}))
    row = rows(tmp_path / "out")[0]
    colour, hints = (drawings.read(tmp_path / "out" / row[role]) for role in ("colour", "hints"))
    assert tuple(colour[0, 0]) == drawings.WHITE
    assert tuple(colour[32, 32]) == drawings.GREEN
    assert {tuple(value) for value in hints[hints[..., 3] > 0]} == {(*drawings.GREEN, 255)}


# pairs ------------------------------------------------------------------------------------------------------


def with_lines(art: Path, folder: Path, *, scale: int = 1) -> Path:
    """Line art of its own for every picture: a cross, which no extraction would find."""
    for path in art.rglob("*.png"):
        lines = np.full((72 * scale, 96 * scale), 255, np.uint8)
        lines[36 * scale : 40 * scale] = 0
        drawings.write(folder / path.relative_to(art), lines)
    return folder


def test_own_line_art_is_taken_at_any_scale(art: Path, tmp_path: Path) -> None:
    for scale in (1, 3):
        lines = with_lines(art, tmp_path / f"lines{scale}", scale=scale)
        out = tmp_path / f"out{scale}"
        assert build(art, out, lines=str(lines), strict=True).counts["done"] == 6
        for row in rows(out):
            drawn = drawings.read(out / row["lines"])
            assert (drawn[24:26] == 0).all()
            assert (drawn[:23] == 255).all()
            assert (row["line_method"], row["settings"]["lines"]) == ("own", {"method": "own"})


def test_a_missing_partner_is_listed_or_with_strict_an_error_before_work(art: Path, tmp_path: Path) -> None:
    lines = with_lines(art, tmp_path / "lines")
    (lines / "b.png").unlink()
    drawings.write(lines / "ghost.png", np.zeros((9, 9), np.uint8))
    drawings.write(lines / "c.png", np.zeros((9, 90), np.uint8))
    with pytest.raises(UsageError, match=r"3 pictures do not match; no line art has its name: b\.png; its line art"):
        build(art, tmp_path / "out", lines=str(lines), strict=True)
    assert not (tmp_path / "out").exists()
    report = build(art, tmp_path / "out", lines=str(lines))
    assert (report.counts, report.exit_code) == ({"done": 4, "skipped": 3, "failed": 0}, 0)
    reasons = {Path(record.input).name: record.reason for record in report.of("skipped")}
    assert set(reasons) == {"b.png", "c.png", "ghost.png"}
    assert "90x9, the picture 96x72" in reasons["c.png"]
    both = build(art, tmp_path / "both", lines=str(lines), recipe=Recipe(lines=("own", "adaptive")))
    assert both.counts == {"done": 6, "skipped": 1, "failed": 0}
    methods = {row["name"]: [] for row in rows(tmp_path / "both")}  # type: ignore[var-annotated]
    for row in rows(tmp_path / "both"):
        methods[row["name"]].append(row["line_method"])
    assert methods["b"] == methods["c"] == ["adaptive"]
    assert methods["a"] == ["own", "adaptive"]
    assert ["ghost.png", "no coloured picture has its name"] in json.loads(
        (tmp_path / "both" / "dataset.json").read_text()
    )["mismatches"]


@pytest.mark.parametrize("reading", ["AB", "BA"])
def test_pictures_side_by_side_are_read(art: Path, tmp_path: Path, reading: str) -> None:
    lines = np.full((72, 96, 3), 255, np.uint8)
    lines[36:40] = 0
    for path in art.glob("*.png"):
        halves = [lines, drawings.read(path)]
        drawings.write(tmp_path / "both" / path.name, np.hstack(halves if reading == "AB" else halves[::-1]))
    drawings.write(tmp_path / "both" / "odd.png", np.zeros((8, 9, 3), np.uint8))
    report = build(tmp_path / "both", tmp_path / "out", reading=reading)
    assert report.counts == {"done": 3, "skipped": 1, "failed": 0}
    build(art, tmp_path / "plain", batch={"jobs": 1})
    plain = {row["name"]: drawings.read(tmp_path / "plain" / row["colour"]) for row in rows(tmp_path / "plain")}
    for row in rows(tmp_path / "out"):
        assert (drawings.read(tmp_path / "out" / row["colour"]) == plain[row["name"]]).all()
        assert (drawings.read(tmp_path / "out" / row["lines"])[24:26] == 0).all()
    wrong = build(tmp_path / "both", tmp_path / "wrong", reading={"AB": "BA", "BA": "AB"}[reading])
    warned = [record for record in wrong.records if any("wrong way round" in text for text in record.warnings)]
    assert len(warned) == 3


def test_a_ready_corpus_keeps_its_splits_and_groups(art: Path, tmp_path: Path) -> None:
    manifest = []
    for number in range(8):
        for kind in ("color", "line"):
            drawings.write(tmp_path / "corpus" / "set" / kind / f"{number}.png", picture(number))
        split = {0: "test", 1: "val", 2: "display"}.get(number, "train")
        manifest.append({"color": f"set/color/{number}.png", "split": split, "variant_of": f"v{number // 4}"})
    (tmp_path / "corpus" / "manifest.jsonl").write_text("\n".join(map(json.dumps, manifest)))
    build(tmp_path / "corpus", tmp_path / "kept", reading="pairs", splitting=Splitting(keep=True))
    splits = {row["name"]: row["split"] for row in rows(tmp_path / "kept")}
    assert splits == {f"set/{n}": {0: "test", 1: "val", 2: "display"}.get(n, "train") for n in range(8)}
    for option in ({"group_by": "variant_of"}, {"group_pattern": "^(set)/"}):
        spread = Splitting(Shares(val=30, test=30, display=20), **option)  # type: ignore[arg-type]
        build(tmp_path / "corpus", tmp_path / str(option), reading="pairs", splitting=spread)
        found = {row["name"]: row["split"] for row in rows(tmp_path / str(option))}
        together = range(4) if "group_by" in option else range(8)
        assert len({found[f"set/{number}"] for number in together}) == 1


def test_a_limit_counts_pairs(art: Path, tmp_path: Path) -> None:
    for number in range(5):
        for kind in ("color", "line"):
            drawings.write(tmp_path / "corpus" / f"set{number}" / kind / "x.png", picture(number))
    report = build(tmp_path / "corpus", tmp_path / "out", reading="pairs", batch=LIMITED)
    assert report.counts == {"done": 2, "skipped": 0, "failed": 0}
    lines = with_lines(art, tmp_path / "lines")
    drawings.write(lines / "ghost.png", picture(0))
    assert build(art, tmp_path / "two", lines=str(lines), batch=LIMITED).counts == report.counts


def test_splits_hold_when_pictures_are_added_and_follow_the_seed(art: Path, tmp_path: Path) -> None:
    shares = Splitting(Shares(val=30, test=30))
    build(art / "deep", tmp_path / "few", splitting=shares)
    for number in range(6, 20):
        drawings.write(art / "deep" / f"more{number}.png", picture(number))
    build(art / "deep", tmp_path / "many", splitting=shares)
    few = {row["name"]: row["split"] for row in rows(tmp_path / "few")}
    many = {row["name"]: row["split"] for row in rows(tmp_path / "many")}
    assert few == {name: many[name] for name in few}
    assert set(many.values()) == {"train", "val", "test"}
    build(art / "deep", tmp_path / "other", splitting=shares, batch={"seed": 9})
    assert many != {row["name"]: row["split"] for row in rows(tmp_path / "other")}


# what is left out -------------------------------------------------------------------------------------------


def test_duplicates_and_dull_pictures_are_left_out_and_said(art: Path, tmp_path: Path) -> None:
    copy = drawings.read(art / "a.png")
    drawings.write(art / "a-copy.png", cv2.resize(copy, (192, 144)))  # type: ignore[arg-type]
    grey = np.repeat(drawings.read(art / "b.png").mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    drawings.write(art / "grey.png", np.rot90(grey).copy())
    (art / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    report = build(art, out, curation=Curation(drop_duplicates=True, drop_dull=15))
    assert report.counts == {"done": 6, "skipped": 2, "failed": 1}
    reasons = {Path(record.input).name: record.reason for record in report.records if record.reason}
    assert reasons["a.png"] == "nearly the same as a-copy.png"
    assert "least colourful" in reasons["grey.png"]
    assert "it is not a picture" in reasons["broken.png"]
    assert {row["name"] for row in rows(out)} == {"a-copy", "b", "c", "deep/a", "deep/d", "deep/e"}
    assert json.loads((out / "dataset.json").read_text())["left_out"]["near_duplicates"] == 1
    assert any(note.startswith("near-duplicates: 1 of 8") for note in report.notes)
    again = build(art, out, curation=Curation(drop_duplicates=True, drop_dull=15))
    assert again.counts == {"done": 0, "skipped": 8, "failed": 1}


# layouts ----------------------------------------------------------------------------------------------------


def test_aligned_pictures_hold_input_and_target_side_by_side(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "own")
    build(art, tmp_path / "ab", storing=Storing("aligned"))
    build(art, tmp_path / "lines", storing=Storing("aligned", "lines"))
    own = {row["name"]: row for row in rows(tmp_path / "own")}
    for row in rows(tmp_path / "ab"):
        assert row["pair"] == f"{row['split']}/{row['name']}.png"
        both = drawings.read(tmp_path / "ab" / row["pair"])
        assert (both[:, :48] == drawings.read(tmp_path / "own" / own[row["name"]]["composite"])).all()
        assert (both[:, 48:] == drawings.read(tmp_path / "own" / own[row["name"]]["colour"])).all()
    for row in rows(tmp_path / "lines"):
        left = drawings.read(tmp_path / "lines" / row["pair"])[:, :48]
        assert (left == drawings.read(tmp_path / "own" / own[row["name"]]["lines"])[..., None]).all()
    with pytest.raises(UsageError, match="for other programs"):
        open_dataset(tmp_path / "ab")


def test_unaligned_folders_and_reading_them_again(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "own", recipe=Recipe(lines=("adaptive",)))
    build(art, tmp_path / "un", storing=Storing("unaligned", "lines"))
    names = {name for name in content(tmp_path / "un") if name.endswith(".png")}
    own = rows(tmp_path / "own")
    assert names == {f"{row['split']}{side}/{row['name']}.png" for row in own for side in "AB"}
    back = build(
        tmp_path / "un", tmp_path / "back", reading="pairs", strict=True, splitting=Splitting(keep=True),
        recipe=Recipe(framing=Framing(None)),
    )  # fmt: skip
    assert back.counts["done"] == 6
    found = {row["name"].partition("/")[2]: row for row in rows(tmp_path / "back")}
    for row in own:
        again = found[row["name"]]
        assert again["split"] == row["split"]
        assert (
            drawings.read(tmp_path / "back" / again["colour"]) == drawings.read(tmp_path / "own" / row["colour"])
        ).all()


def samples_in(folder: Path, split: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Read shards as WebDataset does: members with one key, up to the first dot, are one sample."""
    for shard in sorted(folder.glob(f"{split}-*.tar")):
        found: dict[str, dict[str, bytes]] = {}
        with tarfile.open(shard) as archive:
            for member in archive:
                folders, _, last = member.name.rpartition("/")
                key, _, field = last.partition(".")
                data = archive.extractfile(member)
                assert data is not None
                found.setdefault(f"{folders}/{key}", {})[field] = data.read()
        yield from found.items()


def test_shards_hold_every_sample_once_with_its_licence(art: Path, tmp_path: Path) -> None:
    drawings.write(art / "v1.2.png", picture(8))
    (art / "v1.2.json").write_text('{"licence": "MIT"}')
    build(art, tmp_path / "own", recipe=Recipe(hints=("points",), draws=2))
    storing = Storing("webdataset", shard_size=3)
    options = {"storing": storing, "recipe": Recipe(hints=("points",), draws=2)}
    assert build(art, tmp_path / "wds", **options).exit_code == 0
    expected = {(row["name"], row["hint_method"]): row for row in rows(tmp_path / "own")}
    seen = {}
    for split in SPLITS:
        for _, fields in samples_in(tmp_path / "wds", split):
            assert set(fields) == {"colour.png", "lines.png", "hints.png", "composite.png", "json"}
            row = json.loads(fields["json"])
            seen[row["name"], row["hint_method"]] = row
            twin = expected[row["name"], row["hint_method"]]
            assert row["split"] == twin["split"] == split
            for role in ("colour", "lines", "hints", "composite"):
                assert fields[f"{role}.png"] == (tmp_path / "own" / twin[role]).read_bytes()
    assert set(seen) == set(expected)
    assert seen["v1.2", "points"]["licence"] == "MIT"
    manifest = rows(tmp_path / "wds")
    for row in manifest:
        with tarfile.open(tmp_path / "wds" / row["shard"]) as archive:
            assert f"{row['key']}.colour.png" in archive.getnames()
    assert len({row["key"] for row in manifest}) == 14
    assert all(
        len([row for row in manifest if row["shard"] == shard]) <= 3 for shard in {row["shard"] for row in manifest}
    )
    before = content(tmp_path / "wds")
    assert build(art, tmp_path / "wds", **options).counts["skipped"] == 7
    assert content(tmp_path / "wds") == before


# again and again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storing", [Storing(), Storing("webdataset", shard_size=4)])
def test_workers_change_no_byte_and_nothing_is_made_twice(art: Path, tmp_path: Path, storing: Storing) -> None:
    options: dict[str, Any] = {
        "recipe": Recipe(hints=("strokes", "points"), draws=2, saturation_boost=0.5),
        "curation": Curation(drop_duplicates=True, drop_dull=20),
        "storing": storing,
    }
    build(art, tmp_path / "one", **options)
    build(art, tmp_path / "two", batch={"jobs": 2}, **options)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.png")}
    again = build(art, tmp_path / "one", **options)
    assert (again.counts["done"], again.counts["failed"]) == (0, 0)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.png")}
    drawings.write(art / "a.png", picture(77))
    assert build(art, tmp_path / "one", **options).counts["done"] <= 2  # a.png, and what its place among the dull frees


class Interrupting:
    """Presses Ctrl-C after two pictures."""

    def __init__(self) -> None:
        self.seen = 0

    def started(self, total: int) -> None:
        self.total = total

    def recorded(self, record: Record) -> None:
        self.seen += 1
        if self.seen == 2:
            raise KeyboardInterrupt


def test_an_interrupted_build_is_no_dataset_until_it_is_run_again(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = build(art, out, observer=Interrupting())
    assert report.exit_code == 130
    with pytest.raises(UsageError, match="is not finished"):
        open_dataset(out)
    again = build(art, out)
    assert 0 < again.counts["skipped"] < 6
    build(art, tmp_path / "undisturbed")
    assert content(out) == content(tmp_path / "undisturbed")


def test_an_interrupt_while_measuring_stops_all(art: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.core.data.curation.picture_hash", interrupted)
    report = build(art, tmp_path / "out", curation=Curation(drop_duplicates=True))
    assert report.exit_code == 130
    assert report.counts == {"done": 0, "skipped": 6, "failed": 0}
    assert content(tmp_path / "out") == {}


def test_a_dry_run_writes_nothing(art: Path, tmp_path: Path) -> None:
    report = build(art, tmp_path / "out", batch={"dry_run": True}, curation=Curation(drop_dull=50))
    assert report.counts["done"] == 6
    assert "measures nothing" in report.notes[0]
    assert not (tmp_path / "out").exists()


def test_an_unreadable_picture_is_a_row_and_no_part_of_the_dataset(art: Path, tmp_path: Path) -> None:
    (art / "b.png").write_bytes((art / "b.png").read_bytes()[:100])
    report = build(art, tmp_path / "out")
    assert report.counts == {"done": 5, "skipped": 0, "failed": 1}
    assert "b" not in {row["name"] for row in rows(tmp_path / "out")}
    open_dataset(tmp_path / "out")


def test_pictures_that_went_leave_the_manifest_and_on_demand_the_folder(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(art, out)
    (out / "notes.txt").write_text("mine")
    build(art / "deep", tmp_path / "fresh")
    kept = build(art / "deep", out)
    assert {row["name"] for row in rows(out)} == {"a", "d", "e"}
    assert any("no longer part of the dataset: --prune" in note for note in kept.notes)
    assert len(list(out.rglob("c.png"))) == 4
    build(art / "deep", out, storing=Storing(prune=True))
    expected = {**content(tmp_path / "fresh"), "notes.txt": b"mine"}
    assert content(out) == expected


def test_a_folder_that_holds_something_else_is_left_alone(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.jsonl").write_text("precious\n")
    with pytest.raises(UsageError, match="is in the way"):
        build(art, out)
    assert content(out) == {"manifest.jsonl": b"precious\n"}
    (out / "manifest.jsonl").unlink()
    drawings.write(out / "train" / "colour" / "a.png", picture(1))
    precious = content(out)
    report = build(art, out)
    failed = {Path(record.input).name for record in report.of("failed")}
    assert failed <= {"a.png"}
    assert all(content(out)[name] == data for name, data in precious.items())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recipe": Recipe(lines=("own",))}, "no line art of their own"),
        ({"recipe": Recipe(lines=("adaptiv",))}, "Did you mean 'adaptive'"),
        ({"recipe": Recipe(hints=("kmedoid",))}, "Did you mean 'kmedoids'"),
        ({"recipe": Recipe(values={"adaptiv.window": 1})}, "no method that is used"),
        ({"recipe": Recipe(draws=0)}, "make no hints"),
        ({"reading": "AB", "lines": "lines"}, "contradict"),
        ({"lines": "nowhere"}, "does not exist"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(
    art: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        build(art, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_outputs_and_patterns_that_make_no_sense_are_refused(art: Path, tmp_path: Path) -> None:
    for output in ("-", str(tmp_path / "a.png")):
        with pytest.raises(UsageError):
            build_dataset([str(art / "a.png")], output)
    with pytest.raises(UsageError, match="both input and output"):
        build(art, art)
    with pytest.raises(SettingsError, match="is not a regular expression"):
        Splitting(group_pattern="(")
    drawings.write(art / "a.jpg.png", picture(5))
    (art / "a.jpg.png").rename(art / "a.webp")
    with pytest.raises(UsageError, match="would both become"):
        build(art, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert build(art, tmp_path / "out", batch={"keep_extension": True}).counts["done"] == 7


def test_the_manifest_is_plain_json_whatever_the_names(tmp_path: Path) -> None:
    for name in ("gr\u00fcn \u2603", "two\nlines", 'quo"te'):
        drawings.write(tmp_path / "art" / f"{name}.png", picture(3))
    build(tmp_path / "art", tmp_path / "out")
    text = (tmp_path / "out" / "manifest.jsonl").read_bytes()
    assert len(text.splitlines()) == 3
    assert text.isascii()
    read = open_dataset(tmp_path / "out")
    found = [sample for split in SPLITS for sample in read.samples[split]]
    assert {sample.name for sample in found} == {"gr\u00fcn \u2603", "two\nlines", 'quo"te'}
    assert all(read.load(sample).colour.shape == (48, 48, 3) for sample in found)


# the command ------------------------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Any]]:
    """Run `build-dataset` as the command line does; gives the JSON summary."""
    for name in [name for name in os.environ if name.startswith("COLORIZE_CLI_")]:
        monkeypatch.delenv(name)
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(lambda: None)
    command_of.add_to(app)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)], threading.excepthook

    def run(*arguments: object) -> Any:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            app(["build-dataset", *map(str, arguments), "-j", "1", "--json"])
        summary = json.loads(capfd.readouterr().out)
        assert summary["exit_code"] == left.value.code
        return summary

    yield run
    for number, handler in zip((signal.SIGTERM, signal.SIGINT), before[0], strict=True):
        signal.signal(number, handler)
    threading.excepthook = before[1]


def test_the_command_hands_its_options_on(art: Path, tmp_path: Path, command: Callable[..., Any]) -> None:
    options = (
        "--size 40x30 --fit crop --pad 102030 --centre fill --margin 0.2 --line-method adaptive --hint-method points"
    )
    more = "--draws 2 --saturation-boost 0.3 --drop-duplicates --duplicate-bits 3 --drop-dull 20"
    rest = "--least-colourfulness 2 --val 5 --test 6 --display 7 --keep-split --group ^x --group-by variant_of --prune"
    last = "--layout aligned --domain-a lines --seed 4"
    words = f"{options} {more} {rest} {last}".split()
    settings = command(art, "-o", tmp_path / "out", *words)["settings"]
    assert settings["framing"] == {
        "size": [40, 30],
        "fit": "crop",
        "centre": "fill",
        "margin": 0.2,
        "pad": [16, 32, 48],
    }
    assert [kind["label"] for kind in settings["hints"]] == ["points", "points-1"]
    assert (settings["saturation_boost"], settings["seed"]) == (0.3, 4)
    assert (
        settings["curation"] | {"drop_duplicates": True, "duplicate_bits": 3, "drop_dull": 20} == settings["curation"]
    )
    assert settings["splitting"] == {
        "shares": {"val": 5, "test": 6, "display": 7},
        "keep": True,
        "group_pattern": "^x",
        "group_by": "variant_of",
    }
    assert settings["place"] == {"layout": "aligned", "domain": "lines", "several": True}


def test_settings_of_methods_come_from_the_file_and_from_set(
    art: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        "[build-dataset]\nsize = '48'\n[build-dataset.settings.kmedoids]\nhints = '3..5'\nmax_points = 60\n"
    )
    summary = command(art, "-o", tmp_path / "out", "--settings", file, "--set", "kmedoids.max_points=70")
    (kind,) = summary["settings"]["hints"]
    assert kind["ranges"] == [["hints", 3, 5]]
    assert kind["params"]["max_points"] == 70
    assert summary["done"] == 6


def test_the_command_reads_pairs_and_refuses_mismatches(art: Path, tmp_path: Path, command: Callable[..., Any]) -> None:
    lines = with_lines(art, tmp_path / "lines")
    assert command(art, "-o", tmp_path / "out", "--lines", lines, "--strict", "--size", 32)["done"] == 6
    (lines / "a.png").unlink()
    with pytest.raises(UsageError, match="1 picture does not match"):
        command(art, "-o", tmp_path / "other", "--lines", lines, "--strict")
