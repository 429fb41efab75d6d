"""A folder with everything that goes wrong in real folders: one clear line each, the rest done, nothing lost."""

import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import drawings
from tests.conftest import Cli

ROOT = Path(__file__).resolve().parent.parent

GOOD = ("ドラゴン.png", "with space.png", "new\nline.png", "quote'\".png", "-dash.png", "1x1.png", "10000x40.png")
COMMANDS = {
    "extract-lines": (),
    "make-hints": (),
    "regions": ("--no-preview",),
    "colorize": ("--force",),
}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A valid header of 60000 x 60000 px with almost no data behind it."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def animation() -> bytes:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue", "green")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


BAD = {
    "zero.png": (b"", "empty"),
    "truncated.png": (drawings.png(drawings.two_circles_coloured())[:-200], ""),
    "text.png": (b"this is no picture at all", ""),
    "animated.gif": (animation(), "3 frames"),
    "bomb.png": (bomb(), "60000"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    picture = drawings.png(drawings.two_circles_coloured())
    for name in GOOD[:5]:
        (place / name).write_bytes(picture)
    (place / "1x1.png").write_bytes(drawings.png(np.full((1, 1, 3), 90, np.uint8)))
    wide = np.full((40, 10000, 3), 255, np.uint8)
    wide[5:35, 100:9000] = (200, 30, 30)
    (place / "10000x40.png").write_bytes(drawings.png(wide))
    (place / "all-white.png").write_bytes(drawings.png(np.full((50, 60, 3), 255, np.uint8)))
    (place / "all-black.png").write_bytes(drawings.png(np.zeros((50, 60, 3), np.uint8)))
    file = io.BytesIO()
    Image.fromarray(drawings.two_circles_coloured()).save(file, "JPEG")
    (place / "mislabelled.png").write_bytes(file.getvalue())
    for name, (data, _) in BAD.items():
        (place / name).write_bytes(data)
    (place / "broken-link.png").symlink_to(place / "nowhere.png")
    (place / "self-link.png").symlink_to(place / "self-link.png")
    (place / "loop").symlink_to(place)
    return place


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "colorize_cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_bad_file_is_a_row_and_every_good_one_is_done(folder: Path, tmp_path: Path, command: str) -> None:
    ran = run(command, folder, "-o", tmp_path / "out", "-j", 1, "--json", *COMMANDS[command])
    assert ran.returncode == 1, ran.stderr
    summary = json.loads(ran.stdout)
    assert summary["inputs"] == summary["done"] + summary["failed"]
    assert summary["done"] == len(GOOD) + 3
    failures = {Path(name).name: reason for name, reason in summary["failures"].items()}
    assert set(failures) == {*BAD, "broken-link.png", "self-link.png"}
    for name, (_, words) in BAD.items():
        assert words in failures[name]
    for name, reason in failures.items():
        assert "fault of colorize-cli" not in reason, (name, reason)
        assert "\n" not in reason
        assert re.search(r"[.] [A-Z]", reason), f"{name}: no way out in {reason!r}"
    assert "Traceback" not in ran.stderr
    written = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert written >= set(GOOD)
    for name in BAD:
        assert Path(name).with_suffix(".png").name not in written


def test_paths_that_begin_with_a_dash_and_the_like_come_back_under_their_own_names(
    folder: Path, tmp_path: Path
) -> None:
    ran = run("regions", "-o", tmp_path / "out", "-j", 1, "--no-preview", "--json", "--", "-dash.png", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "-dash.png").exists()


def test_failures_are_one_line_each_on_standard_error(folder: Path, tmp_path: Path) -> None:
    ran = run("extract-lines", folder, "-o", tmp_path / "out", "-j", 1)
    lines = ran.stderr.splitlines()
    assert len([line for line in lines if line.startswith("failed")]) == len(BAD) + 2
    assert lines[-1].startswith("extract-lines: ")


def test_a_file_without_permission_is_a_row(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.core.batch.plan import BatchSettings
    from pipelines.extract_lines import extract_lines

    real: Callable[[Path], bytes] = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.name == "with space.png":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)  # root may read everything, so that chmod proves nothing there
    names = ["with space.png", "ドラゴン.png"]
    report = extract_lines([str(folder / name) for name in names], str(tmp_path / "out"), batch=BatchSettings(jobs=1))
    assert report.counts == {"done": 1, "skipped": 0, "failed": 1}
    assert "Permission denied" in report.of("failed")[0].reason


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where the system lets us mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_fails_clearly_and_leaves_no_half_file(small_disk: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    for index in range(8):
        drawings.write(tmp_path / "in" / f"{index}.png", noise.integers(0, 256, (128, 256, 3), np.uint8))
    ran = run("make-hints", tmp_path / "in", "-o", small_disk / "out", "-j", 1, "--json", "--method", "strokes")
    big = run("blend", "--base", tmp_path / "in", "--top", tmp_path / "in", "-o", small_disk / "big", "-j", 1, "--json")
    assert ran.returncode in (0, 1)
    assert big.returncode == 1, big.stderr
    failures = json.loads(big.stdout)["failures"]
    assert failures
    assert all("disk is full" in reason for reason in failures.values())
    for path in (small_disk / "big").glob("*.png"):
        assert drawings.read(path).shape == (128, 256, 3)
    shutil.rmtree(small_disk / "out")
    for path in list((small_disk / "big").glob("*.png"))[:-1]:
        path.unlink()


def test_an_output_folder_that_cannot_be_made_is_clear(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = run("regions", folder / "with space.png", "-o", tmp_path / "file" / "out", "-j", 1)
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a system without devices")
@pytest.mark.parametrize("option", ["--palette", "--settings"])
def test_a_device_without_end_is_refused(cli: Cli, tmp_path: Path, option: str) -> None:
    (tmp_path / "endless.gpl").symlink_to("/dev/zero")
    Image.new("L", (8, 8), 255).save(tmp_path / "a.png")
    ran = cli(
        "colorize", tmp_path / "a.png", "-o", tmp_path / "out", "--model", "flat", option, tmp_path / "endless.gpl"
    )
    assert ran.code == 2
    assert "it is too large for such a file" in ran.err


def test_set_in_a_settings_file_is_sent_to_its_table(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[regions]\nset = ["gap=3"]\n')
    ran = cli("regions", "a.png", "-o", tmp_path / "out", "--settings", tmp_path / "s.toml")
    assert ran.code == 2
    assert "has an option 'set'. Write its values into [regions.settings]" in ran.err
