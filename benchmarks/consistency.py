"""Measures how steady colours are over frames: animated monsters coloured frame by frame, and with --lock.

    python benchmarks/consistency.py [--monsters 12] [--frames 8] [--size 256] [--vigour 2] [--model flat ...]
                                     [--work DIR] [--json results/consistency.json]

The monsters walk to and fro, swing what they have and blink (examples/monsters.py, `livelier`), as loops of frames of
known colour. Three cases: hints for the first frame alone, hints for all frames, no hints. Both ways are evaluated by
`evaluate` against the true flat colours with the lines on top: `consistency` (dE00 of each part from its mean over the
frames), delta_e and delta_e_fill. The truth is steady, so its consistency is 0; what is left with hints for all frames
is what soft edges come to at this size. Times are processor time of whole runs with one worker.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from quality import check, work_folder, write

from pipelines.colorize import Guides, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.compositing import composite
from pipelines.evaluate import EvaluateOptions, References, evaluate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

SEED = 11
METRICS = ("consistency", "delta_e", "delta_e_fill")
CASES = {"first": "hints for the first frame", "all": "hints for all frames", "none": "no hints"}
WAYS = {"alone": False, "lock": True}  # name -> Guides.lock
TARGET = 5.0  # times steadier than frame by frame


def draw(folder: Path, *, count: int, frames: int, size: int, vigour: float) -> None:
    """Write lines, truth, and the hints of each case, of animated monsters."""
    import monsters

    for index in range(count):
        monster = monsters.livelier(monsters.describe(SEED, index), vigour)
        for frame in range(frames):
            drawn = monsters.render(monster, size, time=frame / frames)
            name = f"monster_{index:03d}/{frame}.png"
            colour = composite(drawn.flats, np.full((size, size, 3), 255, np.uint8))
            inked = (colour.astype(np.uint16) * drawn.lines[..., None] + 127) // 255
            write(folder / "truth" / name, inked.astype(np.uint8))
            write(folder / "lines" / name, drawn.lines)
            write(folder / "hints-all" / name, drawn.hints)
            if not frame:
                write(folder / "hints-first" / name, drawn.hints)


def measure(folder: Path, case: str, models: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colour all frames in both ways with each model, and evaluate; returns way -> metric -> figure."""
    places, seconds = [], {}
    for model in models:
        for way, lock in WAYS.items():
            label = f"{Path(model).name}-{way}"
            output = folder / "results" / case / label
            hints = None if case == "none" else str(folder / f"hints-{case}")
            began = time.process_time()
            report = colorize(
                [str(folder / "lines")],
                str(output),
                model=model,
                guides=Guides(hints=hints, lock=lock),
                background="paper",
                batch=BatchSettings(jobs=1),
            )
            seconds[label] = round((time.process_time() - began) / len(report.records), 4)
            check(report.exit_code, label)
            places.append(f"{label}={output}")
    references = References(str(folder / "truth"), str(folder / "lines"))
    options = EvaluateOptions(metrics=METRICS, frames=True, gallery=0)
    folder_of_report = str(folder / "reports" / case)
    found = evaluate(places, references, folder_of_report, options=options, batch=BatchSettings(jobs=1))
    check(found.exit_code, "evaluate")
    assert found.evaluation is not None
    return {
        method.label: {name: round(method.aggregates[name].value, 3) for name in METRICS}
        | {"cpu_seconds_a_frame": seconds[method.label]}
        for method in found.evaluation.methods
    }


def table(cases: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The figures as plain text."""
    lines = [f"{'case':28}{'way':20}" + "".join(f"{name:>21}" for name in (*METRICS, "cpu_seconds_a_frame"))]
    for case, ways in cases.items():
        for way, figures in ways.items():
            lines.append(f"{CASES[case]:28}{way:20}" + "".join(f"{value:21.3f}" for value in figures.values()))
    return "\n".join(lines)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--monsters", type=int, default=12)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--size", type=int, default=256, help="px")
    parser.add_argument("--vigour", type=float, default=2.0, help="how far parts swing; 1: as they idle")
    parser.add_argument("--model", nargs="+", default=["flat"])
    parser.add_argument("--work", type=Path, help="folder to keep; default: a temporary one")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    """Parse the command line, measure, print a table, and write JSON if asked."""
    arguments = _parsed()
    about = {name: getattr(arguments, name) for name in ("monsters", "frames", "size", "vigour")}
    with work_folder(arguments.work) as work:
        draw(
            work,
            count=arguments.monsters,
            frames=arguments.frames,
            size=arguments.size,
            vigour=arguments.vigour,
        )
        cases = {case: measure(work, case, arguments.model) for case in CASES}
    print(table(cases))
    for case, ways in cases.items():
        for model in arguments.model:
            alone, locked = (ways[f"{Path(model).name}-{way}"]["consistency"] for way in WAYS)
            print(f"{CASES[case]}, {Path(model).name}: {alone / max(locked, 1e-9):.1f} times as steady")
    print(f"target: {TARGET:.0f} times")
    if arguments.json:
        arguments.json.write_text(json.dumps({**about, "cases": cases}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
