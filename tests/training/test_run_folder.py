"""The folder of a run: whose it is, and that another's is left alone."""

import json
from pathlib import Path

import pytest

from pipelines.core.errors import ColorizeError, UsageError
from pipelines.training.run_folder import RunFolder, new_run_hint
from tests.runs import content, go

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_folder_of_another_run_is_refused_and_says_what_differs(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    go(train_pairs["cyclegan"], run, "cyclegan", steps=1)
    before = content(run)
    with pytest.raises(UsageError, match="is another run: it differs in learning_rate, hue"):
        go(train_pairs["cyclegan"], run, "cyclegan", steps=1, learning_rate=1e-3, hue=0.2)
    with pytest.raises(UsageError, match=r"it differs in params\.ngf"):
        go(train_pairs["cyclegan"], run, "cyclegan", steps=1, values={"ngf": "6"})
    with pytest.raises(UsageError, match="it differs in datasets"):
        go(train_pairs["pix2pix"], run, "cyclegan", steps=1)
    with pytest.raises(UsageError, match="it differs in model"):
        go(train_pairs["pix2pix"], run, steps=1)
    assert content(run) == before
    free = {"workers": 1, "cache_gb": 1.0, "save_minutes": 9.0, "log_every": 3, "tensorboard": False}
    assert go(train_pairs["cyclegan"], run, "cyclegan", steps=2, **free).step == 2


def test_a_folder_with_other_things_is_left_alone(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="has other things in it"):
        go(train_pairs["cyclegan"], tmp_path / "holiday", "cyclegan", steps=1)
    assert [path.name for path in (tmp_path / "holiday").iterdir()] == ["photo.jpg"]
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UsageError, match="has other things in it"):
        go(train_pairs["cyclegan"], tmp_path / "file", "cyclegan", steps=1)
    for text in ("[]", '{"kind": "other"}', '{"kind": "colorize-cli run", "version": 99}'):
        (tmp_path / "foreign").mkdir(exist_ok=True)
        (tmp_path / "foreign" / "run.json").write_text(text)
        with pytest.raises(UsageError, match="is not of a run of this version"):
            go(train_pairs["cyclegan"], tmp_path / "foreign", "cyclegan", steps=1)


def test_figures_after_a_checkpoint_are_forgotten_with_what_a_killed_process_left(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert not folder.open({"model": "m"}, free=())
    folder.cut_metrics(3)  # there are none
    for step in (1, 2, 3):
        folder.log({"step": step, "loss": 0.5})
    file = tmp_path / "run" / "metrics.jsonl"
    with file.open("a") as metrics_file:
        metrics_file.write('{"step": 4, "lo')
    folder.cut_metrics(2)
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [1, 2]
    folder.cut_metrics(-1)
    assert file.read_text() == ""


def test_settings_that_are_free_may_differ(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open({"settings": {"steps": 3, "hue": 0.1}}, free=("steps",))
    assert folder.check({"settings": {"steps": 5, "hue": 0.1}}, free=("steps",))
    with pytest.raises(UsageError, match=r"it differs in hue\."):
        folder.check({"settings": {"steps": 3, "hue": 0.2}}, free=("steps",))
    with pytest.raises(UsageError, match="it differs in steps"):
        folder.check({"settings": {"steps": 5, "hue": 0.1}}, free=())


def test_a_run_that_goes_on_keeps_its_new_settings(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert not folder.check({"settings": {"steps": 3}}, free=("steps",))
    assert not (tmp_path / "run").exists()  # looking makes nothing
    assert not folder.open({"settings": {"steps": 3}}, free=("steps",))
    assert folder.open({"settings": {"steps": 5}}, free=("steps",))
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about == {"kind": "colorize-cli run", "version": 1, "settings": {"steps": 5}}
    assert (folder.last, folder.best) == (tmp_path / "run" / "last", tmp_path / "run" / "best")


def test_settings_that_come_or_go_are_differences(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open({"settings": {"hue": 0.1}, "params": {"size": 32}}, free=())
    with pytest.raises(UsageError, match=r"it differs in hue, tone, params\. "):
        folder.check({"settings": {"tone": 1}, "params": None}, free=())


def test_samples_are_named_by_their_step(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.keep_sample(20, b"first")
    folder.keep_sample(20, b"again")
    folder.keep_sample(1234, b"later")
    samples = {path.name: path.read_bytes() for path in (tmp_path / "samples").iterdir()}
    assert samples == {"step-00000020.png": b"again", "step-00001234.png": b"later"}


def test_figures_that_cannot_be_written_say_so_and_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(ColorizeError, match=r"metrics\.jsonl cannot be written: ") as raised:
        RunFolder(tmp_path).log({"step": 1})
    assert "it goes on" in raised.value.hint


@pytest.mark.parametrize(
    "junk", [b"\xc3\x28", b"\xff\xfe{\x00", b"[" * 100_000, b"[1]", b'{"step": "4"}', b'{"step": 2, "lo']
)
def test_lines_of_figures_that_are_none_are_left_out_and_the_others_stay(tmp_path: Path, junk: bytes) -> None:
    folder = RunFolder(tmp_path)
    rows = [json.dumps({"step": step, "loss": 0.5}).encode() + b"\n" for step in (1, 2, 3)]
    (tmp_path / "metrics.jsonl").write_bytes(rows[0] + junk + b"\n" + rows[1] + rows[2] + junk)
    folder.cut_metrics(2)
    assert (tmp_path / "metrics.jsonl").read_bytes() == rows[0] + rows[1]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"kind": "colorize-cli run", "vers', r"run\.json is damaged"),
        (b"", r"run\.json is damaged"),
        (b"\xc3\x28", r"run\.json is damaged"),
        (b"[" * 100_000, r"run\.json is damaged"),
        (b'{"kind": "colorize-cli run", "version": 1, "settings": [1]}', "is damaged: its settings is no object"),
        (b'{"kind": "colorize-cli run", "version": 1, "params": null}', "is damaged: its params is no object"),
        (b'{"kind": "colorize-cli run", "version": 1, "computed_in": 3}', "is damaged: its computed_in is no text"),
    ],
)
def test_a_damaged_card_of_a_run_says_how_to_begin_with_what_it_learned(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UsageError, match=problem) as raised:
        RunFolder(tmp_path).about()
    assert raised.value.hint == "Give a new folder after -o"
    (tmp_path / "best").mkdir()
    with pytest.raises(UsageError, match=problem) as raised:
        RunFolder(tmp_path).about()
    assert raised.value.hint == f"{new_run_hint(tmp_path)}"
    assert f"--from {tmp_path / 'best'}" in raised.value.hint
    assert (tmp_path / "run.json").read_bytes() == content


def test_a_checkpoint_without_its_state_of_training_is_not_begun_over(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.has_last()
    (tmp_path / "last").mkdir()
    with pytest.raises(UsageError, match=r"last is damaged: it has no training\.json"):
        folder.has_last()
    (tmp_path / "last" / "training.json").write_text("{}")
    assert folder.has_last()


def test_names_of_differences_are_shown_with_their_escapes(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"kind": "colorize-cli run", "version": 1, "\\u001b[31m": 1}')
    with pytest.raises(UsageError) as raised:
        RunFolder(tmp_path).check({}, free=())
    assert str(raised.value).isprintable()
    assert r"differs in \x1b[31m" in str(raised.value)
