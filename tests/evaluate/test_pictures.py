"""Which pictures an evaluation takes: by name, by a list, or those that are there."""

from pathlib import Path

import pytest

from pipelines.core.batch.inputs import Selection
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import NothingMatchedError, UsageError
from pipelines.evaluate.options import References
from pipelines.evaluate.pictures import PictureSet, find_pictures
from tests import drawings


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Truths a/1, a/2, b/1; results a/1 and b/1 of `good`, and one that no truth asks for."""
    for name in ("truth/a/1", "truth/a/2", "truth/b/1", "good/a/1", "good/b/1", "good/extra"):
        drawings.write(tmp_path / f"{name}.png", drawings.two_circles_coloured())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chosen(*listed: str, partial: bool = False, root: str | None = None, **selection: object) -> PictureSet:
    settings = BatchSettings(
        listed=listed or None,
        root=None if root is None else Path(root),
        selection=Selection(**selection),  # type: ignore[arg-type]
    )
    return find_pictures({"good": Path("good")}, References("truth"), Path("report"), settings, partial=partial)


def whole(pictures: PictureSet) -> list[str]:
    return [each.name for each in pictures.jobs if each.job.problem is None]


def failing(pictures: PictureSet) -> dict[str, str]:
    return {each.name: str(each.job.problem) for each in pictures.jobs if each.job.problem is not None}


def test_each_truth_is_a_job_and_each_side_without_the_other_fails(work: Path) -> None:
    pictures = chosen()
    assert whole(pictures) == ["a/1", "b/1"]
    assert failing(pictures) == {
        "a/2": "there is no picture 'a/2' in good. Check the results",
        "extra": "there is no truth 'extra' for it. Check --truth",
    }
    job = pictures.jobs[0].job
    assert dict(job.reads) == {"truth": Path("truth/a/1.png"), "result": Path("good/a/1.png")}
    assert job.outputs == (Path("report/pictures/good/a/1.json"),)
    assert list(pictures.notes()) == []


def test_a_partial_evaluation_takes_what_is_there_and_says_what_is_not(work: Path) -> None:
    pictures = chosen(partial=True)
    assert (whole(pictures), failing(pictures)) == (["a/1", "b/1"], {})
    assert pictures.missing == {"good": ("a/2",)}
    assert list(pictures.notes()) == [
        "good: 1 of 3 pictures are missing and not evaluated: a/2",
        "1 picture has no truth to be held against: extra",
    ]


def test_a_note_names_a_few_of_many_and_shows_what_cannot_be_seen() -> None:
    names = tuple(f"p\x1b{number}" for number in range(7))
    (note,) = PictureSet((), {"flat": names}).notes()
    assert note.endswith(r"p\x1b3, p\x1b4 and 2 more")


def test_nothing_at_all_is_no_partial_evaluation(work: Path) -> None:
    for name in ("a/1", "b/1"):
        (work / f"good/{name}.png").unlink()
    with pytest.raises(NothingMatchedError, match="good has no picture of the truth"):
        chosen(partial=True)


@pytest.mark.parametrize(
    ("listed", "root", "names"),
    [
        (("good/a/1.png",), None, ["a/1"]),
        (("truth/b/1.png", "good/b/1.png"), None, ["b/1"]),
        (("a/1.jpg", "b/1"), None, ["a/1", "b/1"]),
        (("good/b",), None, ["b/1"]),
        (("elsewhere/b/1.png",), "elsewhere", ["b/1"]),
        (("./good/../good/a/1.png",), None, ["a/1"]),
    ],
)
def test_a_list_chooses_by_the_path_of_any_side(
    work: Path, listed: tuple[str, ...], root: str | None, names: list[str]
) -> None:
    pictures = chosen(*listed, root=root)
    assert whole(pictures) == names
    assert failing(pictures) == {}, "and nobody asks for the others"


def test_what_a_list_names_and_is_not_there_is_said(work: Path) -> None:
    pictures = chosen("good/a/1.png", "truth/a/2.png", "README.md")
    assert set(failing(pictures)) == {"a/2", "README"}
    partial = chosen("good/a/1.png", "truth/a/2.png", "README.md", partial=True)
    assert (whole(partial), partial.missing, partial.strays) == (["a/1"], {"good": ("a/2",)}, ("README",))
    assert whole(chosen(str(work / "good/a/1.png"))) == ["a/1"], "whole paths are read too"


def test_a_list_that_names_no_truth_is_nothing_to_do(work: Path) -> None:
    settings = BatchSettings(listed=())
    with pytest.raises(NothingMatchedError, match="the list names no picture"):
        find_pictures({"good": Path("good")}, References("truth"), Path("report"), settings)


def test_a_selection_asks_for_no_result_beyond_it(work: Path) -> None:
    pictures = chosen(include=("a/*",))
    assert (whole(pictures), set(failing(pictures))) == (["a/1"], {"a/2"})


def test_places_that_do_not_fit_are_refused(work: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        find_pictures({"good": Path("good")}, References("nowhere"), Path("report"), BatchSettings())
    with pytest.raises(UsageError, match="one of results and --truth is a file"):
        find_pictures({"x": Path("good/a/1.png")}, References("truth"), Path("report"), BatchSettings())
