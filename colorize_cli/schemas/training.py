"""Schemas of what train writes beside checkpoints."""

from colorize_cli.schemas.kinds import (
    Schema,
    any_number,
    anything,
    array,
    count,
    mapping,
    number,
    one_of,
    record,
    text,
    truth,
)

_FIGURES = mapping(any_number(), "val_psnr dB, val_l1 grey levels ...")

SCHEMAS: dict[str, Schema] = {
    "train-summary": record(
        {
            "folder": text("of the run"),
            "step": count("optimizer steps in all"),
            "seconds": number("in training, in all", least=0),
            "figures": {"description": "of the last validation", **_FIGURES},
            "best": {"description": "of the best validation, and its step", **_FIGURES},
            "stopped_by": one_of(("", "interrupt", "termination")),
            "notes": array(text()),
            "reads_pictures": truth("whether it turns pictures into others, instead of colouring line art"),
            "estimate": anything("of a dry run: sizes, memory, time"),
            "lead": truth("whether this is the first of several processes"),
            "exit_code": one_of((0, 130, 143)),
        },
        "What came of a training run: train --json.",
    ),
    "train-metrics": {
        "description": "Losses and pace, or figures of a validation: a line of RUN/metrics.jsonl.",
        "type": "object",
        "properties": {"step": count()},
        "required": ["step"],
        "additionalProperties": any_number("a loss, a figure, or pace"),
        "anyOf": [
            {"required": ["epoch", "learning_rate", "pictures_a_second", "data_share", "seconds"]},
            {"required": ["val_psnr", "val_l1"]},
        ],
    },
}
