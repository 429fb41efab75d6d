"""Small datasets in the own layout that tests write for themselves."""

from pathlib import Path

from pipelines.core.data.layout import DatasetLayout, Row, files_of
from pipelines.core.data.manifest import MANIFEST, write_description, write_rows
from pipelines.core.files import sha256
from tests import drawings


def make_dataset(folder: Path, names: tuple[str, ...] = ("a", "b"), **about: object) -> Path:
    rows: list[Row] = []
    for name in names:
        for row in DatasetLayout().sample_rows("train", name, ["own"], ["points"]):
            drawings.write(folder / row["colour"], drawings.two_circles_coloured(32))
            drawings.write(folder / row["lines"], drawings.two_circles(32))
            drawings.write(folder / row["hints"], drawings.two_hints(32))
            drawings.write(folder / row["composite"], drawings.two_circles_coloured(32))
            digests = {role: sha256((folder / path).read_bytes()) for role, path in files_of(row)}
            rows.append({**row, "sha256": digests})
    write_rows(folder, MANIFEST, rows)
    write_description(folder, {"complete": True, "layout": "own", **about})
    return folder
