"""Which region encloses which."""

import cv2
import numpy as np

from pipelines.flatting.reading import LineReading
from pipelines.structure.nesting import PAGE, Nesting, find_nesting
from tests.flatting.scenes import Bytes, blank


def nested() -> Bytes:
    """A box in a box, and one beside them that a line divides."""
    lines = blank(200, 200)
    cv2.rectangle(lines, (20, 20), (120, 180), 0, 2)
    cv2.rectangle(lines, (40, 60), (100, 140), 0, 2)
    cv2.circle(lines, (70, 100), 14, 0, 2)
    cv2.rectangle(lines, (140, 20), (180, 180), 0, 2)
    cv2.line(lines, (140, 100), (180, 100), 0, 2)
    return lines


def read(lines: Bytes) -> tuple[LineReading, Nesting]:
    reading = LineReading(lines)
    return reading, find_nesting(reading.properties, reading.outside)


def test_the_innermost_region_around_is_the_parent() -> None:
    reading, nesting = read(nested())
    at = {name: int(reading.regions[y, x]) for name, (x, y) in PLACES.items()}
    assert nesting.parent[at["disc"]] == at["inner"]
    assert nesting.parent[at["inner"]] == at["outer"]
    assert nesting.parent[at["page"]] == PAGE
    assert nesting.parent[at["outer"]] == nesting.parent[at["upper"]] == nesting.parent[at["lower"]] == at["page"]


def test_what_encloses_counts_what_it_encloses() -> None:
    reading, nesting = read(nested())
    outer, inner, disc = (int(reading.regions[y, x]) for x, y in (PLACES["outer"], PLACES["inner"], PLACES["disc"]))
    assert nesting.whole[outer] == reading.properties.area[[outer, inner, disc]].sum()
    assert nesting.encloses(np.array(outer), np.array([outer, inner, disc])).all()
    assert not nesting.encloses(np.array(disc), np.array([outer, inner])).any()


PLACES = {
    "page": (5, 5),
    "outer": (30, 30),
    "inner": (50, 70),
    "disc": (70, 100),
    "upper": (160, 60),
    "lower": (160, 140),
}
