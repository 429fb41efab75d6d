"""The recipe of the shipped weights on a tiny corpus drawn here: what goes in, what comes out, going on when killed."""

import importlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipelines.core.errors import UsageError
from pipelines.inference.checkpoint import load_checkpoint
from pipelines.inference.checkpoint_info import SHIPPED

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))
shipped_model = importlib.import_module("shipped_model")

SIZE = 64
SETS = {  # set -> kind, licence, shippable
    "heads": ("pair", "CC BY 4.0", True),
    "robots": ("pair", "CC BY 3.0 or CC BY 4.0", True),
    "beasts": ("color", "CC0 1.0", True),
    "alike": ("pair", "CC BY-SA 4.0", False),
    "free": ("color", "GPL-2.0-or-later", False),
}
TINY = [f"--{name}={value}" for name, value in (("size", SIZE), ("monsters", 10), ("steps", 2), ("device", "cpu"))]
TINY += [f"--set={value}" for value in ("width=8", "tokens=16", "layers=1")]


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def draw_corpus(folder: Path) -> Path:
    """Four discs of each set: two to train on, one to validate, one to test."""
    rows, rng = [], np.random.default_rng(0)
    for name, (kind, licence, shippable) in SETS.items():
        for number, split in enumerate(("train", "train", "val", "test")):
            row = {"set": name, "name": f"{name}_{number}", "color": f"{name}/color/{name}_{number}.png"}
            row |= {"split": split, "kind": kind, "licence": licence, "shippable": shippable, "author": "A"}
            lines = np.full((SIZE, SIZE, 3), 255, np.uint8)
            cv2.circle(lines, (32, 30), 12 + 4 * number, (0, 0, 0), 2)
            colour = lines.copy()
            cv2.circle(colour, (32, 30), 11 + 4 * number, rng.integers(0, 255, 3).tolist(), -1)
            save(folder / row["color"], colour)
            if kind == "pair":
                row["line"] = f"{name}/line/{name}_{number}.png"
                save(folder / row["line"], lines)
            rows.append(row)
    write_rows(folder / "manifest.jsonl", rows)
    return folder


def write_rows(manifest: Path, rows: list[dict[str, object]]) -> None:
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))


