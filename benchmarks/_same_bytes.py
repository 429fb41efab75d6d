"""Compares what the commands of two checkouts write, byte for byte but for times and for the names of tensors."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

import cv2
import numpy as np
from _checkouts import Checkout, Run, filled, results
from numpy.typing import NDArray

PALETTE = "GIMP Palette\nName: four\n#\n200 40 30 red\n40 170 80 green\n30 60 200 blue\n250 220 90 yellow\n"
TINY = "--preset small --set ngf=4 --set ndf=4 --threads 1 --log-every 1"
CASES = {
    "hinted": "colorize {lines} --hints {hints}",
    "unguided": "colorize {lines}",
    "likely": "colorize {lines} --unhinted likely",
    "palette": "colorize {lines} --palette {four_colours}",
    "tint": "colorize {lines} --hints {hints} --lines tint",
    "reference": "colorize {lines} --reference {flats} --background transparent",
    "variants": "colorize {lines} --variants 3 --seed 2",
    "no-snap": "colorize {lines} --hints {hints} --no-snap --lines none",
    "layers-png": "colorize {lines} --hints {hints} --layers png",
    "layers-ora": "colorize {lines} --hints {hints} --layers ora --flats colour",
    "layers-psd": "colorize {lines} --hints {hints} --layers psd --flats region",
    "lock": "colorize {frames} --hints {frame_hints} --lock",
    "lock-flat": "colorize {frames} --lock --model flat",
    "flat": "colorize {lines} --hints {hints} --model flat",
    "flat-unguided": "colorize {lines} --model flat",
    "flat-palette": "colorize {lines} --palette {four_colours} --model flat",
    "big": "colorize {large} --hints {large_hints}",
    "big-variants": "colorize {large} --variants 2",
    "odd-sides": "colorize {odd}",
    "steps": "colorize {lines} --hints {hints} --keep-steps --panels --truth {flats}",
    "regions": "regions {lines}",
    "extract-lines": "extract-lines {shaded}",
    "xdog": "extract-lines {shaded} --method xdog",
    "make-hints": "make-hints {shaded}",
    "points": "make-hints {shaded} --method points",
    "strokes": "make-hints {shaded} --method strokes --composite",
    "blend": "blend --base {hinted} --top {flat} --mode divide --opacity 0.4",
    "contact-sheet": "contact-sheet {lines} {hinted} {flat} --cell 128",
    "evaluate": "evaluate {hinted} {flat} --truth {flats} --lines {lines} --hints {hints} --compare hinted flat",
    "build-dataset": "build-dataset {shaded} --size 128 --val 25 --test 0",
    "train-fillnet": "train {build-dataset} --model fillnet --steps 4 --batch-size 2 --set size=128 --threads 1"
    " --log-every 1",
    "train-pix2pix": f"train {{build-dataset}} --steps 6 {TINY}",
    "train-cyclegan": f"train {{build-dataset}} --model cyclegan --steps 4 {TINY}",
    "run-fillnet": "colorize {lines} --hints {hints} --model {train-fillnet}",
    "run-pix2pix": "colorize {lines} --hints {hints} --model {train-pix2pix}",
    "merged": "colorize {lines} --hints {hints} --model p={train-pix2pix} --model c={train-cyclegan} --keep-steps"
    " --panels",
    "export": "models export fillnet --format onnx",
    "onnx": "colorize {lines} --hints {hints} --model {export} --engine onnx",
    "export-run": "models export {train-pix2pix} --format onnx",
    "onnx-run": "colorize {lines} --hints {hints} --model {export-run} --engine onnx",
}
"""Commands by name, without -o; names in braces are pictures that were drawn or what another case wrote."""
SUFFIXES = {"contact-sheet": ".png", "models": ".onnx"}  # of what is one file
VOLATILE = ("seconds", "pictures_a_second", "data_share")  # times
NAMED = ("weights_sha256",)  # changes with the names of tensors; the tensors themselves are compared
SHOWN = 4  # values


@dataclass(frozen=True)
class Outcome:
    """What came of a case: how many files both wrote and what differs."""

    files: int
    differ: tuple[str, ...]


def prepare(drawn: Path) -> dict[str, str]:
    """Write the pictures and the palette that the cases need beside what was drawn; gives all places by name."""
    places = {name: str(drawn / "few" / name) for name in ("lines", "hints", "flats", "shaded")}
    odd, first = drawn / "odd", drawn / "frame-hints"
    odd.mkdir()
    for at, path in enumerate(sorted(Path(places["lines"]).glob("*.png"))[:3]):
        cv2.imencode(".png", _picture(path)[: 501 - 7 * at, :397])[1].tofile(odd / path.name)
    for folder in (drawn / "frames" / "hints").iterdir():
        (first / folder.name).mkdir(parents=True)
        path = min(folder.glob("*.png"))
        shutil.copy(path, first / folder.name / path.name)
    palette = drawn / "four.gpl"
    palette.write_text(PALETTE, encoding="utf-8")
    return places | {
        "four_colours": str(palette),
        "odd": str(odd),
        "frames": str(drawn / "frames" / "lines"),
        "frame_hints": str(first),
        "large": str(drawn / "large" / "lines"),
        "large_hints": str(drawn / "large" / "hints"),
    }


def wanted(names: Collection[str]) -> list[str]:
    """Those cases and the ones whose results they need, in the order in which they can run."""
    found = set(names) & CASES.keys()
    for name in reversed(CASES):
        if name in found:
            found |= {field for _, field, _, _ in Formatter().parse(CASES[name]) if field} & CASES.keys()
    return [name for name in CASES if name in found]


def compare(name: str, checkouts: Sequence[Checkout], places: dict[str, str]) -> Outcome:
    """Run a case in both checkouts and compare what they wrote. Both write to paths of the same name."""
    places = places | {case: case + _suffix(case) for case in CASES}
    batch = [] if CASES[name].startswith(("train", "models")) else ["-j", "1"]
    quiet = [] if CASES[name].startswith("models") else ["-q"]
    command = [*filled(CASES[name], places), "-o", places[name], *batch, *quiet]
    with ThreadPoolExecutor(len(checkouts)) as pool:
        runs = list(pool.map(lambda checkout: checkout.run(command), checkouts))
    failed = [_failure(checkout, run) for checkout, run in zip(checkouts, runs, strict=True) if run.code]
    if failed:
        return Outcome(0, tuple(failed))
    old, new = (results(checkout.folder / places[name]) for checkout in checkouts)
    return Outcome(len(old.keys() & new.keys()), tuple(differences(old, new)))


def differences(old: dict[str, Path], new: dict[str, Path]) -> Iterator[str]:
    """What differs between two sets of files, a line for each file."""
    if not old and not new:
        yield "nothing was written"
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            yield f"{name}: only the {'old' if name in old else 'new'} one writes it"
        elif found := difference(old[name], new[name]):
            yield f"{name}: {found}"


def difference(old: Path, new: Path) -> str:
    """What differs between two files; nothing where they are the same but for times and names of tensors."""
    if old.read_bytes() == new.read_bytes():
        return ""
    match old.suffix:
        case ".png":
            return _levels(old, new)
        case ".json" | ".jsonl":
            return _values(dict(_leaves(_read(old))), dict(_leaves(_read(new))))
        case ".safetensors":
            return _counts(_tensors(old), _tensors(new), "tensors")
        case ".onnx":
            return _counts(_network(old), _network(new), "weights and operators")
        case _:
            return "other bytes"


def _levels(old: Path, new: Path) -> str:
    first, second = _picture(old), _picture(new)
    if first.shape != second.shape or first.dtype != second.dtype:
        return f"{first.dtype} {first.shape} became {second.dtype} {second.shape}"
    apart = np.abs(first.astype(np.int64) - second.astype(np.int64)).reshape(*first.shape[:2], -1).max(2)
    if not apart.any():
        return "same pixels, other bytes"
    return f"up to {apart.max()} levels in {np.count_nonzero(apart)} of {apart.size} pixels"


def _picture(path: Path) -> NDArray[Any]:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise SystemExit(f"{path.name} is no picture")
    return picture


def _read(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a JSON by their places, without those that change from run to run."""
    if not isinstance(value, dict | list):
        yield place, value
        return
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if name not in VOLATILE + NAMED:
            yield from _leaves(inner, f"{place}.{name}" if place else str(name))


