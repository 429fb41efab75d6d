"""Runs the command line of a checkout of this project as a user would: a process of its own, on one thread."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
WHERE = "import colorize_cli, pipelines; print(colorize_cli.__file__); print(pipelines.__file__)"


@dataclass(frozen=True)
class Run:
    """How a command ended: its exit code, the last line of its complaints, and the wall-clock time it took."""

    code: int
    complaint: str
    wall: float


@dataclass(frozen=True)
class Checkout:
    """A checkout, and the folder in which its commands run and to which they write."""

    name: str
    root: Path
    folder: Path

    def run(self, arguments: Sequence[str]) -> Run:
        """Run `colorize-cli` of this checkout; settings in the environment do not count."""
        began = time.perf_counter()
        done = self._python(["-m", "colorize_cli", *arguments])
        wall = time.perf_counter() - began
        return Run(done.returncode, (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2], wall)

    def check(self) -> None:
        """End the program where this checkout's commands would run the code of another, such as an installed one."""
        done = self._python(["-c", WHERE])
        found = done.stdout.splitlines()
        if done.returncode or not all(Path(line).resolve().is_relative_to(self.root) for line in found):
            elsewhere = ", ".join(found) or done.stderr.strip().rpartition("\n")[2]
            sys.exit(f"{self.root} is no checkout of this project: Python finds {elsewhere}")

    def commit(self) -> str | None:
        """The commit that is checked out, with a + where files were changed since; None without git."""
        try:
            commit = self._git("rev-parse", "HEAD")
            return commit + ("+" if self._git("status", "--porcelain", "--untracked-files=no") else "")
        except (OSError, subprocess.CalledProcessError):
            return None

    def _python(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLORIZE_CLI_")}
        environment = {**kept, **THREADS, "PYTHONPATH": str(self.root), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, encoding="utf-8", cwd=self.folder, env=environment
        )

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def filled(command: str, places: dict[str, str]) -> list[str]:
    """The words of a command with places put in for names in braces; places may have spaces."""
    return [word.format_map(places) for word in command.split()]


def results(path: Path) -> dict[str, Path]:
    """The files of a result, by their names below it, without those in hidden folders."""
    if path.is_file():
        return {path.name: path}
    files = {file.relative_to(path): file for file in sorted(path.rglob("*")) if file.is_file()}
    return {
        name.as_posix(): file for name, file in files.items() if not any(part.startswith(".") for part in name.parts)
    }
