"""Draws what training runs measured, as one SVG: validation PSNR, and each loss, over the pictures seen.

python benchmarks/curves.py NAME=RUN ... --output docs/curves.svg
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, MARGIN, GAP = 380, 190, 44, 24
COLOURS = ("#2166ac", "#b2182b", "#1b7837", "#762a83")
NOT_LOSSES = {"step", "epoch", "learning_rate", "pictures_a_second", "data_share", "seconds", "val_psnr", "val_l1"}

Curve = list[tuple[float, float]]


def curves_of(run: Path) -> dict[str, Curve]:
    """Return each figure of a run's metrics.jsonl over thousands of pictures seen."""
    settings = json.loads((run / "run.json").read_text(encoding="utf-8"))["settings"]
    a_step = settings["batch_size"] * settings["accumulate"] / 1000
    found: dict[str, Curve] = {}
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        for name, value in row.items():
            if name == "val_psnr" or name not in NOT_LOSSES:
                found.setdefault(name, []).append((row["step"] * a_step, value))
    return found


def panel(title: str, curves: dict[str, Curve], left: float, top: float) -> Iterator[str]:
    """Yield the SVG of one plot with its axes; each curve bears its name at its end."""
    points = [point for curve in curves.values() for point in curve]
    most_x, low, high = max(x for x, _ in points), min(y for _, y in points), max(y for _, y in points)
    span = (high - low) or 1.0

    def place(x: float, y: float) -> str:
        return f"{left + x / most_x * WIDTH:.1f},{top + HEIGHT - (y - low) / span * HEIGHT:.1f}"

    yield f'<text x="{left}" y="{top - 8}" font-weight="bold">{escape(title)}</text>'
    yield f'<path d="M{left},{top}v{HEIGHT}h{WIDTH}" fill="none" stroke="#888"/>'
    yield f'<text x="{left - 4}" y="{top + 10}" text-anchor="end">{high:.3g}</text>'
    yield f'<text x="{left - 4}" y="{top + HEIGHT}" text-anchor="end">{low:.3g}</text>'
    yield f'<text x="{left + WIDTH}" y="{top + HEIGHT + 14}" text-anchor="end">{most_x:.3g} thousand pictures</text>'
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(place(x, y) for x, y in curve)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        spot = f'x="{left + WIDTH - 4}" y="{top + 14 + 14 * number}" text-anchor="end"'
        yield f'<text {spot} fill="{colour}">{escape(name)}</text>'


def draw(runs: dict[str, dict[str, Curve]]) -> str:
    """Return the whole drawing: a row a run, validation at the left, losses at the right."""
    parts: list[str] = []
    for number, (label, curves) in enumerate(runs.items()):
        top = MARGIN + number * (HEIGHT + MARGIN + GAP)
        validation = {name: curve for name, curve in curves.items() if name == "val_psnr"}
        losses = {name: curve for name, curve in curves.items() if name.startswith(("generator", "cycle"))}
        parts += panel(f"{label}: validation PSNR, dB", validation, MARGIN + GAP, top)
        parts += panel(f"{label}: losses", losses, WIDTH + 3 * MARGIN + GAP, top)
    size = (2 * WIDTH + 4 * MARGIN + 2 * GAP, len(runs) * (HEIGHT + MARGIN + GAP) + MARGIN)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
        'font-family="sans-serif" font-size="11">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the runs, write the drawing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    named = (text.partition("=") for text in options.runs)
    runs = {name: curves_of(Path(folder)) for name, _, folder in named}
    options.output.write_text(draw(runs), encoding="utf-8")
    print(f"{options.output}: {', '.join(runs)}")


if __name__ == "__main__":
    main()
