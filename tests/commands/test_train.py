"""`colorize-cli train` as people and CI jobs meet it: options, signals, exit codes, several processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from pipelines.core.settings import describe_fields
from pipelines.inference.checkpoint import load_checkpoint, read_training
from pipelines.inference.checkpoint_info import read_info
from pipelines.training.config import TrainConfig
from pipelines.training.validation import ValidationResult, Validator
from tests.conftest import Cli, Ran
from tests.pairs import build_pairs
from tests.runs import content, metrics

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--model", "cyclegan", "--device", "cpu", "--threads", "1", "--validate-pictures", "2"]
TINY += [part for value in ("ngf=4", "ndf=4", "layers_d=1", "size=32", "pool=3") for part in ("--set", value)]
TINY += ["--set", "generator=resnet_6blocks"]
LONG = 120  # seconds after which a process is given up


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("command"), size=32, train=6, val=2)


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def started(*arguments: object) -> subprocess.Popen[str]:
    """Start the command line in a process of its own, with warnings of our code as errors."""
    command = [sys.executable, "-W", "error", "-m", "colorize_cli", *(str(argument) for argument in arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, start_new_session=True, **pipes)


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process and all that it started, but not for ever."""
    try:
        out, err = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"it hangs:\n{out}\n{err}")
    return Ran(process.returncode, out, err)


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + LONG
    while not there():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"it did not come to that:\n{ended(process).err}")
        time.sleep(0.01)


# what it says -----------------------------------------------------------------------------------------------


