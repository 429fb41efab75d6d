"""Which pictures a command finds, and under which relative path."""

import os
import unicodedata
from pathlib import Path, PurePosixPath

import pytest

from pipelines.core.batch.folders import mark_auxiliary, remove_if_empty
from pipelines.core.batch.inputs import CompanionFiles, Selection, find_sources, natural_key
from pipelines.core.batch.journal import Journal, JournalEntry
from pipelines.core.errors import NothingMatchedError, UsageError
from pipelines.core.files import show_path
from tests.core.batch.test_folders import refuse_scans_of


def names(inputs: list[str], selection: Selection | None = None, **more: object) -> list[str]:
    return [str(source.relative) for source in find_sources(inputs, selection, **more)]  # type: ignore[arg-type]


def test_folders_are_walked_in_natural_order_and_hidden_names_left_out(art: Path) -> None:
    assert names([str(art)]) == ["deep/a.JPG", "deep/er/b.webp", "frame2.png", "frame10.png"]


def test_no_recursive_stays_in_the_folder(art: Path) -> None:
    assert names([str(art)], Selection(recursive=False)) == ["frame2.png", "frame10.png"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["frame2.png", "frame10.png"]),
        ("**/*.JPG", ["deep/a.JPG"]),
        ("d*/*", ["deep/a.JPG", "deep/er/b.webp"]),
        ("frame?.png", ["frame2.png"]),
    ],
)
def test_quoted_patterns_keep_the_path_below_their_fixed_part(art: Path, pattern: str, expected: list[str]) -> None:
    assert names([f"{art}/{pattern}"]) == expected


def test_a_named_file_keeps_its_name_and_is_taken_whatever_its_suffix(art: Path) -> None:
    assert names([str(art / "deep" / "a.JPG"), str(art / "notes.txt")]) == ["a.JPG", "notes.txt"]


