"""What becomes of files that a dataset no longer holds."""

from pathlib import Path

from pipelines.core.data.manifest import MANIFEST, write_rows
from pipelines.core.data.stale_files import clear_stale
from tests.core.data.datasets import make_dataset


def files_in(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(".")}


def test_only_what_the_manifest_names_and_nobody_changed_is_removed(tmp_path: Path) -> None:
    make_dataset(tmp_path, ("a", "b"))
    (tmp_path / "train" / "colour" / "mine.png").write_bytes(b"mine")
    (tmp_path / "train" / "hints" / "points" / "b.png").write_bytes(b"touched up")
    current = {name for name in files_in(tmp_path) if name.endswith("a.png")}
    kept = clear_stale(tmp_path, current, prune=False)
    assert (kept.removed, kept.kept, kept.changed) == (0, 4, 0)
    assert "--prune" in kept.notes()[0]
    write_rows(tmp_path, MANIFEST, [])  # the next manifest no longer names them
    pruned = clear_stale(tmp_path, current, prune=True)
    assert (pruned.removed, pruned.kept, pruned.changed) == (3, 0, 1)
    left = {"dataset.json", "manifest.jsonl", "train/colour/mine.png", "train/hints/points/b.png"}
    assert files_in(tmp_path) == current | left
