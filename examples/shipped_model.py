"""Make the weights that come with the toolkit: pictures with free licences -> datasets -> a run -> a folder to ship.

    python examples/shipped_model.py --corpus DIR --work DIR                everything, 96 minutes of it training
    python examples/shipped_model.py --corpus DIR --work DIR --only train   one step: prepare, train or pack
    python examples/shipped_model.py --work DIR --only pack --install       into pipelines/models/_shipped

CORPUS/manifest.jsonl has a line a picture: set, color, line, split, kind, licence, author, shippable. Whatever is done
already is skipped, so the same command goes on where it was stopped, however. In WORK:

pictures/   links to the corpus's shippable pictures for training and validation, and monsters drawn by monsters.py
datasets/   what colorize-cli build-dataset makes of each of them
run/        what colorize-cli train makes of the datasets
fillnet/    the best checkpoint of the run in half precision, without training state

docs/model-card.md says what went in and what came out.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import monsters

from colorize_cli.app import main as colorize_cli
from pipelines.core.errors import ColorizeError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

Row = dict[str, Any]  # a line of a manifest

LICENCES = ("CC0 1.0", "CC BY 3.0", "CC BY 4.0", "MIT")
"""Those that let anyone use what is made of the pictures, with credit."""

LARGEST = 16_000_000  # bytes of weights that may be shipped
NOTE = "Apache-2.0. Trained on pictures under CC0, CC BY and MIT; credits and limits are in docs/model-card.md."
STEPS = ("prepare", "train", "pack")
STYLES = ("ink", "thick", "thin", "pencil", "coloured")  # of the monsters' lines, in the order of their seeds
_GAPPED = "mong"
_SEEDS = {"mon": 40, _GAPPED: 60}  # of the first style's monsters, whole and with gaps
_WITH_GAPS = 15  # % of the monsters of a style, rounded up
_ALL = ("--hint-method", "kmedoids:fills")
_DATASETS = {  # what each is built with, in the order in which training takes them
    "pairs": ("--read", "pairs", "--keep-split", "--line-method", "own", "--line-method", "adaptive", *_ALL),
    "colour": ("--keep-split", "--line-method", "adaptive", "--line-method", "xdog", *_ALL),
    "monsters": ("--read", "pairs", "--line-method", "own", "--val", 3, "--test", 0, *_ALL),
}
_KINDS = {"pairs": "pair", "colour": "color"}  # what the corpus calls what is in a dataset
_OURS = "monsters"  # the dataset that has no credits: nobody else drew these
_TRAINING = ("--workers", 1, "--log-every", 50, "--validate-every", 500, "--validate-pictures", 96, "--cache-gb", 4)
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Recipe:
    """What is made, and where."""

    work: Path
    minutes: float = 96.0  # of training
    steps: int | None = None  # of training at most
    threads: int = 1  # that compute; the last bits of a run depend on it
    device: str = "auto"
    size: int = 256  # px: side of the pictures
    monsters: int = 1000  # of all styles together
    values: tuple[str, ...] = ()  # NAME=VALUE, settings of the network

    def pictures(self, name: str) -> Path:
        """Where the pictures of a dataset lie."""
        return self.work / "pictures" / name

    def dataset(self, name: str) -> Path:
        """Where a dataset lies."""
        return self.work / "datasets" / name


# pictures ---------------------------------------------------------------------------------------------------


def check_shippable(row: Mapping[str, Any], *, source: Path) -> None:
    """Raise UsageError for a picture that may not go into weights that are shipped."""
    licence = str(row.get("licence", "none"))
    allowed = all(part in LICENCES for part in licence.split(" or "))
    if row.get("shippable") is not True or not allowed:
        raise UsageError(
            f"{source}: {row.get('set')}/{row.get('name')} is not shippable (licence: {licence})",
            hint=f"Leave it out: weights that are shipped see only {', '.join(LICENCES)}, marked 'shippable': true",
        )


def choose(corpus: Path, kind: str) -> list[Row]:
    """The shippable pictures of a kind for training and validation; raises UsageError where a licence forbids it."""
    manifest = corpus / "manifest.jsonl"
    if not manifest.is_file():
        raise UsageError(f"{corpus} has no manifest.jsonl", hint="Give the picture corpus: --corpus DIR")
    wanted = [row for row in _rows(manifest) if row["kind"] == kind and row["split"] in ("train", "val")]
    chosen = [row for row in wanted if row["shippable"]]
    for row in chosen:
        check_shippable(row, source=manifest)
    return chosen


def link(rows: Iterable[Row], corpus: Path, folder: Path) -> None:
    """Have links to the pictures of these rows in a folder, and no others; their manifest is written last."""
    rows = list(rows)
    sides = {"pair": ("color", "line"), "color": ("color",)}
    names = {row[side] for row in rows for side in sides[row["kind"]]}
    for path in [path for path in folder.rglob("*") if path.is_symlink()]:
        if path.relative_to(folder).as_posix() not in names or path.resolve() != (corpus / path.relative_to(folder)):
            path.unlink()
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink():
            place.symlink_to((corpus / name).resolve())
    _replace(folder / "manifest.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def draw(recipe: Recipe) -> None:
    """Draw the monsters: those of each style in a folder, coloured and as line art."""
    each = recipe.monsters // len(STYLES)
    gapped = -(-each * _WITH_GAPS // 100)
    for name, seed in _monster_folders().items():
        folder = recipe.pictures(_OURS) / name
        count = gapped if name.startswith(_GAPPED) else each - gapped
        if not folder.exists():
            print(f"drawing {count} monsters: {name}", flush=True)
            _draw(folder, seed, count, size=recipe.size)


def _monster_folders() -> dict[str, int]:
    """Folders of monsters, such as "mon-ink" and "mong-ink", with their seeds."""
    return {f"{kind}-{style}": first + n for kind, first in _SEEDS.items() for n, style in enumerate(STYLES)}


def _draw(folder: Path, seed: int, count: int, *, size: int) -> None:
    """Draw the monsters of a seed, in the style that the folder's name tells: all of them or none."""
    style, gaps = folder.name.split("-")[1], folder.name.startswith(_GAPPED)
    aside = folder.parent.with_name(f".{folder.name}.drawing")
    shutil.rmtree(aside, ignore_errors=True)
    for index in range(count):
        monster = monsters.describe(seed, index)
        monsters.write(monster, monsters.render(monster, size, line_style=style, gaps=gaps), aside)
    for other in ("flats", "regions", "hints"):
        shutil.rmtree(aside / other)
    (aside / "shaded").rename(aside / "color")
    (aside / "lines").rename(aside / "line")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside.rename(folder)


