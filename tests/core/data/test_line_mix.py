"""Kinds of lines mixed by shares: how that is written, which samples belong together, how likely each is."""

import pytest

from pipelines.core.data.line_mix import check_kinds, mix_lines, parse_line_mix, single_samples
from pipelines.core.data.manifest import Sample
from pipelines.core.errors import SettingsError, UsageError


def sample(name: str, lines: str, hints: str = "kmedoids") -> Sample:
    return Sample(name, lines, hints, colour=f"{name}.png", lines=lines, hints=hints, composite="")


def test_a_mix_is_read_with_the_manifests_names() -> None:
    assert parse_line_mix(" own=.4, adaptive=.5,xdog:paintstorch=.1") == {
        "own": 0.4,
        "adaptive": 0.5,
        "xdog-paintstorch": 0.1,
    }
    assert parse_line_mix("") == {}
    assert parse_line_mix("own=1") == {"own": 1.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("own", "'own' is no kind of lines with its share"),
        ("own=much", "'own=much' is no kind"),
        ("=1", "'=1' is no kind"),
        ("own=0,adaptive=1", "'own=0' is no kind"),
        ("own=-1,adaptive=2", "'own=-1' is no kind"),
        ("own=nan", "'own=nan' is no kind"),
        ("own=.4,adaptive=.5", r"add up to 0\.9, not to 1"),
        ("xdog:salac=.5,xdog-salac=.5", "names xdog-salac twice"),
    ],
)
def test_what_is_no_mix_is_refused_with_an_example(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_line_mix(text)


def test_the_samples_of_a_picture_are_drawn_by_the_shares_of_their_lines() -> None:
    samples = [(0, sample("a", "own")), (0, sample("b", "own")), (0, sample("a", "adaptive")), (1, sample("a", "own"))]
    samples += [(0, sample("b", "adaptive")), (1, sample("a", "adaptive"))]
    mixed = mix_lines(samples, {"own": 0.3, "adaptive": 0.7})
    assert [picture.numbers for picture in mixed.pictures] == [(0, 2), (1, 4), (3, 5)], "datasets are kept apart"
    assert all(picture.chances.tolist() == pytest.approx([0.3, 0.7]) for picture in mixed.pictures)
    assert mixed.notes == ()


def test_hint_maps_of_one_kind_of_lines_share_its_chance() -> None:
    samples = [(0, sample("a", "own", "h")), (0, sample("a", "own", "h-1")), (0, sample("a", "adaptive", "h"))]
    (picture,) = mix_lines(samples, {"own": 0.5, "adaptive": 0.5}).pictures
    assert picture.chances.tolist() == pytest.approx([0.25, 0.25, 0.5])


def test_a_picture_without_a_kind_draws_its_others_and_one_without_any_is_left_out() -> None:
    samples = [(0, sample("a", "own")), (0, sample("a", "adaptive")), (0, sample("b", "adaptive"))]
    samples += [(0, sample("c", "xdog")), (0, sample("a", "xdog"))]
    mixed = mix_lines(samples, {"own": 0.2, "adaptive": 0.8})
    assert [picture.numbers for picture in mixed.pictures] == [(0, 1), (2,)]
    assert mixed.pictures[1].chances.tolist() == [1.0]
    assert mixed.notes == (
        "1 of 3 pictures lack a kind of the line mix: their other kinds take its share",
        "1 of 3 pictures have none of own, adaptive: they are left out",
    )


def test_a_kind_that_no_picture_has_is_refused_with_those_that_are_there() -> None:
    samples = [sample("a", "own"), sample("a", "adaptive")]
    with pytest.raises(UsageError, match=r"no lines of the kind xdog-clean: it has adaptive, own") as raised:
        check_kinds(samples, {"own": 0.5, "xdog-clean": 0.5})
    assert "--line-method xdog:clean" in raised.value.hint
    check_kinds(samples, {"own": 0.5, "adaptive": 0.5})
    check_kinds([], {"own": 1.0})  # a split without pictures has nothing to refuse


def test_without_a_mix_every_sample_is_for_itself() -> None:
    assert [picture.numbers for picture in single_samples(3).pictures] == [(0,), (1,), (2,)]
