"""Schemas of what is said of methods, models and the installation, and of pictures in layers."""

from colorize_cli.schemas.kinds import (
    Schema,
    any_number,
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

_SETTING = record({"name": text(), "kind": text("its type in words"), "default": {}, "meaning": text()})
_CHECK = record(
    {
        "name": text("what was looked at"),
        "state": one_of(("ok", "note", "problem")),
        "found": text(),
        "remedy": text("what to type; empty where nothing is to be done"),
    }
)
_LAYER = record(
    {
        "name": text(),
        "file": text(),
        "mode": text("blend mode, as in colorize-cli blend"),
        "opacity": {"type": "number", "minimum": 0, "maximum": 1},
        "visible": truth(),
        "box": array({"type": "integer"}, "left, top, width, height of what is not transparent, px", length=4),
    }
)

SCHEMAS: dict[str, Schema] = {
    "methods": mapping(
        record({"settings": array(_SETTING), "presets": mapping(anything("settings of a preset"))}),
        "Methods and their settings, by family and name: methods --json.",
    ),
    "model": record(
        {
            "folder": text(),
            "model": text(),
            "params": anything("its settings"),
            "step": count("of training"),
            "figures": mapping(any_number(), "of its validation"),
            "note": text(),
            "weights_sha256": text(),
            "frame": or_null(array(count(), "width and height of the pictures it learned from, px", length=2)),
            "parameters": number(),
        },
        "What is known of a model: models show --json.",
    ),
    "doctor": record(
        {"version": text("of colorize-cli"), "exit_code": one_of((0, 1)), "checks": array(_CHECK)},
        "What is wrong with an installation: doctor --json.",
    ),
    "settings": record(
        {
            "command": text(),
            "values": array(
                record(
                    {
                        "option": text("as it is typed"),
                        "value": {"description": "null: not set"},
                        "origin": text("command line, a variable, a file, default, or found upward"),
                    }
                )
            ),
        },
        "What each option is and why: --show-settings --json.",
    ),
    "init": record(
        {
            "file": text("that was written"),
            "lines": or_null(text("folder")),
            "hints": or_null(text("folder")),
            "colour": or_null(text("folder")),
            "pictures": count("of line art"),
        },
        "Which folders init found: init --json.",
    ),
    "layers": record(
        {"width": count("px"), "height": count("px"), "layers": array(_LAYER, "from bottom to top")},
        "A picture in layers: NAME-layers/layers.json of colorize --layers png.",
    ),
}
