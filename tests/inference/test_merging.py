"""Facts about merging: which layer lies on which, what becomes of paper and ink, what is refused."""

import numpy as np
import pytest

from pipelines.core.errors import SettingsError, UsageError
from pipelines.inference.merging import Merge, ResolvedMerge, resolve_merge
from pipelines.inference.model_source import ModelSource
from pipelines.inference.types import ColorResult, Steps
from tests import drawings

RED = drawings.RED


def sources(*labels: str) -> list[ModelSource]:
    return [ModelSource(label, "flat", None) for label in labels]


def result(colour: tuple[int, int, int], flats: tuple[int, int, int], *, ink: int = 0) -> ColorResult:
    """A picture of one colour on flats of another."""
    filled, flat = (np.full((2, 2, 3), levels, np.uint8) for levels in (colour, flats))
    nowhere = np.zeros((2, 2), bool)
    inked = np.full(3, ink, np.uint8)
    return ColorResult(filled, flat, nowhere, np.ones((2, 2), np.int32), inked, Steps({"raw": lambda: filled}))


# the layers -------------------------------------------------------------------------------------------------


def test_what_is_merged_stays_paper_where_the_upper_layer_comes_to_nothing() -> None:
    base, top = (np.full((1, 4, 3), 255, np.uint8) for _ in range(2))
    base[0, 3] = RED
    top[0, 1:3] = (250, 240, 200), (40, 40, 40)
    paper = (base.min(axis=2) == 255, top.min(axis=2) == 255)
    made = {
        name: ColorResult(colour, colour, ground, np.ones(ground.shape, np.int32))
        for name, colour, ground in zip("ab", (base, top), paper, strict=True)
    }
    assert ResolvedMerge("divide", "a", ("b",), 0.1).merge(made).background.tolist() == [[True, True, True, False]]
    assert ResolvedMerge("normal", "a", ("b",), 1.0).merge(made).background.tolist() == [[True, False, False, False]]
    assert ResolvedMerge("divide", "b", ("a",), 0.1).merge(made).background.tolist() == [[True, False, False, True]]


def test_shading_takes_the_light_of_the_upper_layer_and_none_of_its_colour() -> None:
    results = {"a": result((200, 100, 50), (200, 100, 50)), "b": result((60, 60, 60), (120, 120, 120))}
    shaded = ResolvedMerge("shading", "a", ("b",), 1.0).merge(results)
    assert np.abs(shaded.colour.astype(int) - (100, 50, 25)).max() <= 1
    flat = results | {"b": result((10, 250, 90), (10, 250, 90))}  # what is not shaded shades nothing
    assert np.array_equal(ResolvedMerge("shading", "a", ("b",), 1.0).merge(flat).colour, results["a"].colour)


@pytest.mark.parametrize("mode", ["shading", "divide", "normal", "multiply"])
def test_an_upper_layer_of_no_opacity_changes_nothing(mode: str) -> None:
    results = {"a": result(RED, RED), "b": result((20, 200, 90), (30, 240, 120))}
    merged = ResolvedMerge(mode, "a", ("b",), 0.0).merge(results)
    assert np.array_equal(merged.colour, results["a"].colour)


def test_upper_layers_lie_on_one_another_in_their_order() -> None:
    results = {name: result(colour, colour) for name, colour in zip("abc", ((9, 9, 9), RED, (1, 2, 3)), strict=True)}
    assert (ResolvedMerge("normal", "a", ("c", "b"), 1.0).merge(results).colour == RED).all()
    assert (ResolvedMerge("normal", "a", ("b", "c"), 1.0).merge(results).colour == (1, 2, 3)).all()


def test_flats_and_areas_are_the_bases_and_ink_that_of_the_first_which_knows_one() -> None:
    results = {"a": result(RED, (1, 1, 1)), "b": result(RED, (2, 2, 2), ink=70), "c": result(RED, RED, ink=90)}
    merged = ResolvedMerge("normal", "a", ("b", "c"), 0.5).merge(results)
    assert merged.flats is results["a"].flats and merged.areas is results["a"].areas
    assert (merged.ink == 70).all()
    assert not merged.steps, "a merge has none of its own"
    assert (ResolvedMerge("normal", "c", ("b",), 0.5).merge(results).ink == 90).all()


# which of them ----------------------------------------------------------------------------------------------


def test_one_model_is_not_merged_and_several_are_by_the_first_and_all_others() -> None:
    assert resolve_merge(Merge(), sources("a")) is None
    assert resolve_merge(Merge(), sources("a", "b", "c")) == ResolvedMerge("shading", "a", ("b", "c"), 0.2)
    assert resolve_merge(Merge(top="a"), sources("a", "b", "c")) == ResolvedMerge("shading", "b", ("a",), 0.2)
    assert resolve_merge(Merge(base="b"), sources("a", "b", "c")) == ResolvedMerge("shading", "b", ("a", "c"), 0.2)


@pytest.mark.parametrize(
    ("mode", "opacity", "wanted"),
    [("divide", None, 0.05), ("normal", None, 1), ("divide", 0, 0), ("shading", 0.7, 0.7)],
)
def test_opacity_is_what_is_asked_for_else_what_serves_the_mode(
    mode: str, opacity: float | None, wanted: float
) -> None:
    merge = resolve_merge(Merge(mode, opacity=opacity), sources("a", "b"))
    assert merge is not None
    assert (merge.mode, merge.opacity) == (mode, wanted)


@pytest.mark.parametrize("merge", [Merge("divide"), Merge(base="a"), Merge(opacity=0.5)])
def test_one_model_alone_has_nothing_to_merge(merge: Merge) -> None:
    with pytest.raises(UsageError, match="nothing to merge"):
        resolve_merge(merge, sources("a"))


def test_layers_that_are_not_there_or_the_same_are_refused() -> None:
    with pytest.raises(UsageError, match="--merge-top: no model is called 'pix'") as raised:
        resolve_merge(Merge(top="pix"), sources("pix2", "flat"))
    assert "pix2" in raised.value.hint
    with pytest.raises(UsageError, match="both base and top"):
        resolve_merge(Merge(base="a", top="a"), sources("a", "b"))


def test_ways_and_opacities_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SettingsError, match="no way to merge called 'divid'") as raised:
        Merge("divid")
    assert "Did you mean 'divide'?" in raised.value.hint
    for opacity in (-0.1, 1.1, float("nan")):
        with pytest.raises(SettingsError, match="opacity"):
            Merge(opacity=opacity)
