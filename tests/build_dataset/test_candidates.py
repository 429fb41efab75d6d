"""What becomes of each picture that was found."""

import json
import pickle
from pathlib import Path, PurePosixPath

import pytest

from pipelines.build_dataset import Splitting
from pipelines.build_dataset.candidates import Candidate, choose_split, job_of
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.layout import DatasetLayout
from pipelines.core.data.pairing import Pair
from pipelines.core.data.splits import Shares, split_of
from tests import drawings
from tests.build_dataset.corpora import build, picture, rows


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


def split_for(folder: Path, name: str, splitting: Splitting) -> str:
    pair = Pair(PurePosixPath(f"{name}.png"), folder / f"{name}.png")
    return choose_split(pair, name, splitting, seed=3, attributions=Attributions())


def test_a_sidecar_goes_before_a_folder_and_both_before_chance_where_they_count(tmp_path: Path) -> None:
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "a.json").write_text('{"split": "test"}')
    everything = Splitting(Shares(val=0, test=0, display=100), keep=True)
    assert split_for(tmp_path, "val/a", everything) == "test"
    assert split_for(tmp_path, "val/b", everything) == "val"
    assert split_for(tmp_path, "c", everything) == "display"
    assert split_for(tmp_path, "val/a", Splitting(Shares(val=0, test=0, display=100))) == "display"


def test_groups_are_split_by_what_they_share(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"artist": "Ann", "series": 7}')
    shares = Shares(val=30, test=30, display=20)
    assert split_for(tmp_path, "a", Splitting(shares, group_by="series")) == split_of("7", 3, shares)
    assert split_for(tmp_path, "b_9", Splitting(shares, group_by="series")) == split_of("b_9", 3, shares)
    assert split_for(tmp_path, "b_9", Splitting(shares, group_pattern="^[^_]+")) == split_of("b", 3, shares)
    assert split_for(tmp_path, "b_9", Splitting(shares, group_pattern="(b)_(9)")) == split_of("9", 3, shares)
    assert split_for(tmp_path, "c", Splitting(shares, group_pattern="_")) == split_of("c", 3, shares)


def test_the_outputs_of_a_job_are_worked_out_anew_each_time_and_travel_to_workers(tmp_path: Path) -> None:
    pair = Pair(PurePosixPath("deep/a.jpg"), tmp_path / "deep" / "a.jpg", tmp_path / "ink" / "a.png")
    candidate = Candidate(pair, "deep/a", ("own",), "val", "")
    job = job_of(candidate, DatasetLayout(), ("points", "points-1"), folder=tmp_path / "out")
    outputs = [path.relative_to(tmp_path / "out").as_posix() for path in job.outputs if path is not None]
    assert outputs[:3] == [".colorize-cli/rows/deep/a.json", "val/colour/deep/a.png", "val/lines/own/deep/a.png"]
    assert len(outputs) == 1 + 1 + 1 + 2 + 2
    assert list(job.outputs) == list(job.outputs) == list(pickle.loads(pickle.dumps(job)).outputs)
    assert dict(job.reads) == {"picture": pair.picture, "lines": pair.lines}


@pytest.mark.parametrize("inputs", [["art"], ["art/train", "art/Valid"]])
def test_folders_of_splits_are_kept_or_named(tmp_path: Path, inputs: list[str]) -> None:
    for number in range(6):
        drawings.write(tmp_path / "art" / ("train" if number < 4 else "Valid") / f"p{number}.png", picture(number))
    places = [str(tmp_path / place) for place in inputs]
    report = build(places, tmp_path / "out")
    assert "folders name splits (4 in train, 2 in val), but" in " ".join(report.notes)
    assert "--keep-split" in " ".join(report.notes)
    kept = build(places, tmp_path / "kept", splitting=Splitting(keep=True))
    assert not any("folders name splits" in note for note in kept.notes)
    splits = {PurePosixPath(row["name"]).name: row["split"] for row in rows(tmp_path / "kept")}
    assert splits == {f"p{number}": "train" if number < 4 else "val" for number in range(6)}


def test_an_input_that_is_called_like_a_split_is_no_matter(art: Path, tmp_path: Path) -> None:
    art.rename(tmp_path / "test")
    assert not any("folders name" in note for note in build(tmp_path / "test", tmp_path / "out").notes)
