"""A work on texts, and runs of it: what the tests of the batch floor share."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.errors import MethodError
from pipelines.core.files import STATE_FOLDER


@dataclass(frozen=True)
class Upper:
    """Upper-cases text; fails for "bad", kills its process for "kill"."""

    tail: str = ""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        data = files["picture"]
        if data == b"bad":
            raise MethodError("it is bad", hint="Be good")
        if data == b"kill":
            os._exit(9)
        return Produced((data.upper() + self.tail.encode() + str(rng.integers(1 << 30)).encode(),))


def make(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)


def plan_for(source: Path, output: Path, tail: str = "") -> Plan:
    files = sorted(source.rglob("*.txt"))
    jobs = tuple(
        Job((("picture", path),), (output / path.relative_to(source),), PurePosixPath(path.relative_to(source)))
        for path in files
    )
    return Plan("upper", jobs, output, {"tail": tail})


def go(source: Path, output: Path, tail: str = "", **settings: object) -> Report:
    chosen = BatchSettings(**{"jobs": 1, **settings})  # type: ignore[arg-type]
    return run(plan_for(source, output, tail), Upper(tail), chosen)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and STATE_FOLDER not in path.parts
    }


class Together:
    """Takes three inputs at once; each result begins with how many came together."""

    batch_size = 3
    runs_in_threads = False

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        return self.run_batch([Input(files, rng)])[0]

    def prepare(self, workers: int | None) -> "tuple[Together, int | None]":
        return self, workers

    def run_batch(self, inputs: Sequence[Input]) -> list[Produced]:
        return [Produced((bytes([len(inputs)]) + files["picture"],)) for files, _ in inputs]
