"""The image pool: what it remembers, swaps and restores."""

import pytest
import torch
from torch import Tensor

from pipelines.nn.image_pool import ImagePool

pytestmark = pytest.mark.usefixtures("one_thread")


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).clone()


def numbers(pictures: Tensor | None) -> list[int]:
    return [] if pictures is None else [int(value) for value in pictures[:, 0, 0, 0]]


def full(capacity: int) -> ImagePool:
    pool = ImagePool(capacity)
    for number in range(capacity):
        pool.swap(numbered(number))
    return pool


def test_it_holds_50_pictures_and_fills_before_it_swaps() -> None:
    pool = ImagePool()
    assert pool.state() is None
    for number in range(50):
        assert numbers(pool.swap(numbered(number))) == [number]
        assert numbers(pool.state()) == list(range(number + 1))


def test_full_it_gives_back_an_old_picture_half_of_the_time_and_keeps_the_new_one() -> None:
    torch.manual_seed(1)
    pool, swapped = full(10), 0
    places = set()
    for number in range(10, 1010):
        before = numbers(pool.state())
        (given,) = numbers(pool.swap(numbered(number)))
        after = numbers(pool.state())
        if given == number:
            assert after == before
            continue
        swapped += 1
        place = before.index(given)
        places.add(place)
        assert after == [*before[:place], number, *before[place + 1 :]]
    assert 440 < swapped < 560  # 500 +- 4 deviations
    assert places == set(range(10))


def test_a_batch_is_swapped_picture_by_picture_and_not_written_to() -> None:
    torch.manual_seed(2)
    pool = full(4)
    fresh = numbered(*range(100, 140))
    before = fresh.clone()
    given = numbers(pool.swap(fresh))
    assert torch.equal(fresh, before)
    assert 10 < sum(mine == theirs for mine, theirs in zip(given, numbers(fresh), strict=True)) < 30
    assert sorted(given + numbers(pool.state())) == [0, 1, 2, 3, *range(100, 140)]  # none is lost, none is doubled


def test_what_comes_back_has_no_gradient() -> None:
    picture = numbered(1).requires_grad_() * 2
    assert not ImagePool().swap(picture).requires_grad
    assert not ImagePool(0).swap(picture).requires_grad


def test_without_room_everything_passes() -> None:
    pool = ImagePool(0)
    assert numbers(pool.swap(numbered(7, 8))) == [7, 8]
    assert pool.state() is None
    pool.restore(None)


def test_what_is_kept_stays_when_the_caller_writes_to_its_pictures() -> None:
    pool, picture = ImagePool(2), numbered(1)
    pool.swap(picture)
    picture.zero_()
    assert numbers(pool.state()) == [1]


@pytest.mark.parametrize("shown", [3, 40])
def test_restored_it_goes_on_as_if_nothing_had_happened(shown: int) -> None:
    torch.manual_seed(3)
    pool = ImagePool(10)
    for number in range(shown):
        pool.swap(numbered(number))
    state = pool.state()
    assert state is not None
    again = ImagePool(10)
    again.restore(state.clone())
    results = []
    for each in (pool, again):
        torch.manual_seed(4)
        results.append([numbers(each.swap(numbered(number))) for number in range(100, 150)])
    assert results[0] == results[1]