def test_a_run_prints_its_settings_first_and_its_figures_last(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--steps", 3, "--json")
    assert ran.code == 0, ran.err
    lines = ran.err.splitlines()
    assert lines[0].startswith("cyclegan: generator=resnet_6blocks ngf=4")
    assert lines[1].startswith("training: steps=3 batch_size=1")
    assert "train: 3 steps in" in lines[-2]
    assert f"--model {tmp_path / 'run'}" in lines[-1]
    summary = json.loads(ran.out)
    assert (summary["step"], summary["exit_code"], summary["stopped_by"]) == (3, 0, "")
    assert summary["best"]["step"] == 3
    again = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--steps", 4)
    assert "going on after step 3" in again.err
    assert again.out == ""


def test_quiet_says_nothing(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--steps", 1, "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_dry_run_gives_sizes_and_writes_nothing(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--dry-run", "--epochs", 2)
    assert ran.code == 0, ran.err
    assert "parameters: generator_a 0.03 million" in ran.err
    assert "steps: 12" in ran.err
    assert "peak memory gb" in ran.err
    assert "dry run: nothing was written" in ran.err
    assert not list(tmp_path.iterdir())


def test_what_a_run_begins_with_is_said_once_and_what_rests_stays(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    few = [*TINY, "--steps", 2, "--validate-every", 1]
    assert cli("train", pairs, "-o", tmp_path / "first", *few, "-q").code == 0
    file = tmp_path / "mine.toml"
    file.write_text(f'[train]\nfrom = "{tmp_path / "first"}"\nfreeze = ["generator_a", "discriminator_b.model.0"]\n')
    ran = cli("train", pairs, "-o", tmp_path / "second", *few, "--settings", file, "--json")
    assert ran.code == 0, ran.err
    notes = [line for line in ran.err.splitlines() if line.startswith("note: ") and "settings:" not in line]
    assert [note[: len("note: began with")] for note in notes] == ["note: began with"]
    assert json.loads(ran.out)["notes"] == [notes[0].removeprefix("note: ")]
    assert json.loads((tmp_path / "second" / "run.json").read_text())["settings"]["freeze"] == [
        "generator_a",
        "discriminator_b.model.0",
    ]
    networks = [read_training(tmp_path / name / "last").tensors for name in ("first", "second")]
    best = load_checkpoint(tmp_path / "first")[0].state_dict()
    for name, tensor in networks[1].items():
        if name.startswith("networks.generator_a."):
            assert torch.equal(tensor, best[name.removeprefix("networks.generator_a.")])
        elif name.startswith("networks."):
            rests = name.startswith("networks.discriminator_b.model.0.")
            assert torch.equal(tensor, networks[0][name]) == rests, name


def test_patience_ends_a_run_with_a_word_and_exit_0(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    still = ["--learning-rate", "1e-30", "--ema", 0, "--validate-every", 1, "--patience", 2, "--best-by", "val_delta_e"]
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, *still, "--steps", 9, "--json")
    assert ran.code == 0, ran.err
    assert "ended by patience: 2 validations were not better than val_delta_e" in ran.err
    summary = json.loads(ran.out)
    assert (summary["step"], summary["stopped_by"], summary["best"]["step"]) == (3, "", 1)


def test_flags_win_over_the_settings_file_and_that_over_the_recipe(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[train]\nmodel = "cyclegan"\npreset = "small"\n'
        'batch_size = 2\nhue = 0.3\nsteps = 9\ndevice = "cpu"\nflip = false\n'
        "[train.settings]\nngf = 4\nndf = 4\nsize = 32\n"
    )
    ran = cli("train", pairs, "-o", tmp_path / "run", "--settings", file, "--steps", 1, "--hue", 0.1, "--set", "ndf=3")
    assert ran.code == 0, ran.err
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    settings, params = about["settings"], about["params"]
    assert (settings["batch_size"], settings["flip"]) == (2, False)  # of the file
    assert (settings["hue"], settings["steps"]) == (0.1, 1)  # of the flags
    assert (settings["ema"], settings["epochs"]) == (0.999, None)  # of the recipe; its length gave way
    assert (params["ngf"], params["ndf"], params["size"], params["generator"]) == (4, 3, 32, "resnet_6blocks")
    file.write_text("[train]\nbatchsize = 2\n")
    wrong = cli("train", pairs, "-o", tmp_path / "other", "--settings", file)
    assert wrong.code == 2
    assert "batch_size" in wrong.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "tpu"], "'tpu' is not one of auto, cpu, cuda, mps"),
        (["--precision", "fp16"], "fp16 needs a GPU"),
        (["--precision", "fp8"], "'fp8' is not one of auto, fp32, bf16, fp16"),
        (["--beta1", "1"], "beta1 = 1.0 is out of range"),
        (["--epochs", "inf"], "epochs = inf is out of range"),
        (["--learning-rate", "0"], "learning_rate = 0.0 is out of range"),
        (["--set", "depth=3"], "no setting 'depth'"),
        (["--preset", "huge"], "no preset 'huge'"),
        (["--model", "flat"], "does not learn. Choose from: csa, cyclegan, fillnet, paintstorch, pix2pix"),
        (["--model", "pix3pix"], "there is no method 'pix3pix'"),
        (["--devices", "0"], "--devices"),
        (["--schedule", "cosine"], "'cosine' is not one of linear, constant, exponential, steps"),
        (["--best-by", "val_l2"], "'val_l2' is not one of val_psnr, val_l1"),
        (["--milestones", "0.5,1.5"], "milestones = 1.5 is out of range"),
        (["--milestones", "half"], "milestones"),
        (["--schedule", "constant", "--lr-decay", "0.5"], "lr_decay says nothing where the schedule is constant"),
        (
            ["--schedule", "exponential", "--milestones", "0.5"],
            "milestones says nothing where",
        ),
        (["--schedule", "steps", "--constant", "0.5"], "constant says nothing where the schedule is steps"),
        (["--lr-decay", "0.5"], "lr_decay says nothing where the schedule is linear"),
        (["--lr-decay", "2"], "lr_decay = 2.0 is out of range"),
        (["--schedule", "steps", "--plateau", "3"], "plateau says nothing where the schedule is steps"),
        (["--patience", "0"], "patience = 0 is out of range"),
        (["--freeze", "painter"], "Choose from: generator_a, generator_b, discriminator_a, discriminator_b"),
        (["--freeze", "generator_a.mode"], "there is no 'generator_a.mode'. Choose from: generator_a.model"),
        (["--from", "nowhere"], "nowhere does not exist"),
        (["--from", "fillnet"], "fits the network 'generator_a'"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(
    cli: Cli, pairs: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "run").exists()


def test_wrong_folders_are_one_line_and_exit_2(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "photo.jpg").write_bytes(b"x")
    for arguments, words in (
        ((tmp_path / "nowhere", "-o", tmp_path / "run"), "there is no folder"),
        ((tmp_path / "other", "-o", tmp_path / "run"), "is no dataset"),
        ((pairs, "-o", tmp_path / "other"), "has other things in it"),
    ):
        ran = cli("train", *arguments, *TINY, "--steps", 1)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
        assert len(ran.err.splitlines()) <= 3  # the settings, and the error


def test_no_tensorboard_is_one_helpful_line(
    cli: Cli, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--steps", 1, "--tensorboard", "-q")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "colorize-cli[tensorboard]" in ran.err


def test_a_breakdown_is_one_line_and_exit_1(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    ran = cli("train", pairs, "-o", tmp_path / "run", *TINY, "--steps", 30, "--learning-rate", "1e30", "-q")
    assert ran.code == 1
    assert "training has broken down" in ran.err
    assert "--learning-rate" in ran.err
    assert ran.err.count("\n") == 1


def test_help_names_every_option_and_loads_no_torch() -> None:
    code = "import sys\nfrom colorize_cli.app import main\ntry: main(['train', '--help'])\nexcept SystemExit: pass\n"
    code += "assert not {'torch', 'cv2', 'lightning_fabric'} & set(sys.modules), 'loaded'"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for option in ("--batch-size", "--accumulate", "--precision", "--gradient-checkpointing", "--minutes", "--no-flip"):
        assert option in ran.stdout


def test_every_model_that_learns_is_named_and_every_option_says_what_it_means(cli: Cli) -> None:
    shown = " ".join(cli("train", "--help").out.split())
    assert "--model csa|cyclegan|fillnet|paintstorch|pix2pix" in shown
    for setting in describe_fields(TrainConfig):
        meaning = f"{setting.meaning[0].upper()}{setting.meaning[1:]}."
        assert setting.meaning, f"{setting.name} has no meaning"
        assert re.search(rf"--{setting.name.replace('_', '-')} [^-].*{re.escape(meaning)}", shown)


# how fast it learns, and what is best -------------------------------------------------------------------------


def rates_of(run: Path) -> list[float]:
    """The learning rates of a run's lines of figures."""
    return [row["learning_rate"] for row in metrics(run) if "learning_rate" in row]


@pytest.mark.parametrize(
    ("arguments", "factors"),
    [
        (["--schedule", "steps", "--milestones", "0.25,0.75", "--lr-decay", "0.5"], [0.5, 0.5, 0.25, 0.25]),
        (["--schedule", "steps", "--milestones", "0.5", "--lr-decay", "0"], [1, 0, 0, 0]),
        (["--schedule", "steps"], [1, 0.1, 0.01, 0.01]),  # from half and from three quarters of the run on
        (["--schedule", "exponential", "--lr-decay", "0.0625"], [0.5, 0.25, 0.125, 0.0625]),
        (["--schedule", "constant"], [1, 1, 1, 1]),
        (["--schedule", "linear", "--constant", "0.25"], [1, 2 / 3, 1 / 3, 0]),
        ([], [1, 1, 0.5, 0]),
    ],
)
def test_a_schedule_writes_its_learning_rates(
    cli: Cli, pairs: Path, tmp_path: Path, arguments: list[str], factors: list[float]
) -> None:
    run = tmp_path / "run"
    often = ["--steps", 4, "--log-every", 1, "--learning-rate", "0.002"]
    ran = cli("train", pairs, "-o", run, *TINY, *often, *arguments)
    assert ran.code == 0, ran.err
    assert rates_of(run) == pytest.approx([0.002 * factor for factor in factors], abs=1e-12)


@pytest.mark.parametrize("milestones", ["[0.25, 0.75]", '"0.25,0.75"'])
def test_a_schedule_may_stand_in_a_settings_file(cli: Cli, pairs: Path, tmp_path: Path, milestones: str) -> None:
    file, run = tmp_path / "mine.toml", tmp_path / "run"
    file.write_text(f'[train]\nschedule = "steps"\nmilestones = {milestones}\nlr_decay = 0.5\nlearning_rate = 0.002\n')
    ran = cli("train", pairs, "-o", run, *TINY, "--settings", file, "--steps", 4, "--log-every", 1)
    assert ran.code == 0, ran.err
    assert rates_of(run) == pytest.approx([0.001, 0.001, 0.0005, 0.0005])
    assert json.loads((run / "run.json").read_text())["settings"]["milestones"] == [0.25, 0.75]


def test_a_learning_rate_of_zero_moves_nothing(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    """The schedule is obeyed by the optimizers, not only told by the figures."""
    at_once = ["--schedule", "steps", "--milestones", "0", "--lr-decay", "0", "--validate-every", 1]
    at_the_end = ["--schedule", "steps", "--milestones", "1", "--lr-decay", "0", "--validate-every", 1]
    figures = {}
    for name, arguments in (("still", at_once), ("moving", at_the_end)):
        ran = cli("train", pairs, "-o", tmp_path / name, *TINY, "--steps", 2, "--ema", 0, *arguments, "-q")
        assert ran.code == 0, ran.err
        figures[name] = [row["val_l1"] for row in metrics(tmp_path / name) if "val_l1" in row]
    assert figures["still"][0] == figures["still"][1]
    assert figures["moving"][0] != figures["moving"][1]


def test_best_by_says_which_step_is_best(
    cli: Cli, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three validations: the second has the highest val_psnr, the third the lowest val_l1."""
    validate = Validator.validate
    figures = {2: (10.0, 9.0), 4: (30.0, 8.0), 6: (20.0, 7.0)}

    def fixed(self: Validator, generator: nn.Module, *, step: int) -> ValidationResult:
        psnr, l1 = figures[step]
        return validate(self, generator, step=step)._replace(figures={"val_psnr": psnr, "val_l1": l1})

    monkeypatch.setattr(Validator, "validate", fixed)
    expected = {"val_psnr": 4, "val_l1": 6}
    for best_by, step in expected.items():
        run = tmp_path / best_by
        often = ["--steps", 6, "--validate-every", 2, "--best-by", best_by]
        ran = cli("train", pairs, "-o", run, *TINY, *often, "--json")
        assert ran.code == 0, ran.err
        best = json.loads(ran.out)["best"]
        assert (best["step"], best["val_psnr"], best["val_l1"]) == (step, *figures[step])
        assert (read_info(run / "best").step, read_info(run / "last").step) == (step, 6)
        assert json.loads((run / "run.json").read_text())["settings"]["best_by"] == best_by
    other = cli("train", pairs, "-o", tmp_path / "val_l1", *TINY, "--steps", 6, "--validate-every", 2)
    assert other.code == 2
    assert "is another run: it differs in best_by" in other.err


def test_a_run_goes_on_with_its_schedule_and_its_best(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    """Made longer it is another run only in what a schedule makes of the length; with a constant rate in nothing."""
    often = ["--schedule", "constant", "--best-by", "val_l1", "--validate-every", 2, "--log-every", 1]
    run = tmp_path / "run"
    for steps in (2, 4, 6):
        assert cli("train", pairs, "-o", run, *TINY, *often, "--steps", steps, "-q").code == 0
    expected = straight(pairs, tmp_path, cli, *often, "--steps", 6)
    assert content(run) == content(expected)
    assert metrics(run) == metrics(expected)
    figures = {row["step"]: row["val_l1"] for row in metrics(run) if "val_l1" in row}
    assert read_info(run / "best").step == min(figures, key=lambda step: figures[step])


def test_the_device_may_come_from_the_environment(
    cli: Cli, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = TINY.index("--device")
    command = ["train", pairs, *TINY[:place], *TINY[place + 2 :], "--steps", 1]
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "cpu")
    ran = cli(*command, "-o", tmp_path / "run")
    assert ran.code == 0, ran.err
    monkeypatch.setattr("pipelines.nn.devices.torch.backends.mps.is_available", lambda: False)
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "mps")
    ran = cli(*command, "-o", tmp_path / "other")
    assert ran.code == 2
    assert "has no mps" in ran.err
    assert not (tmp_path / "other").exists()
    ran = cli(*command, "-o", tmp_path / "other", "--device", "cpu")  # an option wins
    assert ran.code == 0, ran.err
    for run in ("run", "other"):
        assert read_info(tmp_path / run / "last").step == 1


# stopped, however -------------------------------------------------------------------------------------------


def straight(pairs: Path, tmp_path: Path, cli: Cli, *arguments: object) -> Path:
    assert cli("train", pairs, "-o", tmp_path / "straight", *TINY, *arguments, "-q").code == 0
    return tmp_path / "straight"


def test_killed_and_started_again_equals_undisturbed(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    often = ["--steps", 12, "--validate-every", 5, "--log-every", 2, "--save-minutes", 0]
    run = tmp_path / "run"
    process = started("train", pairs, "-o", run, *TINY, *often)
    wait_for(lambda: (run / "last" / "model.json").exists(), process)
    os.kill(process.pid, signal.SIGKILL)
    assert ended(process).code == -signal.SIGKILL
    assert cli("train", pairs, "-o", run, *TINY, *often, "-q").code == 0
    expected = straight(pairs, tmp_path, cli, *often)
    assert content(run) == content(expected)
    assert metrics(run) == metrics(expected)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_save_and_leave_with_their_code(
    cli: Cli, pairs: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    run = tmp_path / "run"
    process = started("train", pairs, "-o", run, *TINY, "--steps", 100_000, "--log-every", 1)
    wait_for((run / "metrics.jsonl").exists, process)
    process.send_signal(number)
    ran = ended(process)
    assert ran.code == code, ran.err
    assert "saved and stopped by" in ran.err
    assert "Traceback" not in ran.err
    step = read_info(run / "last").step
    assert step >= 1
    load_checkpoint(run)
    assert [row["step"] for row in metrics(run)][-1] == step
    again = cli("train", pairs, "-o", run, *TINY, "--steps", step, "--log-every", 1)
    assert (again.code, f"going on after step {step}" in again.err) == (0, True)


def test_a_second_interrupt_on_the_command_line_keeps_the_last_checkpoint(
    cli: Cli, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    assert cli("train", pairs, "-o", run, *TINY, "--steps", 2, "-q").code == 0
    before = content(run)

    def impatient(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("pipelines.core.files.os.fsync", impatient)  # all is written, nothing is replaced
    ran = cli("train", pairs, "-o", run, *TINY, "--steps", 4, "-q")
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert {name: data for name, data in content(run).items() if name.startswith("last/")} == {
        name: data for name, data in before.items() if name.startswith("last/")
    }
    monkeypatch.undo()
    assert cli("train", pairs, "-o", run, *TINY, "--steps", 4, "-q").code == 0


# two processes ----------------------------------------------------------------------------------------------


def free_port() -> str:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def two(pairs: Path, run: Path, *arguments: object) -> subprocess.Popen[str]:
    """The command with two processes; warnings of other packages are no errors."""
    command = [sys.executable, "-m", "colorize_cli", "train", str(pairs), "-o", str(run), *TINY, "--devices", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_PORT": free_port()}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    whole = [*command, *(str(argument) for argument in arguments)]
    return subprocess.Popen(whole, cwd=ROOT, env=environment, text=True, start_new_session=True, **pipes)


def nobody_left(process: subprocess.Popen[str]) -> bool:
    """Whether every process of the group has ended, within a little while."""
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    return False


def test_two_processes_give_the_losses_of_one_with_a_double_batch(cli: Cli, pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    often = ["--steps", 6, "--log-every", 1, "--validate-every", 3, "--set", "pool=0", "--hue", 0.2]
    process = two(pairs, tmp_path / "two", *often, "--json")
    ran = ended(process)
    assert nobody_left(process)
    assert ran.code == 0, ran.err
    assert "Warning" not in ran.err
    assert json.loads(ran.out)["step"] == 6  # said once
    assert ran.err.count("train: 6 steps") == 1
    one = straight(pairs, tmp_path, cli, *often, "--batch-size", 2)
    found, expected = metrics(tmp_path / "two"), metrics(one)
    assert [row["step"] for row in found] == [row["step"] for row in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine == pytest.approx(theirs, rel=2e-2, abs=2e-3)
    generators = [load_checkpoint(run / "last")[0].state_dict() for run in (tmp_path / "two", one)]
    for name in generators[0]:
        torch.testing.assert_close(generators[0][name], generators[1][name], rtol=0, atol=3e-3)
    sizes = [gradients(run) for run in (tmp_path / "two", one)]  # Adam hides their scale
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def gradients(run: Path) -> float:
    """The size of all averaged gradients that a run remembers."""
    state = read_training(run / "last").tensors
    return sum(tensor.abs().sum().item() for name, tensor in state.items() if name.endswith(".exp_avg"))


def test_two_processes_stop_together_and_go_on(pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    process = two(pairs, tmp_path / "run", "--steps", 100_000, "--log-every", 1)
    wait_for((tmp_path / "run" / "metrics.jsonl").exists, process)
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert nobody_left(process)
    assert ran.code == 130, ran.err
    assert "Traceback" not in ran.err
    assert read_info(tmp_path / "run" / "last").step >= 1


def test_two_processes_say_an_error_and_end(pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "photo.jpg").write_bytes(b"x")
    process = two(pairs, tmp_path / "run", "--steps", 2)
    ran = ended(process)
    assert nobody_left(process)
    assert ran.code == 2, ran.err
    assert ran.err.count("has other things in it") == 1
    assert ran.err.count("\n") == 1
