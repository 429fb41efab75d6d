"""What a training run leaves behind, as tests compare it with another's."""

import json
from pathlib import Path
from typing import Any

TIMING = ("pictures_a_second", "data_share", "seconds")


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of figures without what depends on time."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in TIMING} for row in rows]


def content(run: Path) -> dict[str, bytes | dict[str, Any]]:
    """Everything of a run that two of them must have alike."""
    files: dict[str, bytes | dict[str, Any]] = {}
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_file() and name not in ("metrics.jsonl", "run.json"):
            files[name] = path.read_bytes()
    state = json.loads(files["last/training.json"])
    files["last/training.json"] = {name: value for name, value in state.items() if name != "seconds"}
    return files
