"""What happened to a drawing: a record for programs, and all of a run in one line for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from pipelines.colorize.hint_use import HintMark, count_reasons, find_marks, judge_marks
from pipelines.core.batch.report import Report
from pipelines.core.imaging.arrays import U8, Index
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.core.imaging.picture import Picture
from pipelines.flatting.open_gaps import OpenGap, find_gaps
from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorGuide, ColorResult
from pipelines.segmentation.label_maps import map_labels, row_runs
from pipelines.structure.fill_rules import FillRules

GuidedBy = Literal["hints", "reference", "palette", "nothing"]

HINTED, GUESSED, GROUND, EMPTY = 1, 2, 3, 4
"""Kinds of area: a hint lies in it; a colour was found for it; paper outside the figure; left white."""

_LISTED = 50  # unused hints and gaps that a record lists
_NAMED = 3  # that a warning names
_PALETTE_ALIKE = 12  # levels


@dataclass(frozen=True)
class ColoringFacts:
    """What happened to one drawing; such values as JSON has."""

    guided_by: GuidedBy = "nothing"
    lines_found: bool = True
    coloured_already: bool = False
    partly_coloured: bool = False
    paper_cleaned: bool = False
    palette_ignored: bool = False
    computed_in: Mapping[str, str] = field(default_factory=dict)  # the precision of each network, by its label
    areas: Mapping[str, int] = field(default_factory=dict)  # how many: all, hinted, guessed, ground, empty
    hints: Mapping[str, int] = field(default_factory=dict)  # how many dabs and strokes: given, used
    unused: Mapping[str, int] = field(default_factory=dict)  # how many of them, by why
    unused_hints: tuple[Mapping[str, Any], ...] = ()  # where: x, y px, colour RRGGBB, why
    gaps: int = 0  # through which two colours meet
    widest_gap: float = 0.0  # px
    open_gaps: tuple[Mapping[str, Any], ...] = ()  # where: x, y, width px

    def as_json(self) -> dict[str, Any]:
        """The record."""
        return asdict(self)


class Account(NamedTuple):
    """All that is known of what happened to a drawing."""

    marks: tuple[HintMark, ...]
    gaps: tuple[OpenGap, ...]
    kinds: Index  # (n + 1,), of the result's areas


def take_account(
    reading: LineReading,
    result: ColorResult,
    guide: ColorGuide,
    *,
    painted: Picture | None = None,
    seen: U8 | None = None,
    rules: FillRules | None = None,
    reads_hints: bool = True,
) -> Account:
    """Find out what became of hints and areas; hints of reserved colours, by `rules`, asked for white.

    reads_hints: whether any of the models does; no: no hint was used, whatever colours came out.

    painted: the hint picture as it was painted, of any size; without one, or one on a layer, the guide's hints count.
    seen: the alpha of the finished picture, (H, W), None = opaque.
    """
    layer = guide.hints if painted is None or painted.alpha is None else painted.layer()
    rules = rules or FillRules()
    given = rules.without_reserved(guide.hints)
    asked = given if layer is guide.hints else rules.without_reserved(layer)
    hints = find_marks(asked, reading.lines.shape)
    marks, hinted = judge_marks(hints, given, result, paper=reading.paper, seen=seen)
    if not reads_hints:
        marks, hinted = tuple(replace(mark, unused="not read by the model") for mark in marks), hinted[:0]
    return Account(marks, find_gaps(reading, result.areas, result.flats), _kinds(result, hinted))


def facts_of(
    account: Account, reading: LineReading, result: ColorResult, *, guide: ColorGuide, guided_by: GuidedBy
) -> ColoringFacts:
    """The record of a drawing that was coloured."""
    counts = np.bincount(account.kinds[1:], minlength=EMPTY + 1)
    unused = [mark for mark in account.marks if mark.unused]
    return ColoringFacts(
        guided_by=guided_by,
        lines_found=cv2.countNonZero(reading.paper) < reading.paper.size,
        palette_ignored=_ignores_palette(result, account.kinds, guide.palette),
        areas={
            "all": int(counts[HINTED:].sum()),
            "hinted": int(counts[HINTED]),
            "guessed": int(counts[GUESSED]),
            "ground": int(counts[GROUND]),
            "empty": int(counts[EMPTY]),
        },
        hints={"given": len(account.marks), "used": len(account.marks) - len(unused)},
        unused=count_reasons(account.marks),
        unused_hints=tuple(_described(mark) for mark in unused[:_LISTED]),
        gaps=len(account.gaps),
        widest_gap=max((gap.width for gap in account.gaps), default=0.0),
        open_gaps=tuple(gap._asdict() for gap in account.gaps[:_LISTED]),
    )


def warnings_of(facts: ColoringFacts) -> tuple[str, ...]:
    """What the user should look at, each in one line."""
    warnings = []
    if not facts.lines_found:
        warnings.append("no lines found: all of it counts as paper")
    elif facts.areas and not facts.areas["hinted"] + facts.areas["guessed"]:
        warnings.append("nothing was coloured: the lines enclose no area")
    if facts.unused:
        places = ", ".join(f"{one['why']} at {one['x']},{one['y']}" for one in facts.unused_hints[:_NAMED])
        more = ", ..." if sum(facts.unused.values()) > _NAMED else ""
        warnings.append(f"{_many(sum(facts.unused.values()), 'hint')} not used: {places}{more}")
    if facts.partly_coloured:
        warnings.append("is partly coloured: that stays as it is")
    return tuple(warnings)


def sum_up_run(report: Report) -> tuple[str, ...]:
    """What happened to all drawings of a run in one line; nothing where none was coloured."""
    facts = report.facts
    if not facts:
        return ()
    areas, hints = facts.get("areas", {}), facts.get("hints", {})
    parts = []
    if areas:
        kinds = [f"{areas[kind]} {word}" for kind, word in _KINDS if areas.get(kind)]
        parts.append(f"{_many(areas['all'], 'area')}: {', '.join(kinds)}" if kinds else "no areas")
    if hints.get("given", 0) > hints.get("used", 0):
        reasons = ", ".join(f"{count} {why}" for why, count in sorted(facts["unused"].items()))
        parts.append(f"{hints['given'] - hints['used']} of {_many(hints['given'], 'hint')} not used ({reasons})")
    if facts["gaps"]:
        parts.append(f"colours met through {_many(facts['gaps'], 'gap')} in lines, up to {facts['widest_gap']:.0f} px")
    parts += [text.format(_many(facts[name], "picture")) for name, text in _NOTED if facts[name]]
    guessed = facts["guided_by"].get("nothing", 0) - facts["coloured_already"]
    if guessed > 0:
        parts.append(f"no hints, reference or palette for {_many(guessed, 'picture')}: colours are guessed")
    return ("; ".join(parts),) if parts else ()


_KINDS = (("hinted", "hinted"), ("guessed", "guessed"), ("ground", "ground"), ("empty", "left white"))
_NOTED = (
    ("palette_ignored", "the palette was not used in {}, where hints decide"),
    ("paper_cleaned", "the paper of {} was whitened (--no-clean leaves it)"),
    ("coloured_already", "{} coloured already, left alone (--force colours them)"),
)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _described(mark: HintMark) -> Mapping[str, Any]:
    red, green, blue = mark.colour
    return {"x": mark.x, "y": mark.y, "colour": f"{red:02x}{green:02x}{blue:02x}", "why": mark.unused}


def _kinds(result: ColorResult, hinted: Index) -> Index:
    """The kind of each area of a result, (n + 1,), 0 for what is none."""
    runs = row_runs(result.areas)
    present, first = np.unique(runs.labels(result.areas), return_index=True)
    pixel = runs.start[first]  # one of each area: it has one colour
    kinds = np.zeros(int(present[-1]) + 1, np.intp)
    kinds[present] = np.where(result.flats.reshape(-1, 3)[pixel].min(axis=1) == 255, EMPTY, GUESSED)
    kinds[hinted] = HINTED
    kinds[present[result.background.reshape(-1)[pixel]]] = GROUND
    kinds[0] = 0
    return kinds


def _ignores_palette(result: ColorResult, kinds: Index, palette: U8 | None) -> bool:
    """Whether there is a palette and no area without hints has any of its colours."""
    if palette is None or not len(palette) or not (kinds == GUESSED).any():
        return False
    guessed = unpack_rgb(np.unique(pack_rgb(result.flats[map_labels(kinds == GUESSED, result.areas)])))
    apart = np.abs(guessed[:, None].astype(np.int16) - palette[None].astype(np.int16)).max(axis=2)
    return bool(apart.min() > _PALETTE_ALIKE)
