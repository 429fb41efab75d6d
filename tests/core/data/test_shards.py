"""How samples are packed."""

import io
import json
import tarfile

import numpy as np

from pipelines.core.data.shards import PackTask, key_of


def test_a_shard_holds_samples_side_by_side_in_the_same_bytes() -> None:
    rows = [{"name": "v1.2/a%b.c", "line_method": "own", "hint_method": "points"}]
    rows[0]["key"] = key_of(rows[0])
    fields = {f"{rows[0]['key']}/{field}": field.encode() for field in ("colour", "lines", "hints", "composite")}
    files = {"rows": json.dumps(rows[0]).encode(), **fields}
    data = PackTask()(files, np.random.default_rng()).files[0]
    assert data == PackTask()(files, np.random.default_rng()).files[0]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        content = {name: archive.extractfile(name).read() for name in names}  # type: ignore[union-attr]
    bases = {name.rpartition("/")[0] + "/" + name.rpartition("/")[2].partition(".")[0] for name in names}
    assert bases == {rows[0]["key"]}
    assert [name.rpartition("/")[2].partition(".")[2] for name in names] == [
        "colour.png",
        "lines.png",
        "hints.png",
        "composite.png",
        "json",
    ]
    assert content[f"{rows[0]['key']}.hints.png"] == b"hints"
    assert json.loads(content[f"{rows[0]['key']}.json"]) == rows[0]
    assert key_of({"name": "a.b", "line_method": "l", "hint_method": "h"}) != key_of(
        {"name": "a%2Eb", "line_method": "l", "hint_method": "h"}
    )


def test_a_name_that_is_no_utf8_gets_a_key_that_is() -> None:
    key = key_of({"name": "\udcff\udc80é", "line_method": "l", "hint_method": "h"})
    assert key == "%FF%80é+l+h"
    assert key.encode()
