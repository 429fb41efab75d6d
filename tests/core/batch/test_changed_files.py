"""Which inputs a list of changed files touches."""

from pathlib import Path, PurePosixPath

import pytest

from pipelines.core.batch.changed_files import ChangedFiles, _unquoted
from pipelines.core.batch.plan import Job


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Job, ...]:
    """Two drawings with hints and one without, all below the working folder."""
    monkeypatch.chdir(tmp_path)
    names = ("lines/a.png", "lines/deep/b.png", "lines/c.png", "hints/a.png", "hints/deep/b.png", "palette.hex")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tuple(
        Job((("lines", Path("lines", name)), *hints), (Path("out", name),), PurePosixPath(name))
        for name, hints in (
            ("a.png", (("hints", Path("hints/a.png")),)),
            ("deep/b.png", (("hints", Path("hints/deep/b.png")),)),
            ("c.png", ()),
        )
    )


def touched(jobs: tuple[Job, ...], *paths: str, decisive: tuple[str, ...] = ()) -> list[str]:
    return [str(job.relative) for job in ChangedFiles(paths, decisive).touched(jobs)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("lines/a.png", ["a.png"]),
        ("hints/deep/b.png", ["deep/b.png"]),
        ("./lines/../lines/c.png", ["c.png"]),
        ("README.md", []),
        ("palette.hex", []),
        ("lines", []),
        ("", []),
        ('"lines/a\\000.png"', []),  # no name holds this
        ("hints/c.png", ["c.png"]),  # deleted: c was coloured by it, and is without it now
        ("old-hints/deep/b.webp", ["deep/b.png"]),
        ("lines/gone.png", []),
        ("deep/a.png", ["a.png"]),  # deleted, and perhaps a partner of a in a folder called deep
    ],
)
def test_a_path_touches_what_reads_it(jobs: tuple[Job, ...], path: str, names: list[str]) -> None:
    assert touched(jobs, path) == names


def test_several_touch_each_once_in_the_order_of_the_inputs(jobs: tuple[Job, ...]) -> None:
    assert touched(jobs, "lines/c.png", "hints/a.png", "lines/a.png") == ["a.png", "c.png"]


def test_a_decisive_file_touches_all(jobs: tuple[Job, ...]) -> None:
    assert len(touched(jobs, "palette.hex", decisive=("palette.hex",))) == 3
    assert len(touched(jobs, "runs/7/best/weights.safetensors", decisive=("flat", "runs/7"))) == 3
    assert touched(jobs, "palette.hex.bak", decisive=("palette.hex",)) == []


def test_paths_begin_at_the_root_of_the_checkout_as_git_prints_them(
    jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "lines")
    below = tuple(Job((("lines", Path(job.relative)),), (), job.relative) for job in jobs)
    assert touched(below, "lines/deep/b.png") == ["deep/b.png"]
    assert touched(below, str(tmp_path / "lines" / "a.png")) == ["a.png"]


def test_a_pipe_is_always_touched() -> None:
    job = Job((("lines", None),), (None,), PurePosixPath("stdin"))
    assert ChangedFiles(()).touched([job]) == (job,)


@pytest.mark.parametrize(
    ("quoted", "name"),
    [('"a\\303\\251.png"', "aé.png"), ('"a\\"b\\\\c\\n.png"', 'a"b\\c\n.png'), ("a.png", "a.png"), ('"', '"')],
)
def test_names_that_git_puts_into_quotes(quoted: str, name: str) -> None:
    assert _unquoted(quoted) == name
