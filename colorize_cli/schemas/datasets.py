"""Schemas of what build-dataset writes beside pictures."""

from colorize_cli.schemas.kinds import (
    Schema,
    anything,
    array,
    count,
    mapping,
    number,
    one_of,
    or_null,
    record,
    text,
    truth,
)

_SPLITS = ("train", "val", "test", "display")
_ROLES = ("colour", "lines", "hints", "composite", "pair", "shard", "key")  # which of them are there is the layout's
_BY_SPLIT = record({split: count() for split in _SPLITS})
_SIZE = or_null(array(count(), "width and height, px; null: each its own", length=2))
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

_ROW: dict[str, Schema] = {
    "name": text("of the picture, relative path without suffix"),
    "split": one_of(_SPLITS),
    "line_method": text(),
    "hint_method": text(),
    **{role: text("path in the dataset's folder, or place in the shard") for role in _ROLES},
    "sha256": mapping(_SHA256, "of each file"),
    "source": record({"path": text(), "width": count("px"), "height": count("px"), "sha256": _SHA256}),
    "view": array(number(), "left, top, width, height: what of the picture is seen, px", length=4),
    "covers": array(number(), "left, top, width, height: where it lies in the frame, px", length=4),
    "figure": truth("whether a figure was found on a plain ground"),
    "colourfulness": number(),
    "saturation_factor": number(),
    "settings": anything("methods and settings of lines and hints, as drawn for this picture"),
    "licence": {"description": "as a sidecar or manifest beside the picture says"},
    "author": {"description": "the same"},
    "credit": anything("all that it says"),
}
_DESCRIPTION: dict[str, Schema] = {
    "kind": {"const": "colorize-cli dataset"},
    "version": {"const": 1},
    "complete": truth("whether every picture that was chosen is in it"),
    "layout": one_of(("own", "aligned", "unaligned", "webdataset")),
    "input": one_of(("drawing", "picture"), "what is to be coloured"),
    "size": _SIZE,
    "settings": anything(),
    "mismatches": array(text(), "pictures and line art without a partner"),
    "left_out": mapping(count(), "pictures, by why"),
    "pictures": _BY_SPLIT,
    "samples": _BY_SPLIT,
    "licences": mapping(count(), "pictures by licence"),
    "saturation": anything(),
}

SCHEMAS: dict[str, Schema] = {
    "dataset": {
        **record(_DESCRIPTION, "What a dataset is: DATASET/dataset.json.", optional=("input", "left_out")),
        "additionalProperties": True,
    },
    "dataset-row": {
        **record(
            _ROW, "One sample of a dataset: a line of DATASET/manifest.jsonl.", optional=(*_ROLES, "split", "settings")
        ),
        "additionalProperties": True,
    },
}
