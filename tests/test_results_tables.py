"""Tables in the docs come from the JSON of benchmarks, and every metric is documented."""

import re
import sys
from pathlib import Path

import pytest

from pipelines.core import registry

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "tables", raising=False)
    import tables as module  # type: ignore[import-not-found]

    yield module
    sys.modules.pop("tables", None)


def figure(value: float | None, n: int = 3) -> dict[str, float | int | None]:
    low, high = (None, None) if value is None else (value - 1, value + 1)
    return {"value": value, "low": low, "high": high, "n": n, "of": 3, "infinite": 0}


FOUND = {
    "side": 256,
    "limit": None,
    "metrics": {"psnr": ["dB", True], "delta_e": ["dE00", False]},
    "splits": {
        "test": {
            "openmoji": {
                "lines": {"psnr": figure(10.0), "delta_e": figure(9.0)},
                "flat": {"psnr": figure(30.0, 2), "delta_e": figure(None, 0)},
            },
            "all": {
                "lines": {"psnr": figure(10.001), "delta_e": figure(9.0)},
                "flat": {"psnr": figure(10.002), "delta_e": figure(8.0)},
            },
        }
    },
}


def test_the_best_is_bold_and_missing_pictures_are_said(tables) -> None:  # type: ignore[no-untyped-def]
    text = tables.quality_table(FOUND)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "method" not in line]
    assert rows[0].startswith("| all | 3 | lines | **10.00** (9.00..11.00) | 9.00")  # equal as shown: both bold
    assert "**10.00**" in rows[1]
    assert "**8.00**" in rows[1]
    assert rows[3] == "|  |  | flat | **30.00** (29.00..31.00) n=2 | - |"


def test_kinds_of_paper_stand_beside_clean_ink_best_in_bold(tables) -> None:  # type: ignore[no-untyped-def]
    def row(de00: float, ratio: float) -> dict[str, float]:
        return {"de00": de00, "ratio": ratio, "low": ratio - 0.1, "high": ratio + 0.1}

    results = {
        "clean": {"flat": row(2.0, 1.0), "G'MIC": row(3.0, 1.0)},
        "white_on_black": {"flat": row(2.5, 1.25), "G'MIC": row(2.4, 0.8)},
    }
    text = tables.paper_table({"n": 4, "side": 384, "results": results})
    assert "| kind | flat dE00 | x clean | G'MIC dE00 | x clean |" in text
    assert "| clean | **2.00** | 1.00 (0.90..1.10) | 3.00 | 1.00 (0.90..1.10) |" in text
    assert "| white on black | 2.50 | 1.25 (1.15..1.35) | **2.40** | 0.80 (0.70..0.90) |" in text


def test_a_table_replaces_what_stands_between_its_markers(tables) -> None:  # type: ignore[no-untyped-def]
    page = tables.placed("before\n<!-- quality -->\nold\n<!-- /quality -->\nafter\n", "quality", "new")
    assert page == "before\n<!-- quality -->\nnew\n<!-- /quality -->\nafter\n"
    assert tables.placed(page, "quality", "new") == page
    assert tables.placed("text\n", "quality", "new") == "text\n\n<!-- quality -->\nnew\n<!-- /quality -->\n"


def test_the_pages_say_what_the_json_says(tables) -> None:  # type: ignore[no-untyped-def]
    for name, wanted in tables.PAGES.items():
        page = (tables.DOCS / name).read_text(encoding="utf-8")
        assert tables.written(page, wanted) == page, f"docs/{name} is stale: run python benchmarks/tables.py"


def test_every_metric_is_documented_with_its_direction() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name in registry.names("metrics"):
        row = re.search(rf"^\| {name} \|.*$", text, re.MULTILINE)
        assert row, f"docs/metrics.md lacks {name}"
        better = "higher" if registry.load("metrics", name).HIGHER_IS_BETTER else "lower"
        assert f"| {better} |" in row[0]
        assert (
            re.search(rf"^\*\*[^*]*{name}", text, re.MULTILINE)
            or name.startswith("delta_e_")
            or name == "hint_obedience"
        )
