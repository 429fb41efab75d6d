"""What a dataset says of itself, and the forms in which it lies on disk."""

import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipelines.build_dataset import Recipe, Splitting, Storing
from pipelines.build_dataset.candidates import Candidate
from pipelines.build_dataset.manifest import ShardInputs, Tally, group_into_shards
from pipelines.core.data.manifest import open_dataset, write_rows
from pipelines.core.data.pairing import Pair
from pipelines.core.data.splits import SPLITS
from pipelines.core.errors import UsageError
from pipelines.core.imaging.framing import Framing
from tests import drawings
from tests.build_dataset.corpora import QUICK, build, content, picture, rows


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


def candidate(name: str, split: str = "train", lines: tuple[str, ...] = ("adaptive",)) -> Candidate:
    return Candidate(Pair(PurePosixPath(f"{name}.png"), Path(f"{name}.png")), name, lines, split, "")


def test_shards_are_full_but_for_the_last_of_a_split_and_mix_the_pictures() -> None:
    pictures = [candidate(f"p{number}", "val" if number % 3 == 0 else "train") for number in range(30)]
    shards = group_into_shards(pictures, ("points", "strokes"), 7)
    members = [sample for samples in shards.values() for sample in samples]
    assert sorted(members) == [(index, number) for index in range(30) for number in range(2)]
    assert [len(samples) for name, samples in shards.items() if name.startswith("train")] == [7, 7, 7, 7, 7, 5]
    assert [len(samples) for name, samples in shards.items() if name.startswith("val")] == [7, 7, 6]
    assert next(iter(shards)) == "train-000000.tar"
    assert len({index for index, _ in shards["train-000000.tar"]}) > 3, "samples of one picture lie apart"
    renamed = group_into_shards(list(reversed(pictures)), ("points", "strokes"), 7)
    names = {name: [(pictures[index].name, number) for index, number in samples] for name, samples in shards.items()}
    assert names == {
        name: [(pictures[29 - index].name, number) for index, number in samples] for name, samples in renamed.items()
    }, "the order in which pictures are found makes no difference"


def test_a_shard_reads_its_rows_and_then_the_files_that_they_name(tmp_path: Path) -> None:
    rows_file = ".colorize-cli/shards/val-000000.tar.jsonl"
    row = {"shard": "val-000000.tar", "key": "a+own+points", "name": "a", "split": "val"}
    write_rows(tmp_path, rows_file, [{**row, "line_method": "own", "hint_method": "points"}])
    files = {name: path.relative_to(tmp_path).as_posix() for name, path in ShardInputs(tmp_path, "val-000000.tar")}
    parts = ".colorize-cli/parts/val"
    assert files == {
        "rows": rows_file,
        "a+own+points/colour": f"{parts}/colour/a.png",
        "a+own+points/lines": f"{parts}/lines/own/a.png",
        "a+own+points/hints": f"{parts}/hints/points/a.png",
        "a+own+points/composite": f"{parts}/composite/own+points/a.png",
    }


def test_pictures_are_counted_once_whatever_their_samples() -> None:
    def row(name: str, split: str, factor: float, licence: str | None) -> dict[str, Any]:
        return {"name": name, "split": split, "licence": licence, "figure": True, "saturation_factor": factor}

    passing = [row("a", "train", 1.5, "CC0"), row("b", "val", 1.0, None), row("a", "train", 1.5, "CC0")]
    passing.append(row("c", "train", 1.25, None))
    tally = Tally()
    assert list(tally.counted(passing)) == passing
    assert tally.as_json() == {
        "pictures": {"train": 2, "val": 1, "test": 0, "display": 0},
        "samples": {"train": 3, "val": 1, "test": 0, "display": 0},
        "licences": {"CC0": 1, "not known": 2},
        "saturation": {"boosted": 2, "mean_factor": 1.375, "greatest_factor": 1.5},
    }
    assert Tally().as_json()["saturation"] == {"boosted": 0, "mean_factor": None, "greatest_factor": None}