# steps ------------------------------------------------------------------------------------------------------


def prepare(recipe: Recipe, corpus: Path) -> None:
    """Bring the pictures together and build the datasets; prints how many there are of each set."""
    _check_same(recipe)
    chosen = {name: choose(corpus, kind) for name, kind in _KINDS.items()}
    for line in _counted(row for rows in chosen.values() for row in rows):
        print(line, flush=True)
    for name, rows in chosen.items():
        link(rows, corpus.resolve(), recipe.pictures(name))
    draw(recipe)
    for name, options in _DATASETS.items():
        about = ("--size", recipe.size, "--jobs", recipe.threads, *options)
        _run("build-dataset", recipe.pictures(name), "-o", recipe.dataset(name), *about)
    check_datasets(recipe)


def check_datasets(recipe: Recipe) -> None:
    """Raise UsageError where a dataset is missing, or holds a picture of others that may not be shipped."""
    for name in _DATASETS:
        manifest = recipe.dataset(name) / "manifest.jsonl"
        if not manifest.is_file():
            raise UsageError(f"{recipe.dataset(name)} is no dataset yet", hint="Run this with --only prepare")
        for row in _rows(manifest):
            if name != _OURS or row["name"].split("/")[0] not in _monster_folders():
                check_shippable({"set": name, "name": row["name"], **row.get("credit", {})}, source=manifest)


def train(recipe: Recipe) -> None:
    """Train the network, or go on with that; raises UsageError where a picture may not be shipped."""
    check_datasets(recipe)
    values = [part for value in (f"size={recipe.size}", *recipe.values) for part in ("--set", value)]
    length = ["--minutes", recipe.minutes, *([] if recipe.steps is None else ["--steps", recipe.steps])]
    where = ("--threads", recipe.threads, "--device", recipe.device)
    datasets = [recipe.dataset(name) for name in _DATASETS]
    _run("train", *datasets, "-o", recipe.work / "run", "--model", "fillnet", *values, *length, *where, *_TRAINING)


