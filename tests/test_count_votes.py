"""Votes become preference rates and opinion scores."""

import json
import math
from pathlib import Path

import pytest

from pipelines.core.errors import UsageError
from pipelines.count_votes import count_votes


def votes_file(path: Path, choices: list[str], ratings: list[int]) -> str:
    pairs = [{"name": "a", "left": "flat", "right": "pix2pix", "choice": choice} for choice in choices]
    rated = [{"name": "a", "method": "flat", "rating": rating} for rating in ratings]
    shown = {"pairs": len(pairs) + 1, "ratings": len(rated)}
    path.write_text(json.dumps({"kind": "colorize-cli votes", "shown": shown, "pairs": pairs, "ratings": rated}))
    return str(path)


def test_votes_become_rates_and_scores_with_intervals(tmp_path: Path) -> None:
    first = votes_file(tmp_path / "1.json", ["right"] * 6 + ["left"], [4, 5])
    second = votes_file(tmp_path / "2.json", ["right", "tie", "tie"], [3])
    count = count_votes([first, second])
    (preference,) = count.preferences
    assert (preference.first_wins, preference.second_wins, preference.ties, preference.n) == (1, 7, 2, 10)
    assert preference.rate == pytest.approx(0.8)  # (7 + 2 / 2) / 10
    assert preference.interval.low == pytest.approx(0.4902, abs=1e-3)  # Wilson, 8 of 10
    assert preference.p == pytest.approx(2 * 9 / 2**8)  # 7 of 8 or more, two-sided
    (opinion,) = count.opinions
    assert (opinion.score, opinion.n) == (4.0, 3)
    assert 3 <= opinion.interval.low <= 4 <= opinion.interval.high <= 5
    assert count.unanswered == 2
    assert "pix2pix preferred to flat: 80 %" in count.table
    assert "n = 10" in count.table
    assert "flat: mean opinion score 4.00" in count.table
    assert count.summary()["preferences"][0]["rate"] == pytest.approx(0.8)


def test_one_rating_has_a_score_without_an_interval(tmp_path: Path) -> None:
    count = count_votes([votes_file(tmp_path / "1.json", [], [4])])
    assert "flat: mean opinion score 4.00, n = 1" in count.table
    assert count.summary()["opinions"][0]["interval"] == {"low": "-inf", "high": "inf"}


def test_which_side_a_picture_was_on_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    pairs = [
        {"name": "a", "left": "flat", "right": "mine", "choice": "right"},
        {"name": "b", "left": "mine", "right": "flat", "choice": "left"},
    ]
    shown = {"pairs": 2, "ratings": 0}
    path.write_text(json.dumps({"kind": "colorize-cli votes", "shown": shown, "pairs": pairs, "ratings": []}))
    (preference,) = count_votes([str(path)]).preferences
    assert (preference.first, preference.second) == ("flat", "mine")
    assert (preference.first_wins, preference.second_wins) == (0, 2)


VOTE = {"name": "a", "left": "flat", "right": "mine", "choice": "left"}
RATING = {"name": "a", "method": "flat", "rating": 4}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": 5}, "kind is 5, not a text"),
        ({"pairs": {}}, "pairs is an object, not a list"),
        ({"pairs": [VOTE, 7]}, r"pairs\[1\] is 7, not an object"),
        ({"pairs": [VOTE | {"left": ["x"]}]}, r"pairs\[0\].left is a list, not a text"),
        ({"pairs": [VOTE | {"left": ""}]}, r'pairs\[0\].left is "", not the name of a method'),
        ({"pairs": [VOTE | {"left": "mine"}]}, r'pairs\[0\].right is "mine", not another method'),
        ({"pairs": [VOTE | {"choice": "up"}]}, r'pairs\[0\].choice is "up", not one of left, right, tie'),
        ({"pairs": [VOTE | {"choice": ["left"]}]}, r"pairs\[0\].choice is a list, not a text"),
        ({"ratings": [RATING | {"rating": True}]}, r"ratings\[0\].rating is true, not a whole number"),
        ({"ratings": [RATING | {"rating": math.nan}]}, r"ratings\[0\].rating is null, not a whole number"),
        ({"ratings": [RATING | {"rating": 6}]}, r"ratings\[0\].rating is 6, not one of 1, 2, 3, 4, 5"),
        ({"shown": {"pairs": 0, "ratings": 1}}, "shown.pairs is 0, not at least 1"),
        ({"shown": {"pairs": 1}}, "shown.ratings is missing"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    whole = {
        "kind": "colorize-cli votes",
        "shown": {"pairs": 1, "ratings": 1},
        "pairs": [VOTE],
        "ratings": [RATING],
    }
    path = tmp_path / "v.json"
    path.write_text(json.dumps(whole))
    assert count_votes([str(path)]).voters == 1
    path.write_text(json.dumps(whole | changed))
    with pytest.raises(UsageError, match=words):
        count_votes([str(path)])


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"kind":' * 100_000, b"\xff\xfe\xfd", b"9" * 5000])
def test_damage_of_every_kind_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(UsageError, match="is no file of votes: it is damaged or cut short"):
        count_votes([str(tmp_path / "v.json")])


def test_names_of_methods_steer_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    shown = {"pairs": 1, "ratings": 1}
    vote, rating = VOTE | {"left": "\x1b[31mred\nline"}, RATING | {"method": "\x9b2J\u202e"}
    content = {"kind": "colorize-cli votes", "shown": shown, "pairs": [vote], "ratings": [rating]}
    path.write_text(json.dumps(content), encoding="utf-8")
    table = count_votes([str(path)]).table
    assert len(table.splitlines()) == 3
    assert all(line.isprintable() for line in table.splitlines())


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "other"}', '{"kind": "colorize-cli votes", "pairs": [{}]}'])
def test_files_that_are_no_votes_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(UsageError, match=r"is no file of votes|cannot be read"):
        count_votes([str(tmp_path / "v.json")])
