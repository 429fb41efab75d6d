"""Which pictures are left out."""

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.data.curation import Curation, PictureMeasures, choose, curate, foreground_colourfulness, measure
from pipelines.core.data.near_duplicates import PictureHash
from pipelines.core.data.pairing import Pair
from pipelines.core.errors import SettingsError
from pipelines.core.imaging.colourfulness import colourfulness
from pipelines.core.imaging.framing import Foreground, find_foreground
from pipelines.core.imaging.picture import Picture
from tests import drawings


def measured(colour: float, pixels: int = 100, seed: int = 0) -> PictureMeasures:
    rng = np.random.default_rng(seed)
    return PictureMeasures(colour, pixels, PictureHash(rng.bytes(32), rng.bytes(32), b"\0" * 192))


def test_the_largest_of_duplicates_stays_and_the_dullest_of_the_rest_go() -> None:
    pairs = [Pair(PurePosixPath(f"{name}.png"), Path(f"{name}.png")) for name in "abcdef"]
    values = [measured(50, 100, 1), measured(50, 400, 1), measured(9, 100, 2), measured(30, 100, 3), None, measured(80)]
    result = choose(pairs, values, Curation(drop_duplicates=True, drop_dull=25))
    assert set(result.reasons) == {0, 2}
    assert result.reasons[0] == "nearly the same as b.png"
    assert "least colourful" in result.reasons[2]
    assert result.counts["least_colourful"] == {"left_out": 1, "of": 4, "greatest_colourfulness": 9}
    assert len(result.notes) == 2
    assert set(choose(pairs, values, Curation(least_colourfulness=35)).reasons) == {2, 3}


@pytest.mark.parametrize("bad", [{"drop_dull": 100}, {"drop_dull": -1}, {"duplicate_bits": 65}])
def test_curation_refuses_what_makes_no_sense(bad: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Curation(**bad)


def write_pairs(folder: Path, *names: str) -> list[Pair]:
    paths = [drawings.write(folder / f"{name}.png", drawings.two_circles_coloured(48)) for name in names]
    return [Pair(PurePosixPath(path.name), path) for path in paths]


def test_what_was_measured_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = write_pairs(tmp_path / "art", "a", "b")
    pairs[1].picture.write_bytes(b"no picture")
    settings = BatchSettings(jobs=1)
    measures, stopped_by = measure(pairs, "pictures", tmp_path / "out", settings)
    assert stopped_by == ""
    assert measures[0] is not None
    assert measures[0].pixels == 48 * 48
    assert measures[1] is None
    monkeypatch.setattr("pipelines.core.data.curation.picture_hash", None)  # it would be called for what is measured
    assert measure(pairs, "pictures", tmp_path / "out", settings)[0] == measures


def test_nothing_is_measured_where_nothing_asks_for_it_or_in_a_dry_run(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "art", "a", "b")
    out = tmp_path / "out"
    unasked = curate(pairs, Curation(), reading="pictures", folder=out, settings=BatchSettings(jobs=1))
    assert (unasked.reasons, unasked.counts, unasked.notes) == ({}, {}, [])
    asked = Curation(drop_duplicates=True)
    dry = curate(pairs, asked, reading="pictures", folder=out, settings=BatchSettings(jobs=1, dry_run=True))
    assert dry.reasons == {}
    assert "measures nothing" in dry.notes[0]
    assert not out.exists()
    real = curate(pairs, asked, reading="pictures", folder=out, settings=BatchSettings(jobs=1))
    assert real.reasons == {1: "nearly the same as a.png"}


def test_the_paper_around_a_figure_makes_it_no_duller() -> None:
    rgb = np.full((64, 64, 3), 255, np.uint8)
    rgb[24:40, 24:40] = drawings.RED
    picture = Picture(rgb)
    figure = foreground_colourfulness(picture, find_foreground(picture))
    assert figure == pytest.approx(colourfulness(rgb[24:40, 24:40]), abs=0.01)
    assert foreground_colourfulness(picture, Foreground(None, None)) == pytest.approx(colourfulness(rgb), abs=0.01)


def test_of_duplicates_the_one_stays_of_which_most_is_known(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path, "a", "b", "c", "d")
    values = [measured(50, pixels, 1) for pixels in (400, 100, 200, 900)]
    for name, sidecar in {
        "a": '{"author": "Ann"}',
        "b": '{"licence": "CC0", "author": "Ann"}',
        "c": '{"licence": 4}',
    }.items():
        (tmp_path / f"{name}.json").write_text(sidecar)
    curation = Curation(drop_duplicates=True)
    for kept in (1, 2, 0, 3):
        result = choose(pairs, values, curation)
        assert set(result.reasons) == {0, 1, 2, 3} - {kept}
        assert set(result.reasons.values()) == {f"nearly the same as {pairs[kept].name}"}
        (tmp_path / f"{'abcd'[kept]}.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[]", b"\xff", b'{"colourfulness": 1, "pixels": 2}', b'{"a":' * 100_000]
)
def test_damaged_measures_are_taken_again(tmp_path: Path, damaged: bytes) -> None:
    pairs = write_pairs(tmp_path / "art", "a", "b")
    settings = BatchSettings(jobs=1)
    first, _ = measure(pairs, "pictures", tmp_path / "out", settings)
    remembered = tmp_path / "out" / ".colorize-cli" / "measured" / "a.png.json"
    remembered.write_bytes(damaged)
    assert measure(pairs, "pictures", tmp_path / "out", settings)[0] == first
    assert remembered.read_bytes() != damaged
