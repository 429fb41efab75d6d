"""Writes the tables of docs from the JSON that benchmarks left, between markers, so that none can be stale.

    python benchmarks/tables.py [--check]

A table stands between the lines `<!-- quality -->` and `<!-- /quality -->`; without them it is put at the end.
--check changes nothing and leaves with exit code 1 where the page does not say what the JSON says.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs"
COLUMNS = ("psnr", "ssim", "delta_e", "bleed_rate", "grouping", "region_purity", "hint_obedience", "line_exactness")
DIGITS = {"dB": 2, "dE00": 2, "levels": 1}


Table = Callable[[Mapping[str, Any]], str]


def quality_table(found: Mapping[str, Any]) -> str:
    """Markdown tables, one for each split, of a JSON that benchmarks/quality.py wrote."""
    names = [name for name in COLUMNS if name in found["metrics"]]
    limit = f", {found['limit']} of each set" if found["limit"] else ""
    parts = [_split_table(split, sets, names, found) for split, sets in found["splits"].items()]
    head = f"Longer side {found['side']} px{limit}; mean and 95 % bootstrap interval over pictures, best in bold."
    return "\n\n".join([head, *parts])


def overall_table(found: Mapping[str, Any]) -> str:
    """The rows for all pictures alone, of a JSON that benchmarks/quality.py wrote; best of each group of methods.

    Methods are grouped by what follows the hyphen in their names: the hints that they were given.
    """
    names = [name for name in COLUMNS if name in found["metrics"]]
    groups: dict[str, list[str]] = {}
    for method in found["methods"]:
        groups.setdefault(method.partition("-")[2], []).append(method)
    parts = []
    for split, sets in found["splits"].items():
        count = max(figure["of"] for figures in sets["all"].values() for figure in figures.values())
        heads = " | ".join(_heading(name, *found["metrics"][name]) for name in names)
        lines = [f"| {split}, n = {count} | hints | {heads} |", "|---|---|" + "---|" * len(names)]
        for hints, methods in groups.items():
            figures = {method: sets["all"][method] for method in methods}
            for method in methods:
                cells = [_cell(figures, method, name, *found["metrics"][name]) for name in names]
                lines.append(f"| {method.partition('-')[0]} | {hints} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join([f"Longer side {found['side']} px, {found['limit']} pictures of each set.", *parts])


def merge_table(found: Mapping[str, Any]) -> str:
    """A Markdown table of a JSON that benchmarks/merge_sweep.py wrote."""
    lines = ["| way | psnr dB | ssim | delta_e |", "|---|---|---|---|"]
    for way, figures in found["results"].items():
        name = " ".join(way.split())
        lines.append(f"| {name} | {figures['psnr']:.2f} | {figures['ssim']:.4f} | {figures['de00']:.2f} |")
    return "\n".join([f"{found['n']} {found['split']} pictures, {found['limit']} of each set.\n", *lines])


def paper_table(found: Mapping[str, Any]) -> str:
    """A Markdown table of a JSON that benchmarks/real_paper.py wrote."""
    ways = list(found["results"]["clean"])
    lines = ["| kind | " + " | ".join(f"{way} dE00 | x clean" for way in ways) + " |", "|---|" + "---|" * 2 * len(ways)]
    for kind, figures in found["results"].items():
        best = min(round(figure["de00"], 2) for figure in figures.values())
        cells = [_paper_cells(figures[way], best) for way in ways]
        lines.append(f"| {kind.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join([f"{found['n']} pictures, longer side {found['side']} px.\n", *lines])


def _paper_cells(figure: Mapping[str, float], best: float) -> str:
    shown = f"{figure['de00']:.2f}"
    shown = f"**{shown}**" if round(figure["de00"], 2) == best else shown
    return f"{shown} | {figure['ratio']:.2f} ({figure['low']:.2f}..{figure['high']:.2f})"


def _split_table(split: str, sets: Mapping[str, Any], names: Sequence[str], found: Mapping[str, Any]) -> str:
    heads = [_heading(name, *found["metrics"][name]) for name in names]
    lines = [f"| {split} | n | method | {' | '.join(heads)} |", "|---|---|---|" + "---|" * len(names)]
    for group in ("all", *(name for name in sets if name != "all")):
        for at, (label, figures) in enumerate(sets[group].items()):
            cells = [_cell(sets[group], label, name, *found["metrics"][name]) for name in names]
            first = f"{group} | {max(figure['of'] for figure in figures.values())}" if not at else " | "
            lines.append(f"| {first} | {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _heading(name: str, unit: str, higher: bool) -> str:
    arrow = "\N{UPWARDS ARROW}" if higher else "\N{DOWNWARDS ARROW}"
    return " ".join(part for part in (name, unit, arrow) if part)


def _cell(methods: Mapping[str, Any], label: str, name: str, unit: str, higher: bool) -> str:
    digits = DIGITS.get(unit, 3)
    figure = methods[label][name]
    if figure["value"] is None:
        return "-"
    shown = {one: round(figures[name]["value"], digits) for one, figures in methods.items() if _known(figures[name])}
    text = f"{figure['value']:.{digits}f}"
    if shown[label] == (max if higher else min)(shown.values()):
        text = f"**{text}**"
    if figure["low"] is not None:
        text += f" ({figure['low']:.{digits}f}..{figure['high']:.{digits}f})"
    return text if figure["n"] == figure["of"] else f"{text} n={figure['n']}"


def _known(figure: Mapping[str, Any]) -> bool:
    return figure["value"] is not None


def placed(page: str, name: str, table: str) -> str:
    """The page with a table between its markers, at the end where it has none."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    block = f"{begin}\n{table}\n{end}"
    if begin not in page:
        return f"{page.rstrip()}\n\n{block}\n"
    before, _, rest = page.partition(begin)
    return before + block + rest.partition(end)[2]


def written(page: str, tables: Mapping[str, Table]) -> str:
    """The page with every table that there is a JSON for."""
    for name, table in tables.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            page = placed(page, name, table(json.loads(path.read_text(encoding="utf-8"))))
    return page


PAGES: dict[str, dict[str, Table]] = {
    "results.md": {
        "merge_sweep": merge_table,
        "quality": quality_table,
        "real_paper": paper_table,
        "few_dabs": overall_table,
    },
    "models.md": {"equal_minutes": overall_table, "equal_minutes_raw": overall_table},
    "model-card.md": {"shipped": quality_table, "shipped_none": quality_table},
}
"""The tables of each page, by the names of their JSON."""


def main() -> None:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for name, tables in PAGES.items():
        page = (DOCS / name).read_text(encoding="utf-8")
        wanted = written(page, tables)
        if arguments.check and wanted != page:
            sys.exit(f"docs/{name} is stale: run python benchmarks/tables.py")
        (DOCS / name).write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
