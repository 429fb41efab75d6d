"""Which split a picture belongs to."""

from collections import Counter

import pytest

from pipelines.core.data.splits import Shares, split_named, split_of
from pipelines.core.errors import SettingsError


def test_a_picture_keeps_its_split_whatever_others_there_are() -> None:
    names = [f"set/hero{number}" for number in range(300)]
    alone = {name: split_of(name, 0, Shares()) for name in names[::7]}
    together = {name: split_of(name, 0, Shares()) for name in names}
    assert all(together[name] == split for name, split in alone.items())


def test_shares_come_out_and_seeds_differ() -> None:
    shares = Shares(val=10, test=20, display=5)
    counts = Counter(split_of(str(number), 1, shares) for number in range(4000))
    for split, percent in {"train": 65, "val": 10, "test": 20, "display": 5}.items():
        deviation = (40 * percent * (100 - percent) / 100) ** 0.5  # of a binomial count
        assert abs(counts[split] - 40 * percent) < 4 * deviation, counts
    assert any(split_of(str(n), 1, shares) != split_of(str(n), 2, shares) for n in range(50))


def test_the_split_of_a_name_is_the_same_on_every_machine() -> None:
    # BLAKE2b-64 of "0\nhero" is 0x9463720b..., 57.97 of 100; of "0\nhero-4" 0x0e..., 5.6
    assert split_of("hero", 0, Shares()) == "train"
    assert split_of("e\u0301", 0, Shares(50, 25, 0)) == split_of("\u00e9", 0, Shares(50, 25, 0))


def test_more_for_validation_moves_nobody_out_of_the_test_set() -> None:
    names = [str(number) for number in range(500)]
    before = {name for name in names if split_of(name, 0, Shares(val=5, test=10)) == "test"}
    after = {name for name in names if split_of(name, 0, Shares(val=30, test=10)) == "test"}
    assert before == after


@pytest.mark.parametrize("shares", [(-1, 10, 0), (60, 50, 0), (40, 40, 40)])
def test_impossible_shares_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(SettingsError, match="percent"):
        Shares(*shares)


@pytest.mark.parametrize(
    ("text", "split"),
    [("valid", "val"), ("train/heroes", "train"), ("art/Test", "test"), ("contest", None), ("", None)],
)
def test_a_folder_may_name_the_split(text: str, split: str | None) -> None:
    assert split_named(text) == split