def test_a_list_keeps_relative_folders(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    listed = ["deep/a.JPG", str(art / "frame2.png")]
    assert names([], listed=listed) == ["deep/a.JPG", "frame2.png"]


def test_include_exclude_and_limit(art: Path) -> None:
    assert names([str(art)], Selection(include=("*.png",))) == ["frame2.png", "frame10.png"]
    assert names([str(art)], Selection(exclude=("deep/*",), limit=1)) == ["frame2.png"]


def test_each_file_once_and_link_loops_end(art: Path) -> None:
    (art / "deep" / "up").symlink_to(art)
    assert names([str(art), str(art / "frame2.png")]).count("frame2.png") == 1


def test_a_file_named_twice_keeps_the_path_of_its_first_mention(art: Path) -> None:
    assert names([str(art / "deep"), str(art)]) == ["a.JPG", "er/b.webp", "frame2.png", "frame10.png"]
    assert names([str(art), str(art / "deep")])[:2] == ["deep/a.JPG", "deep/er/b.webp"]


def test_the_output_folder_inside_the_input_is_left_out(art: Path) -> None:
    (art / "out").mkdir()
    (art / "out" / "frame2.png").write_bytes(b"x")
    assert "out/frame2.png" not in names([str(art)], exclude=[art / "out"])
    assert "out/frame2.png" not in names([f"{art}/**/*.png"], exclude=[art / "out"])


def test_a_missing_path_and_an_empty_folder_have_their_own_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        find_sources([str(tmp_path / "nowhere")])
    with pytest.raises(NothingMatchedError, match="no picture found") as caught:
        find_sources([str(tmp_path)])
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("given", ["{art}", "{art}/**/*.png", "{art}/*"])
def test_a_folder_that_cannot_be_read_becomes_one_input_that_fails(
    art: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    refuse_scans_of("deep", monkeypatch)
    sources = find_sources([given.format(art=art)])
    assert [str(source.relative) for source in sources] == ["deep", "frame2.png", "frame10.png"]
    assert [source.problem is not None for source in sources] == [True, False, False]
    assert names([str(art)], Selection(exclude=("deep",))) == ["frame2.png", "frame10.png"]


def test_a_folder_that_a_pattern_leads_to_and_that_cannot_be_read_is_an_input_that_fails(
    art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_scans_of("er", monkeypatch)
    sources = find_sources([f"{art}/deep/*/*.webp", f"{art}/*.png"])
    assert [str(source.relative) for source in sources if source.problem] == ["er"]
    with pytest.raises(NothingMatchedError):
        find_sources([f"{art}/nowhere/*.png"])


def test_names_of_every_kind_are_found_and_shown_on_one_line(tmp_path: Path) -> None:
    for name in ("ドラゴン.png", "with space.png", "new\nline.png", "[brackets].png"):
        (tmp_path / name).write_bytes(b"x")
    assert len(find_sources([str(tmp_path)])) == 4
    assert names([str(tmp_path / "[brackets].png")]) == ["[brackets].png"]
    assert show_path("new\nline.png") == r"new\nline.png"
    assert show_path("ドラゴン.png") == "ドラゴン.png"


def test_natural_order_compares_digits_as_numbers() -> None:
    assert sorted(["a10", "a9", "a09b", "A1", "10", "9"], key=natural_key) == ["9", "10", "A1", "a9", "a09b", "a10"]


def test_partners_are_found_by_relative_path_whatever_the_suffix(art: Path) -> None:
    partners = CompanionFiles(art, "--hints")
    source = find_sources([str(art / "deep")])[0]
    assert partners.of(source.relative) is None
    assert partners.of(source.relative.parent / "deep" / "a.png") == art / "deep" / "a.JPG"
    with pytest.raises(UsageError, match="Check --hints"):
        CompanionFiles(art / "nowhere", "--hints")


def test_a_list_can_begin_at_a_root_and_may_name_folders(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art.parent)
    assert names([], listed=["art/deep/a.JPG", "art/frame2.png"], root=Path("art")) == ["deep/a.JPG", "frame2.png"]
    assert names([], listed=["art/deep"]) == ["art/deep/a.JPG", "art/deep/er/b.webp"]
    monkeypatch.chdir(art)
    assert names([], listed=["."]) == ["deep/a.JPG", "deep/er/b.webp", "frame2.png", "frame10.png"]
    with pytest.raises(NothingMatchedError):
        names([], listed=[])


def test_a_linked_picture_is_a_picture_of_its_own(art: Path) -> None:
    (art / "also.png").symlink_to(art / "frame2.png")
    assert "also.png" in names([str(art)])
    assert "frame2.png" in names([str(art)])


def test_pipes_in_a_folder_are_passed_over(art: Path) -> None:
    os.mkfifo(art / "pipe.png")
    assert "pipe.png" not in names([str(art)])


@pytest.mark.parametrize("pattern", ["deep", "deep/", "deep/*"])
def test_a_folder_can_be_excluded_by_its_name(art: Path, pattern: str) -> None:
    assert names([str(art)], Selection(exclude=(pattern,))) == ["frame2.png", "frame10.png"]


def test_two_stars_match_no_folder_too(art: Path) -> None:
    assert names([str(art)], Selection(include=("**/*.png",))) == ["frame2.png", "frame10.png"]


def test_an_output_above_the_pattern_hides_nothing(art: Path) -> None:
    assert names([f"{art}/*.png"], exclude=[art]) == ["frame2.png", "frame10.png"]


def test_numbers_of_any_length_sort() -> None:
    assert sorted(["9" * 5000, "1" + "0" * 5000, "7"], key=natural_key)[0] == "7"


def test_two_partners_of_one_name_are_refused(art: Path) -> None:
    (art / "frame2.jpg").write_bytes(b"x")
    partners = CompanionFiles(art, "--hints")
    with pytest.raises(UsageError, match="have the same name"):
        partners.of(find_sources([str(art / "frame2.png")])[0].relative)


def test_partners_nobody_asked_for_are_known(art: Path) -> None:
    partners = CompanionFiles(art, "--hints")
    partners.of(find_sources([str(art / "frame2.png")])[0].relative)
    assert art / "frame10.png" in partners.unused()
    assert art / "frame2.png" not in partners.unused()


def test_what_runs_wrote_beside_results_is_no_input_but_where_it_is_named(art: Path) -> None:
    hints = art / "hints"
    hints.mkdir()
    (art / "deep" / "preview.png").write_bytes(b"x")
    for name in ("a.png", "b.png"):
        (hints / name).write_bytes(b"x")
    Journal(hints).add("a.png", JournalEntry("make-hints", "", "", (), results=0))
    Journal(art / "deep").add("a.JPG", JournalEntry("regions", "", "", (), beside=("preview.png",), results=1))
    expected = ["deep/a.JPG", "deep/er/b.webp", "frame2.png", "frame10.png", "hints/b.png"]
    assert names([str(art)]) == expected
    assert names([f"{art}/**/*.*"]) == expected
    assert names([str(hints)]) == names([f"{hints}/*.png"]) == ["a.png", "b.png"]
    assert names([str(hints / "a.png")]) == ["a.png"]
    assert CompanionFiles(art, "--hints").of(PurePosixPath("hints/a.png")) == hints / "a.png"


def test_a_pattern_passes_over_marked_folders_as_a_walk_does(art: Path) -> None:
    mark_auxiliary(art / "deep")
    assert names([f"{art}/**/*.*"]) == names([str(art)]) == ["frame2.png", "frame10.png"]
    assert names([f"{art}/deep/**/*.*"]) == ["a.JPG", "er/b.webp"]


def test_a_folder_is_removed_where_nothing_but_the_mark_is_in_it(tmp_path: Path) -> None:
    for name in ("empty", "marked", "full"):
        (tmp_path / name).mkdir()
    mark_auxiliary(tmp_path / "marked")
    (tmp_path / "full" / "a").touch()
    assert [remove_if_empty(tmp_path / name) for name in ("empty", "marked", "full", "none")] == [
        True,
        True,
        False,
        False,
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_on_a_full_disk_a_folder_stays_unmarked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    mark_auxiliary(tmp_path)


# lists and roots


def problems(listed: list[str], root: Path | None) -> dict[str, bool]:
    return {str(source.relative): source.problem is not None for source in find_sources([], listed=listed, root=root)}


def test_a_listed_path_that_is_not_below_the_root_has_a_problem(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art.parent)
    (art / "link").symlink_to(art / "deep" / "er")
    listed = ["art/deep/a.JPG", "art/deep/../frame2.png", "art/frame10.png", "art/link/../a.JPG", "art", "/", ".."]
    assert problems(listed, art / "deep") == {
        "a.JPG": False,
        "frame2.png": True,
        "frame10.png": True,
        "art": True,
        "unnamed": True,
    }
    with pytest.raises(NothingMatchedError):
        find_sources([], listed=[])


@pytest.mark.parametrize("root", ["art", "../{parent}/art", "{folder}/art", "{folder}/other/../art", "linked"])
def test_a_root_may_be_written_in_every_way(art: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    folder = art.parent
    monkeypatch.chdir(folder)
    (folder / "other").mkdir()
    (folder / "linked").symlink_to(art)
    place = Path(root.format(parent=folder.name, folder=folder))
    for text in ("art/deep/a.JPG", f"{art}/deep/a.JPG", f"../{folder.name}/art/deep/a.JPG", "art/deep/er/../a.JPG"):
        assert problems([text], place) == {"deep/a.JPG": False}


@pytest.mark.parametrize("given", ["x/*/../../other/*.png", "x/../other/*.png", "x/*/../b.png"])
def test_no_pattern_and_no_list_leads_out_of_the_output(tmp_path: Path, given: str) -> None:
    for name in ("x/y/a.png", "x/b.png", "other/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert not any(".." in name or name.startswith("/") for name in names([f"{tmp_path}/{given}"]))


def test_a_listed_path_keeps_its_folders_however_it_is_written(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    assert names([], listed=["deep/er/../a.JPG"]) == ["deep/a.JPG"]
    monkeypatch.chdir(art / "deep")
    assert names([], listed=["../frame2.png", "../nowhere/.."]) == ["frame2.png", "unnamed"]


def test_pipes_and_devices_of_a_list_and_named_devices_have_a_problem(art: Path) -> None:
    os.mkfifo(art / "pipe")
    (art / "link.png").symlink_to("/dev/zero")
    assert problems([str(art / "pipe"), str(art / "link.png")], art) == {"pipe": True, "link.png": True}
    assert [source.problem is None for source in find_sources([str(art / "pipe"), str(art / "link.png")])] == [
        False,
        True,
    ]
    with pytest.raises(UsageError, match="is a device"):
        CompanionFiles(art / "link.png", "--hints")


@pytest.mark.parametrize("pattern", ["*", "**/*"])
def test_patterns_pass_over_what_folders_do(art: Path, pattern: str) -> None:
    os.mkfifo(art / "pipe.png")
    (art / "@eaDir").mkdir()
    (art / "@eaDir" / "thumb.png").write_bytes(b"x")
    (art / "a.psd").write_bytes(b"x")
    sources = find_sources([f"{art}/{pattern}"])
    assert not any("thumb" in str(source.relative) or "pipe" in str(source.relative) for source in sources)
    assert sources.passed_over == {".psd": 1, "pipes and devices": 1}


def test_what_is_passed_over_is_counted_where_it_is_selected(art: Path) -> None:
    (art / "deep" / "a.psd").write_bytes(b"x")
    assert find_sources([str(art)]).passed_over == {".psd": 1}
    assert find_sources([str(art)], Selection(exclude=("*.psd",))).passed_over == {}
    with pytest.raises(NothingMatchedError, match=r"Passed over: \.psd \(1\)"):
        find_sources([str(art)], Selection(include=("*.psd",)))


def test_standard_input_is_named_once() -> None:
    with pytest.raises(UsageError, match="named twice"):
        find_sources(["-", "-"])


# partners


def test_names_that_differ_in_unicode_form_are_partners_where_nothing_else_matches(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Größe-ガ") for form in ("NFC", "NFD"))
    for name in (f"{decomposed}/{decomposed}.png", f"{composed}.png", f"{decomposed}.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    partners = CompanionFiles(tmp_path, "--hints")
    assert partners.of(PurePosixPath(composed, f"{composed}.webp")) == tmp_path / decomposed / f"{decomposed}.png"
    for form in (composed, decomposed):  # each its own
        assert partners.of(PurePosixPath(f"{form}.webp")) == tmp_path / f"{form}.png"
    assert partners.of(PurePosixPath("Grosse.webp")) is None
    assert partners.unused() == []


def test_a_partner_in_a_folder_that_cannot_be_read_is_that_folder(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_scans_of("er", monkeypatch)
    partners = CompanionFiles(art, "--hints")
    assert [path for path, _ in partners.unread(unused=True)] == [PurePosixPath("deep/er")]
    assert partners.of(PurePosixPath("deep/a.png")) == art / "deep" / "a.JPG"
    assert partners.of(PurePosixPath("deep/er/b.png")) == art / "deep" / "er"
    assert partners.unread(unused=True) == []
    assert art / "deep" / "er" not in partners.files()