def pack(recipe: Recipe, output: Path) -> None:
    """Put the best checkpoint of the run into a folder, in half precision and without training state.

    Raises UsageError where the run has learned from anything but the datasets, or does not fit.
    """
    from safetensors.torch import save

    from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
    from pipelines.inference.checkpoint_info import INFO

    check_datasets(recipe)
    _check_learned(recipe)
    if output.is_dir() and any(output.iterdir()) and not (output / INFO).is_file():
        raise UsageError(f"{output} has other things in it", hint="Give another folder: --output DIR")
    network, info = load_checkpoint(recipe.work / "run")
    weights = halved(network.state_dict())
    size = len(save(weights))
    if size > LARGEST:
        raise UsageError(
            f"the weights take {size:,} bytes, more than {LARGEST:,}",
            hint="Train a smaller network, such as --set width=24",
        )
    write_checkpoint(output, dataclasses.replace(info, note=NOTE, weights_sha256=""), weights)
    print(f"step {info.step}, {dict(info.figures)}: {size / 1e6:.2f} MB of weights -> {output}", flush=True)


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in half precision, counters as they are; raises UsageError where one does not fit."""
    packed = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
    for name, tensor in packed.items():
        if not bool(tensor.isfinite().all()):
            raise UsageError(f"{name} does not fit into half precision", hint="Train with another --set or longer")
    return packed


def _check_same(recipe: Recipe) -> None:
    """Note what the pictures are made like; raises UsageError where they were made otherwise before."""
    note = recipe.work / "recipe.json"
    about = json.dumps({"size": recipe.size, "monsters": recipe.monsters}) + "\n"
    if note.is_file() and note.read_text(encoding="utf-8") != about:
        raise UsageError(
            f"{recipe.work} was prepared with {note.read_text(encoding='utf-8').strip()}",
            hint="Give the same --size and --monsters again, or another folder: --work DIR",
        )
    _replace(note, about)


def _check_learned(recipe: Recipe) -> None:
    from pipelines.core.files import sha256

    about = recipe.work / "run" / "run.json"
    if not about.is_file():
        raise UsageError(f"{about.parent} is no run yet", hint="Run this with --only train")
    digests = [sha256((recipe.dataset(name) / "manifest.jsonl").read_bytes()) for name in _DATASETS]
    if json.loads(about.read_text(encoding="utf-8"))["datasets"] != digests:
        raise UsageError(
            f"{about.parent} has learned from other datasets than those in {recipe.work / 'datasets'}",
            hint="Only what was checked is packed: give another folder, --work DIR, and train anew",
        )


def _counted(rows: Iterable[Row]) -> Iterator[str]:
    """A line for each set and licence: how many pictures train and how many validate."""
    counts = Counter((row["set"], row["licence"], row["split"]) for row in rows)
    for name, licence in sorted({key[:2] for key in counts}):
        train, val = (counts[name, licence, split] for split in ("train", "val"))
        yield f"{name} ({licence}): {train} train, {val} val"


def _rows(manifest: Path) -> Iterator[Row]:
    with manifest.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.writing")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _run(*arguments: object) -> None:
    """Run a command of colorize-cli; leaves with its exit code where that is not 0."""
    try:
        colorize_cli([str(argument) for argument in arguments])
    except SystemExit as left:
        if left.code:
            raise


# command line -----------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    corpus = os.environ.get("COLORIZE_CLI_CORPUS")
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=corpus, help="the pictures (default: COLORIZE_CLI_CORPUS)")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything, new or to go on with")
    parser.add_argument("--only", choices=STEPS, help="do one step (default: all)")
    parser.add_argument("--minutes", type=float, default=96.0, help="of training (default: 96)")
    parser.add_argument("--steps", type=int, help="of training at most (default: as time allows)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads that compute (default: 1)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--size", type=int, default=256, help="px: side of the pictures (default: 256)")
    parser.add_argument("--monsters", type=int, default=1000, help="how many are drawn, 10 or more (default: 1000)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the network")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--output", type=Path, help="where the packed model goes (default: WORK/fillnet)")
    output.add_argument("--install", action="store_true", help="pack it into pipelines/models/_shipped/fillnet")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and do the steps."""
    parser = _parser()
    choice = parser.parse_args(arguments)
    steps = STEPS if choice.only is None else (choice.only,)
    if "prepare" in steps and choice.corpus is None:
        parser.error("--corpus DIR is needed, or COLORIZE_CLI_CORPUS")
    if choice.monsters < 2 * len(STYLES):
        parser.error(f"--monsters must be {2 * len(STYLES)} or more")
    own = [field.name for field in dataclasses.fields(Recipe) if field.name != "values"]
    recipe = Recipe(**{name: getattr(choice, name) for name in own}, values=tuple(choice.set))
    shipped = _ROOT / "pipelines" / "models" / "_shipped" / "fillnet"
    output = shipped if choice.install else choice.output or choice.work / "fillnet"
    actions = {
        "prepare": lambda: prepare(recipe, choice.corpus),
        "train": lambda: train(recipe),
        "pack": lambda: pack(recipe, output),
    }
    try:
        for step in steps:
            actions[step]()
    except ColorizeError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