def rows_of(manifest: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".colorize-cli" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(autouse=True)
def threads_as_they_were():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def made(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after the whole recipe."""
    work = tmp_path_factory.mktemp("made") / "work"
    before = torch.get_num_threads()
    shipped_model.main(["--corpus", str(corpus), "--work", str(work), *TINY])
    torch.set_num_threads(before)
    return work


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    shutil.copytree(made, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def recipe(work: Path) -> object:
    return shipped_model.Recipe(work, steps=2, size=SIZE, monsters=10, device="cpu")


# what goes in -----------------------------------------------------------------------------------------------


def test_only_shippable_pictures_for_training_and_validation_go_in(made: Path) -> None:
    for name, sets in (("pairs", {"heads", "robots"}), ("colour", {"beasts"})):
        pictures = [path.relative_to(made / "pictures" / name) for path in (made / "pictures" / name).rglob("*.png")]
        assert {path.parts[0] for path in pictures} == sets
        assert {path.stem[-1] for path in pictures} == {"0", "1", "2"}
        rows = rows_of(made / "datasets" / name / "manifest.jsonl")
        assert {row["credit"]["set"] for row in rows} == sets
        assert {row["split"] for row in rows} == {"train", "val"}


def test_pictures_per_set_are_counted(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setattr(shipped_model, "draw", lambda recipe: sys.exit("far enough"))
    with pytest.raises(SystemExit, match="far enough"):
        shipped_model.prepare(recipe(tmp_path), corpus)
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [
        "beasts (CC0 1.0): 2 train, 1 val",
        "heads (CC BY 4.0): 2 train, 1 val",
        "robots (CC BY 3.0 or CC BY 4.0): 2 train, 1 val",
    ]


def test_monsters_are_drawn_in_every_style_whole_and_with_gaps(made: Path) -> None:
    names = {
        path.relative_to(made / "pictures/monsters").as_posix() for path in made.glob("pictures/monsters/**/*.png")
    }
    kinds = [f"{kind}-{style}" for kind in ("mon", "mong") for style in ("ink", "thick", "thin", "pencil", "coloured")]
    assert names == {f"{kind}/{side}/monster_000.png" for kind in kinds for side in ("color", "line")}


@pytest.mark.parametrize("change", [{"licence": "CC BY-SA 4.0"}, {"licence": "CC BY-NC 4.0"}, {"shippable": "yes"}])
def test_a_row_that_only_says_it_is_shippable_is_refused(corpus: Path, tmp_path: Path, change: dict[str, str]) -> None:
    rows = rows_of(corpus / "manifest.jsonl")
    rows[1] |= change
    write_rows(tmp_path / "manifest.jsonl", rows)
    with pytest.raises(UsageError, match=r"heads/heads_1 is not shippable"):
        shipped_model.choose(tmp_path, "pair")


@pytest.mark.parametrize("step", ["train", "pack"])
def test_a_dataset_with_a_picture_that_is_not_shippable_is_refused(copied: Path, step: str) -> None:
    manifest = copied / "datasets/pairs/manifest.jsonl"
    rows = rows_of(manifest)
    rows[0]["credit"]["shippable"] = False
    write_rows(manifest, rows)
    with pytest.raises(SystemExit, match="heads/heads_0 is not shippable"):
        shipped_model.main(["--work", str(copied), "--only", step, *TINY])


def test_pictures_of_others_among_the_monsters_are_refused(copied: Path) -> None:
    manifest = copied / "datasets/monsters/manifest.jsonl"
    rows = rows_of(manifest)
    rows[0]["name"] = "found/monster_000"
    write_rows(manifest, rows)
    with pytest.raises(UsageError, match="found/monster_000 is not shippable"):
        shipped_model.check_datasets(recipe(copied))


def test_a_corpus_without_a_manifest_and_another_size_are_refused(made: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest\.jsonl"):
        shipped_model.choose(tmp_path, "pair")
    other = shipped_model.Recipe(made, size=128, monsters=10)
    with pytest.raises(UsageError, match="was prepared with"):
        shipped_model.prepare(other, corpus)


# what comes out ---------------------------------------------------------------------------------------------


def test_the_packed_model_is_the_best_of_the_run_in_half_precision(made: Path) -> None:
    packed, card = load_checkpoint(made / "fillnet")
    best, of_run = load_checkpoint(made / "run")
    assert (card.model, card.step, card.figures) == ("fillnet", of_run.step, of_run.figures)
    assert card.params["width"] == 8 and card.params["size"] == SIZE
    assert "Apache-2.0" in card.note and "docs/model-card.md" in card.note
    wanted = best.state_dict()
    assert packed.state_dict().keys() == wanted.keys()
    for name, tensor in packed.state_dict().items():
        rounded = wanted[name].half().to(wanted[name].dtype) if tensor.is_floating_point() else wanted[name]
        assert torch.equal(tensor, rounded), name


def test_the_packed_folder_holds_half_precision_and_no_training_state(made: Path) -> None:
    assert {path.name for path in (made / "fillnet").iterdir()} == {"model.json", "weights.safetensors"}
    stored = load_file(made / "fillnet/weights.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16, torch.int64}


def test_it_is_installed_where_the_toolkit_looks_for_it(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(shipped_model, "_ROOT", tmp_path)
    shipped_model.main(["--work", str(made), "--only", "pack", "--install"])
    assert content(tmp_path / SHIPPED.relative_to(ROOT) / "fillnet") == content(made / "fillnet")


def test_weights_that_do_not_fit_are_refused(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="a does not fit into half precision"):
        shipped_model.halved({"a": torch.tensor([1.0, 1e5])})
    monkeypatch.setattr(shipped_model, "LARGEST", 1000)
    with pytest.raises(UsageError, match="more than 1,000"):
        shipped_model.pack(recipe(made), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_is_not_overwritten(made: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="has other things"):
        shipped_model.pack(recipe(made), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_run_of_other_datasets_is_not_packed(copied: Path) -> None:
    about = copied / "run/run.json"
    known = json.loads(about.read_text())
    known["datasets"][0] = "0" * 64
    about.write_text(json.dumps(known))
    with pytest.raises(UsageError, match="has learned from other datasets"):
        shipped_model.pack(recipe(copied), copied / "fillnet")


# going on ---------------------------------------------------------------------------------------------------


def test_the_same_command_again_changes_nothing(corpus: Path, copied: Path) -> None:
    before = content(copied)
    shipped_model.main(["--corpus", str(corpus), "--work", str(copied), *TINY])
    assert content(copied) == before


def test_stopped_while_drawing_it_goes_on_to_the_same_datasets(
    corpus: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, drawn = shipped_model.monsters.write, []

    def killed(*arguments: object) -> None:
        drawn.append(arguments)
        whole(*arguments)
        if len(drawn) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(shipped_model.monsters, "write", killed)
    command = ["--corpus", str(corpus), "--work", str(tmp_path / "work"), "--only", "prepare", *TINY]
    with pytest.raises(KeyboardInterrupt):
        shipped_model.main(command)
    left = {path.name for path in (tmp_path / "work/pictures/monsters").iterdir()}
    assert left == {"mon-ink", "mon-thick", "mon-thin"}, "a folder is whole or not there"
    shipped_model.main(command)
    assert len(drawn) == 4 + 7
    assert content(tmp_path / "work/datasets") == content(made / "datasets")


def test_links_follow_the_manifest(corpus: Path, tmp_path: Path) -> None:
    rows = shipped_model.choose(corpus, "pair")
    shipped_model.link(rows, corpus, tmp_path / "in")
    first = tmp_path / "in" / rows[0]["color"]
    first.unlink()
    first.symlink_to(corpus / rows[1]["color"])
    shipped_model.link(rows[:-1], corpus, tmp_path / "in")
    assert first.resolve() == (corpus / rows[0]["color"]).resolve()
    assert not (tmp_path / "in" / rows[-1]["color"]).is_symlink()
    assert rows_of(tmp_path / "in/manifest.jsonl") == rows[:-1]


# the card ---------------------------------------------------------------------------------------------------


@pytest.mark.corpus
@pytest.mark.skipif("COLORIZE_CLI_CORPUS" not in os.environ, reason="needs the picture corpus")
def test_the_model_card_counts_what_the_manifest_holds() -> None:
    corpus = Path(os.environ["COLORIZE_CLI_CORPUS"])
    rows = [row for kind in ("pair", "color") for row in shipped_model.choose(corpus, kind)]
    table = re.findall(r"^\| ([a-z-]+)\*? \|.*\| (\d+) \| (\d+) \|$", (ROOT / "docs/model-card.md").read_text(), re.M)
    counted = {name: [0, 0] for name in {row["set"] for row in rows}}
    for row in rows:
        counted[row["set"]][row["split"] == "val"] += 1
    assert {name: [int(train), int(val)] for name, train, val in table} == counted
