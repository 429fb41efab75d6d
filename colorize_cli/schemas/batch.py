"""Schemas of what every batch command writes: records, summaries, reports; and of SARIF as it is written here."""

from colorize_cli.schemas import evaluation
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

_FACTS: dict[str, Schema] = {
    "guided_by": one_of(("hints", "reference", "palette", "nothing"), "where the colours come from"),
    "lines_found": truth("whether there was any line"),
    "coloured_already": truth("the picture was left alone since it has colours"),
    "partly_coloured": truth(),
    "paper_cleaned": truth("paper of a scan or photo was whitened"),
    "palette_ignored": truth("no colour of the palette was used"),
    "computed_in": {
        "description": "precision of each network, by its label; of translate that of the one network",
        "anyOf": [mapping(text()), text()],
    },
    "areas": mapping(count(), "how many: all, hinted, guessed, ground, empty"),
    "hints": mapping(count(), "how many dabs and strokes: given, used"),
    "unused": mapping(count(), "how many of them were not used, by why"),
    "unused_hints": array(
        record({"x": number("px"), "y": number("px"), "colour": text("RRGGBB"), "why": text()}), "the first 50 of them"
    ),
    "gaps": count("openings in lines through which two colours meet"),
    "widest_gap": number("px", least=0),
    "open_gaps": array(record({"x": number("px"), "y": number("px"), "width": number("px")}), "the first 50 of them"),
    "scale": number("of translate: size of what the network saw, to the picture's", least=0),
}
_RECORD: dict[str, Schema] = {
    "input": text("path as given; - is standard input"),
    "outputs": array(text(), "paths of the files written, or that would be written"),
    "status": one_of(("done", "skipped", "failed")),
    "reason": text("why it was skipped or failed, with the way out; empty where it was done"),
    "milliseconds": number("time in the worker", least=0),
    "warnings": array(text(), "what to look at although it was done"),
    "facts": record(_FACTS, "what a stage says of the picture", optional=tuple(_FACTS)),
}
_SUMMED: Schema = {
    "description": "facts of all inputs: yes is counted, whole numbers add up, of fractions the greatest is kept, "
    "texts are counted by what they say, lists left out",
    "type": "object",
    "propertyNames": {"enum": list(_FACTS)},
    "additionalProperties": {"anyOf": [any_number(), mapping({"anyOf": [any_number(), mapping(any_number())]})]},
}
_SUMMARY: dict[str, Schema] = {
    "command": text("extract-lines, colorize ..."),
    "output": text("the folder or the one file; - is standard output"),
    "inputs": count("done + skipped + failed"),
    "done": count(),
    "skipped": count("unchanged, or not reached"),
    "failed": count(),
    "seconds": number(least=0),
    "dry_run": truth("nothing was written"),
    "stopped_by": one_of(("", "failure", "interrupt", "termination"), "why not all inputs were reached"),
    "exit_code": one_of((0, 1, 130, 143)),
    "failures": mapping(text(), "input -> reason"),
    "warnings": mapping(array(text()), "input -> warnings"),
    "facts": _SUMMED,
    "notes": array(text(), "about the run as a whole"),
    "passed_over": mapping(count(), "kind of file beside the inputs -> how many"),
    "settings": anything("resolved settings of the run"),
    **evaluation.SUMMED,
}
_OPTIONAL = ("facts", "passed_over", *evaluation.SUMMED)
_EVALUATE_ALONE: Schema = {  # the figures are there after evaluate, and nowhere else
    "if": {"properties": {"command": {"const": "evaluate"}}},
    "then": {"required": list(evaluation.SUMMED)},
    "else": {"properties": dict.fromkeys(evaluation.SUMMED, False)},
}
_ARTIFACT = {
    "anyOf": [
        record({"uri": text("percent-encoded, from the root of the checkout"), "uriBaseId": {"const": "%SRCROOT%"}}),
        record({"uri": {"type": "string", "pattern": "^file://"}}),
    ]
}
_LOCATION = record(
    {"physicalLocation": record({"artifactLocation": _ARTIFACT, "region": record({"startLine": {"const": 1}})})}
)
_MESSAGE = record({"text": text()})
_RULE = record(
    {
        "id": one_of(("failed", "warning")),
        "shortDescription": _MESSAGE,
        "defaultConfiguration": record({"level": one_of(("error", "warning"))}),
    }
)
_INVOCATION = record(
    {
        "executionSuccessful": truth(),
        "exitCode": count(),
        "toolExecutionNotifications": array(record({"level": one_of(("note", "error")), "message": _MESSAGE})),
    }
)
_RESULT = record(
    {
        "ruleId": one_of(("failed", "warning")),
        "ruleIndex": one_of((0, 1)),
        "level": one_of(("error", "warning")),
        "message": _MESSAGE,
        "locations": array(_LOCATION),
    }
)
_DRIVER = record({"name": {"const": "colorize-cli"}, "version": text(), "rules": array(_RULE)})

SCHEMAS: dict[str, Schema] = {
    "record": record(_RECORD, "One input of a batch: a line of --output-format json-lines.", optional=("facts",)),
    "summary": record(_SUMMARY, "A whole run without what went well: --output-format json, --json.", optional=_OPTIONAL)
    | _EVALUATE_ALONE,
    "report": record(
        {**_SUMMARY, "records": array(record(_RECORD, optional=("facts",)), "one per input, in order")},
        "A whole run: the file of --report.",
        optional=_OPTIONAL,
    )
    | _EVALUATE_ALONE,
    "sarif": record(
        {
            "$schema": text(),
            "version": {"const": "2.1.0"},
            "runs": array(
                record(
                    {
                        "tool": record({"driver": _DRIVER}),
                        "invocations": array(_INVOCATION, length=1),
                        "results": array(_RESULT),
                    }
                ),
                length=1,
            ),
        },
        "The part of SARIF 2.1.0 that --output-format sarif uses.",
    ),
}
