"""Tasks for the tests of backends."""

from pathlib import Path, PurePosixPath

from pipelines.core.batch.plan import Job
from pipelines.core.batch.workers import Task


def tasks_for(folder: Path, texts: list[str], *, out: str = "out") -> list[Task]:
    """A task for each text."""
    tasks = []
    for index, text in enumerate(texts):
        path = folder / f"{index}.txt"
        path.write_text(text)
        job = Job((("picture", path),), (folder / out / str(index),), PurePosixPath(str(index)))
        tasks.append(Task(index, job, str(index), "upper", (), overwrite=False, seed=0, scratch=folder / "scratch"))
    return tasks
