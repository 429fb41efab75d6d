"""What is carried, and its bounds."""

import pytest

from pipelines.core.imaging.metadata.picture_metadata import (
    MOST_BYTES,
    MOST_TEXTS,
    PictureMetadata,
    Text,
    bounded,
    per_metre,
)


def kept(*texts: tuple[str, str]) -> list[tuple[str, str]]:
    metadata = bounded(None, [Text(*text) for text in texts], is_tagged=True)
    assert metadata is not None
    return [tuple(text) for text in metadata.texts]


def test_a_file_that_says_nothing_has_no_metadata() -> None:
    assert bounded(None, [], is_tagged=False) is None
    assert bounded(None, [Text("Author", " ")], is_tagged=False) is None
    assert bounded(None, [], is_tagged=True) == PictureMetadata()


def test_texts_stay_in_their_order_and_stand_once() -> None:
    assert kept(("Title", "b"), ("Author", "ü\r\n線"), ("Title", "a"), ("Title", "b")) == [
        ("Title", "b"),
        ("Author", "ü\n線"),
        ("Title", "a"),
    ]


@pytest.mark.parametrize(
    "keyword",
    [
        *("", "x" * 80, "two  spaces", "線", "a\nb", "Raw profile type exif", "XML:com.adobe.xmp", "exif:GPSLatitude"),
        *("date:create", "Thumb::Image::Width", "GPS position", "Location"),
    ],
)
def test_what_is_no_keyword_or_gives_somebody_away_is_left_out(keyword: str) -> None:
    assert kept((keyword, "text"), ("Author", "Ann")) == [("Author", "Ann")]


@pytest.mark.parametrize("value", ["", " \n", "a\0b", "bell\a", "\x1b[31m", "\x85", "x" * (MOST_BYTES + 1), "\ud800"])
def test_what_cannot_be_printed_is_left_out(value: str) -> None:
    assert kept(("Comment", value), ("Author", "Ann")) == [("Author", "Ann")]


def test_what_has_no_room_left_is_left_out() -> None:
    assert kept(("a", "é" * 30_000), ("b", "x" * 6_000), ("c", "short")) == [("a", "é" * 30_000), ("c", "short")]
    assert len(kept(*((f"key{number}", "x") for number in range(100)))) == MOST_TEXTS


@pytest.mark.parametrize("inch", [10, 72, 96, 150, 300, 350, 600, 1200, 2400])
def test_whole_dots_per_inch_come_back_whole(inch: int) -> None:
    density = per_metre(inch, inch)
    assert density is not None
    assert PictureMetadata(density).dots_per_inch == (inch, inch)


def test_dots_per_inch_by_hand() -> None:
    assert per_metre(600, 300) == (23622, 11811)
    assert PictureMetadata((10_001, 23622)).dots_per_inch == (pytest.approx(254.0254), 600)


@pytest.mark.parametrize("number", [0.0, -72.0, 1.0, float("inf"), float("nan"), 1e9])
def test_what_is_no_density_is_none(number: float) -> None:
    assert per_metre(number, 300) is None
    assert per_metre(300, number) is None


def test_turning_exchanges_the_densities() -> None:
    assert PictureMetadata((1, 2)).turned() == PictureMetadata((2, 1))
    assert PictureMetadata().turned() == PictureMetadata()


def test_a_text_is_found_by_any_of_its_keywords() -> None:
    metadata = PictureMetadata(texts=(Text("ARTIST", "Ann"), Text("Author", "Bob")))
    assert metadata.text("Author") == "Bob"
    assert metadata.text("author", "artist") == "Ann"
    assert metadata.text("Title") is None
