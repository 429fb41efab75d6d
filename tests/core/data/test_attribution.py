"""What is said of pictures beside them."""

import json
from pathlib import Path

from pipelines.core.data.attribution import Attributions


def test_sidecars_are_found_beside_and_above(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "color"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text('{"license": "CC0", "artist": "Ann", "frames": [1], "scale": 2}')
    (folder / "b.png.json").write_text('{"licence": "MIT"}')
    rows = [{"color": "set/color/c.png", "licence": "CC BY 4.0", "split": "val"}, {"file_name": "set/color/a.png"}]
    (tmp_path / "manifest.jsonl").write_text("not json\n" + "\n".join(map(json.dumps, rows)))
    attributions = Attributions()
    assert attributions.of(folder / "a.png") == {"licence": "CC0", "author": "Ann", "scale": 2}
    assert attributions.of(folder / "b.png") == {"licence": "MIT"}
    assert attributions.of(folder / "c.png") == rows[0]
    assert attributions.of(folder / "d.png") == {}
    assert attributions.problems == []


def test_a_broken_sidecar_is_named_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1]")
    attributions = Attributions()
    assert (
        attributions.of(tmp_path / "a.png")
        == attributions.of(tmp_path / "b.png")
        == attributions.of(tmp_path / "a.png")
        == {}
    )
    assert [problem.split(" is no JSON")[0][-6:] for problem in attributions.problems] == ["a.json", "b.json"]
