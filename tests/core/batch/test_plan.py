"""What a run will do, and which plans are refused before any work."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from pipelines.core.batch.inputs import CompanionFiles, Source
from pipelines.core.batch.plan import BatchSettings, Job, Plan, check, find, job_for, rows_of_unread
from pipelines.core.batch.runner import run
from pipelines.core.errors import UsageError
from pipelines.core.volumes import Naming
from tests.core.batch.test_folders import refuse_scans_of
from tests.core.batch.texts import Upper, make

# where inputs and outputs are


def test_input_and_output_folder_may_not_be_the_same(art: Path) -> None:
    for same in (str(art), f"{art}/deep/.."):
        with pytest.raises(UsageError, match="both input and output"):
            find([same], str(art), BatchSettings())


def test_where_one_input_goes(art: Path, tmp_path: Path) -> None:
    one = str(art / "frame2.png")
    _, into_folder = find([one], str(tmp_path / "out"), BatchSettings())
    _, into_file = find([one], str(tmp_path / "result.png"), BatchSettings())
    sources, piped = find([one], "-", BatchSettings())
    relative = sources[0].relative
    assert into_folder.place(relative, ".png") == tmp_path / "out" / "frame2.png"
    assert into_file.place(relative, ".png") == tmp_path / "result.png"
    assert piped.place(relative, ".png") is None


def test_many_inputs_into_one_file_or_pipe_are_refused(art: Path, tmp_path: Path) -> None:
    for output in (str(tmp_path / "one.png"), "-"):
        with pytest.raises(UsageError, match="4 pictures cannot go to one place"):
            find([str(art)], output, BatchSettings())


def test_no_output_is_an_error_except_for_a_pipe(art: Path) -> None:
    with pytest.raises(UsageError, match="no place for the results"):
        find([str(art)], None, BatchSettings())
    _, destination = find(["-"], None, BatchSettings())
    assert destination.folder is None


def test_keep_extension(art: Path, tmp_path: Path) -> None:
    sources, destination = find([str(art)], str(tmp_path), BatchSettings(keep_extension=True))
    assert destination.place(sources[0].relative, ".png") == tmp_path / "deep" / "a.JPG.png"


@pytest.mark.parametrize(("output", "message"), [("", "output is empty"), ("x.jpg", "results are .png files")])
def test_outputs_that_would_surprise_are_refused(art: Path, output: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find([str(art / "frame2.png")], output, BatchSettings())


def test_the_name_given_to_one_result_is_kept(art: Path, tmp_path: Path) -> None:
    sources, destination = find([str(art / "frame2.png")], str(tmp_path / "X.PNG"), BatchSettings())
    assert destination.place(sources[0].relative, ".png") == tmp_path / "X.PNG"


def test_hints_inside_the_input_are_no_input(art: Path, tmp_path: Path) -> None:
    sources, _ = find([str(art)], str(tmp_path / "out"), BatchSettings(), exclude=(str(art / "deep"),))
    assert [str(source.relative) for source in sources] == ["frame2.png", "frame10.png"]


# what is refused


def test_collisions_are_found_before_any_work(tmp_path: Path) -> None:
    make(tmp_path, a="a", b="b")
    out = tmp_path / "out"
    jobs = tuple(
        Job((("picture", tmp_path / f"{name}.txt"),), (out / "same.txt",), PurePosixPath(name)) for name in "ab"
    )
    with pytest.raises(UsageError, match=r"a\.txt and .*b\.txt would both become .*same\.txt"):
        run(Plan("upper", jobs, out, {}), Upper(), BatchSettings())
    assert not out.exists()


def test_an_output_that_is_an_input_is_refused(tmp_path: Path) -> None:
    make(tmp_path, a="a")
    job = Job((("picture", tmp_path / "a.txt"),), (tmp_path / "a.txt",), PurePosixPath("a"))
    with pytest.raises(UsageError, match="read and would be overwritten"):
        run(Plan("upper", (job,), tmp_path, {}), Upper(), BatchSettings())


def test_a_file_in_the_place_of_a_folder_is_found_before_any_work(tmp_path: Path) -> None:
    make(tmp_path, a="a", b="b")
    out = tmp_path / "out"
    outputs = (out / "x", out / "x" / "y")
    jobs = tuple(
        Job((("picture", tmp_path / f"{name}.txt"),), (output,), PurePosixPath(name))
        for name, output in zip("ab", outputs, strict=True)
    )
    with pytest.raises(UsageError, match="need as a folder"):
        run(Plan("upper", jobs, out, {}), Upper(), BatchSettings())


def test_a_folder_of_any_name_is_a_folder(art: Path, tmp_path: Path) -> None:
    (tmp_path / "results.png").mkdir()
    (tmp_path / "results.jpg").mkdir()
    for name in ("results.png", "results.jpg", "results.v2"):
        _, destination = find([str(art / "frame2.png")], str(tmp_path / name), BatchSettings())
        assert (destination.folder, destination.file) == (tmp_path / name, None)


def test_results_of_another_kind_have_its_suffix(art: Path, tmp_path: Path) -> None:
    sources, destination = find([str(art / "frame2.png")], str(tmp_path / "x.ora"), BatchSettings(), suffix=".ora")
    assert destination.place(sources[0].relative, ".ora") == tmp_path / "x.ora"
    assert destination.place(sources[0].relative, ".json") == tmp_path / "x.json"
    with pytest.raises(UsageError, match=r"results are \.ora files, not \.png"):
        find([str(art / "frame2.png")], str(tmp_path / "x.png"), BatchSettings(), suffix=".ora")


def test_a_file_in_the_place_of_the_output_folder_is_refused(art: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        find([str(art)], str(tmp_path / "out"), BatchSettings())


# jobs


@dataclass(frozen=True)
class Numbered:
    """Files worked out when they are looked at; counts nothing and keeps nothing."""

    folder: Path
    count: int

    def __iter__(self) -> Iterator[Path]:
        return (self.folder / str(number) for number in range(self.count))


def test_the_first_file_read_is_the_input_and_the_first_one_written_the_output() -> None:
    job = Job((("picture", Path("a")), ("hints", None)), (Path("x"), Path("y")), PurePosixPath("a"))
    assert (job.input, job.output, job.reads_stdin) == ("a", Path("x"), True)
    piped = Job((("picture", None),), (None,), PurePosixPath("stdin"))
    assert (piped.input, piped.output, piped.reads_stdin) == ("-", None, True)
    assert Job((("picture", Path("a")),), (), PurePosixPath("a")).output is None
    assert not Job((("picture", Path("a")),), (), PurePosixPath("a")).reads_stdin


def test_files_that_are_worked_out_do_as_well_as_tuples(tmp_path: Path) -> None:
    outputs = Numbered(tmp_path / "out", 2)
    job = Job((("picture", tmp_path / "a"),), outputs, PurePosixPath("a"))
    assert job.output == tmp_path / "out" / "0"
    assert list(job.outputs) == list(job.outputs) == [tmp_path / "out" / "0", tmp_path / "out" / "1"]
    assert pickle.loads(pickle.dumps(job)) == job
    again = Job((("picture", tmp_path / "b"),), outputs, PurePosixPath("b"))
    with pytest.raises(UsageError, match="would both become"):
        check(Plan("any", (job, again), tmp_path / "out", {}))


def test_several_files_of_one_job_do_not_fit_into_a_pipe() -> None:
    job = Job((("picture", Path("a")),), (None, None), PurePosixPath("a"))
    with pytest.raises(UsageError, match="2 files cannot go to one pipe"):
        check(Plan("any", (job,), None, {}))


def test_an_input_with_a_problem_is_read_by_nobody_and_writes_nothing(tmp_path: Path) -> None:
    problem = UsageError("it is not below --root art")
    job = job_for(Source(tmp_path / "a.txt", PurePosixPath("a"), problem), (tmp_path / "out" / "a.txt",))
    assert (list(job.outputs), job.problem) == ([], problem)
    report = run(Plan("upper", (job,), tmp_path / "out", {}), Upper(), BatchSettings())
    assert [(record.status, record.outputs) for record in report.records] == [("failed", ())]
    assert not (tmp_path / "out" / "a.txt").exists()


def test_folders_of_partners_that_cannot_be_read_are_rows(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_scans_of("er", monkeypatch)
    companions = {"hints": CompanionFiles(art, "--hints"), "truth": CompanionFiles(art, "--truth"), "none": None}
    rows = rows_of_unread(companions, BatchSettings())
    assert [(row.input, list(row.outputs)) for row in rows] == [(str(art / "deep" / "er"), [])]
    assert all("permission denied" in str(row.problem) for row in rows)
    assert rows_of_unread(companions, BatchSettings(listed=())) == ()


def test_standard_input_is_one_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="cannot be both the list and a picture"):
        find(["-"], None, BatchSettings(listed=(), listed_from_stdin=True))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        find(["-"], None, BatchSettings())


# volumes that take several names for one


def twins(tmp_path: Path, *names: str) -> Plan:
    jobs = tuple(
        Job((("picture", tmp_path / "in" / name),), (tmp_path / "out" / name,), PurePosixPath(name)) for name in names
    )
    return Plan("upper", jobs, tmp_path / "out", {})


@pytest.mark.parametrize(
    ("names", "naming"),
    [
        (("Hero.png", "hero.png"), Naming(folds_case=True)),
        (("hero.png", "a.png", "Hero.png"), Naming(folds_case=True)),
        (("A/x.png", "a/x.png"), Naming(folds_case=True)),
        (("\u00f6.png", "o\u0308.png"), Naming(folds_form=True)),
        (("\u00d6.png", "o\u0308.png"), Naming(folds_case=True, folds_form=True)),
    ],
)
def test_twins_are_refused_where_the_volume_takes_them_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], naming: Naming
) -> None:
    check(twins(tmp_path, *names))
    monkeypatch.setattr("pipelines.core.batch.plan.naming_in", lambda _: naming)
    with pytest.raises(UsageError, match=r"would become one file, .*tells no names apart.*Rename one"):
        check(twins(tmp_path, *names))


def test_other_names_are_no_twins_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.core.batch.plan.naming_in", lambda _: Naming(folds_case=True))
    check(twins(tmp_path, "\u00f6.png", "o\u0308.png", "stra\u00dfe.png", "strasse.png"))


def test_a_volume_is_tried_out_only_where_there_are_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("pipelines.core.batch.plan.naming_in", lambda folder: asked.append(folder) or Naming())
    check(twins(tmp_path, "a.png", "B.png", "c/a.png"))
    assert asked == []
    check(twins(tmp_path, "a.png", "A.png", "b.png", "B.png"))
    assert asked == [tmp_path / "out"]


def test_an_output_that_is_an_input_in_another_spelling_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, a="a")
    (tmp_path / "A.txt").hardlink_to(tmp_path / "a.txt")  # one file of two names, as such a volume has it
    job = Job((("picture", tmp_path / "a.txt"),), (tmp_path / "A.txt",), PurePosixPath("a"))
    monkeypatch.setattr("pipelines.core.batch.plan.naming_in", lambda _: Naming(folds_case=True))
    with pytest.raises(UsageError, match="read and would be overwritten"):
        check(Plan("upper", (job,), tmp_path, {}))