def _values(old: dict[str, Any], new: dict[str, Any]) -> str:
    missing = object()
    names = [name for name in {**old, **new} if old.get(name, missing) != new.get(name, missing)]
    shown = ", ".join(f"{name} {old.get(name, '-')} became {new.get(name, '-')}" for name in names[:SHOWN])
    return shown + (f", {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _tensors(path: Path) -> Counter[Hashable]:
    """The tensors of a file of weights without their names, read from the bytes so that every type can be."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    tensors = [tensor for name, tensor in json.loads(data[8:begin]).items() if name != "__metadata__"]
    return Counter(
        (one["dtype"], *one["shape"], _digest(data[slice(*(begin + offset for offset in one["data_offsets"]))]))
        for one in tensors
    )


def _network(path: Path) -> Counter[Hashable]:
    """The weights and operators of an ONNX file; what it says about itself holds a digest of named tensors."""
    import onnx

    graph = onnx.load(str(path)).graph
    weights = [
        (one.data_type, *one.dims, _digest(onnx.numpy_helper.to_array(one).tobytes())) for one in graph.initializer
    ]
    operators = [(one.op_type, *(_digest(part.SerializeToString()) for part in one.attribute)) for one in graph.node]
    return Counter([*weights, *operators])


def _counts(old: Counter[Hashable], new: Counter[Hashable], what: str) -> str:
    apart = max((old - new).total(), (new - old).total())
    return f"{apart} of {max(old.total(), new.total())} {what} differ" if apart else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _failure(checkout: Checkout, run: Run) -> str:
    return f"{checkout.name} ends with {run.code}: {run.complaint}"


def _suffix(name: str) -> str:
    return SUFFIXES.get(CASES[name].split()[0], "")
