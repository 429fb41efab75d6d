"""`colorize-cli translate`, and what other commands say of its models."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import UsageError
from pipelines.inference.predictor import Predictor
from pipelines.models import pix2pix
from tests import drawings
from tests.conftest import Cli, files_in
from tests.test_translate import checkpoint, photo


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("maps") / "run" / "best").parent


def test_a_folder_becomes_a_folder_of_the_same_sizes(cli: Cli, tmp_path: Path, maps: Path) -> None:
    drawings.write(tmp_path / "in" / "deep" / "a.png", photo(70, 200))
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    ran = cli("translate", tmp_path / "in", "-o", tmp_path / "out", "--model", maps, "-j", 1, "--json")
    assert ran.code == 1, ran.err
    summary = json.loads(ran.out)
    assert (summary["done"], summary["failed"]) == (1, 1)
    assert files_in(tmp_path / "out") == ["deep/a.png"]
    assert drawings.read(tmp_path / "out" / "deep" / "a.png").shape == (70, 200, 3)
    report = cli("translate", tmp_path / "in", "-o", tmp_path / "out", "--model", maps, "-j", 1)
    assert "1 skipped" in report.err


def test_facts_say_how_much_was_enlarged(cli: Cli, tmp_path: Path, maps: Path) -> None:
    drawings.write(tmp_path / "a.png", photo(256, 256))
    options = ("--model", maps, "--json-lines", "--precision", "fp32")
    ran = cli("translate", tmp_path / "a.png", "-o", tmp_path / "b.png", *options)
    record = json.loads(ran.out.splitlines()[0])
    assert record["facts"] == {"scale": 2.0, "computed_in": "fp32"}
    assert np.array_equal(drawings.read(tmp_path / "b.png").shape, (256, 256, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is no model"),
        (("--model", "fillnet"), "fillnet reads line art, no pictures"),
        (("--model", "{maps}", "--domain", "x"), "paints in no domains"),
        (("--model", "nowhere"), "nowhere does not exist"),
        (("--model", "{maps}", "--engine", "onnx", "--device", "cuda"), "runs networks on the CPU"),
    ],
)
def test_wrong_usage_is_one_line(
    cli: Cli, tmp_path: Path, maps: Path, arguments: tuple[str, ...], message: str
) -> None:
    drawings.write(tmp_path / "in" / "a.png", photo(40, 40))
    given = [argument.format(maps=maps) for argument in arguments]
    ran = cli("translate", tmp_path / "in", "-o", tmp_path / "out", *given)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_colorize_refuses_a_model_that_reads_pictures_and_names_translate(cli: Cli, tmp_path: Path, maps: Path) -> None:
    drawings.write(tmp_path / "lines" / "a.png", drawings.two_circles())
    ran = cli("colorize", tmp_path / "lines", "-o", tmp_path / "out", "--model", maps)
    assert ran.code == 2
    assert "reads pictures, no line art" in ran.err
    assert f"colorize-cli translate IN -o OUT --model {maps}" in ran.err
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="reads pictures, no line art"):
        Predictor(str(maps), device="cpu")


def test_colorize_refuses_a_domain_where_there_is_none(cli: Cli, tmp_path: Path) -> None:
    drawings.write(tmp_path / "lines" / "a.png", drawings.two_circles())
    ran = cli("colorize", tmp_path / "lines", "-o", tmp_path / "out", "--domain", "anime")
    assert ran.code == 2
    assert "paints in no domains" in ran.err


def test_colorize_paints_in_the_domain_that_is_asked_for(cli: Cli, tmp_path: Path) -> None:
    params = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, norm="adain", domains="day,night")
    run = checkpoint(tmp_path / "run", params)
    drawings.write(tmp_path / "lines" / "a.png", drawings.two_circles())
    results = {}
    for domain in ("", "day", "night"):
        options = ("--domain", domain) if domain else ()
        out = tmp_path / f"out-{domain}"
        ran = cli("colorize", tmp_path / "lines", "-o", out, "--model", run, "-j", 1, "--device", "cpu", *options)
        assert ran.code == 0, ran.err
        results[domain] = drawings.read(out / "a.png").astype(int)
    assert np.array_equal(results[""], results["day"])
    assert not np.array_equal(results["day"], results["night"])
    assert np.array_equal(
        Predictor(str(run), device="cpu", domain="night").predict(drawings.two_circles()).picture, results["night"]
    )
    ran = cli("colorize", tmp_path / "lines", "-o", tmp_path / "out-day", "--model", run, "--domain", "night")
    assert "1 done" in ran.err, "another domain is another result: nothing is skipped"
