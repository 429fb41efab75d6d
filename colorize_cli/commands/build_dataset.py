"""colorize-cli build-dataset: coloured pictures -> a dataset of pairs to learn from."""

from typing import Annotated, Literal

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, Inputs, batch_command, choices, one_of

EPILOG = """\b
Examples:
  colorize-cli build-dataset art/ -o dataset/
  colorize-cli build-dataset art/ -o dataset/ --lines inked/ --strict
  colorize-cli build-dataset art/ -o dataset/ --pair '{name}_line' '{name}_color'
  colorize-cli build-dataset facades/ -o dataset/ --read BA --keep-split
  colorize-cli build-dataset maps/ -o maps-dataset/ --read BA --input picture
  colorize-cli build-dataset art/ -o dataset/ --line-method adaptive --line-method xdog:salac --draws 3 \\
      --set kmedoids.hints=4..16
  colorize-cli build-dataset art/ -o dataset/ --drop-duplicates --centre move --drop-dull 20 --saturation-boost 0.5
  colorize-cli build-dataset art/ -o pix2pix/ --layout aligned"""

_READ, _MADE, _CHOSEN, _SPLIT, _STORED = (
    "What is read",
    "What is made",
    "What is left out",
    "How it is split",
    "How it is stored",
)

Reading = Literal["pictures", "AB", "BA", "pairs"]
InputKind = Literal["drawing", "picture"]
Fit = Literal["pad", "crop"]
Centre = Literal["off", "move", "fill"]
Layout = Literal["own", "aligned", "unaligned", "webdataset"]
DomainA = Literal["composite", "lines"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("build-dataset", cls=Command, epilog=EPILOG)(build_dataset)


@batch_command
def build_dataset(
    inputs: Inputs = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="DATASET", show_default=False, help="Folder of the dataset.")
    ] = None,
    read: Annotated[
        Reading,
        typer.Option(
            **one_of(Reading),
            rich_help_panel=_READ,
            help="Coloured pictures; line art and colour side by side in one picture (AB: line art on the left, BA: on "
            "the right); or folders of both: SET/color and SET/line, trainB and trainA.",
        ),
    ] = "pictures",
    lines: Annotated[
        str | None,
        typer.Option(metavar="DIR", rich_help_panel=_READ, help="The pictures' own line art, by name."),
    ] = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="LINE COLOUR",
            rich_help_panel=_READ,
            show_default=False,
            help="How line art and coloured pictures are called: '{name}_line' '{name}_color'. A pattern may name "
            "folders and a suffix too: 'ink/{name}.png'. Capitals make no difference. With --lines the line art lies "
            "there.",
        ),
    ] = None,
    input_kind: Annotated[
        InputKind,
        typer.Option(
            "--input",
            **one_of(InputKind),
            rich_help_panel=_READ,
            help="What the partners in pairs are: line art, or pictures of another kind, such as maps, which stay as "
            "they are, in colour, without lines or hints.",
        ),
    ] = "drawing",
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            rich_help_panel=_READ,
            help="Exit 2 before any work where pictures and line art do not match, instead of listing them.",
        ),
    ] = False,
    size: Annotated[
        str, typer.Option(metavar="N|WxH|original", rich_help_panel=_MADE, help="Size of all that is made, px.")
    ] = "256",
    fit: Annotated[
        Fit,
        typer.Option(
            **one_of(Fit),
            rich_help_panel=_MADE,
            help="Keep the whole picture and pad it, or crop it to the frame.",
        ),
    ] = "pad",
    pad: Annotated[
        str,
        typer.Option(
            metavar="auto|RRGGBB",
            rich_help_panel=_MADE,
            help="Colour of the padding. auto: the picture's plain ground, else white.",
        ),
    ] = "auto",
    centre: Annotated[
        Centre,
        typer.Option(
            **one_of(Centre),
            rich_help_panel=_MADE,
            help="Move the figure to the middle, or cut around it so that it fills the frame.",
        ),
    ] = "off",
    margin: Annotated[
        float,
        typer.Option(
            min=0, max=1, rich_help_panel=_MADE, help="With --centre fill: space around it, part of its longer side."
        ),
    ] = 0.05,
    line_method: Annotated[
        list[str] | None,
        typer.Option(
            metavar=f"own|{choices('lines')}",
            rich_help_panel=_MADE,
            show_default=False,
            help="How lines are found, METHOD or METHOD:PRESET; several for several samples of each picture. "
            "Default: the pictures' own line art where there is some, else adaptive.",
        ),
    ] = None,
    hint_method: Annotated[
        list[str] | None,
        typer.Option(
            metavar=choices("hints"),
            rich_help_panel=_MADE,
            show_default=False,
            help="How hints are placed, METHOD or METHOD:PRESET; may be given several times. Default: kmedoids.",
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(min=1, rich_help_panel=_MADE, help="Random hint maps of each picture and hint method.")
    ] = 1,
    set_values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="METHOD.NAME=VALUE",
            rich_help_panel=_MADE,
            help="Set one of a method's settings; LOW..HIGH draws it anew for each picture.",
        ),
    ] = None,
    saturation_boost: Annotated[
        float,
        typer.Option(
            min=0,
            rich_help_panel=_MADE,
            help="Raise the saturation of dull pictures: 0.5 = by half for grey, less the more colourful they are.",
        ),
    ] = 0.0,
    drop_duplicates: Annotated[
        bool,
        typer.Option(
            "--drop-duplicates",
            rich_help_panel=_CHOSEN,
            help="Keep one of pictures that look nearly the same, mirrored or not: the one whose licence and author "
            "are known, else the largest.",
        ),
    ] = False,
    duplicate_bits: Annotated[
        int,
        typer.Option(min=0, max=64, rich_help_panel=_CHOSEN, help="How many of 256 bits may differ in a duplicate."),
    ] = 6,
    drop_dull: Annotated[
        float,
        typer.Option(metavar="PERCENT", min=0, max=99, rich_help_panel=_CHOSEN, help="Drop the least colourful share."),
    ] = 0.0,
    least_colourfulness: Annotated[
        float,
        typer.Option(
            min=0,
            rich_help_panel=_CHOSEN,
            help="Drop pictures below this colourfulness (15 slightly, 45 averagely, 82 highly colourful).",
        ),
    ] = 0.0,
    val: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, rich_help_panel=_SPLIT, help="Share for validation.")
    ] = 10.0,
    test: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, rich_help_panel=_SPLIT, help="Share for testing.")
    ] = 10.0,
    display: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, rich_help_panel=_SPLIT, help="Share for display only.")
    ] = 0.0,
    keep_split: Annotated[
        bool,
        typer.Option(
            "--keep-split",
            rich_help_panel=_SPLIT,
            help="Take the split that a picture's sidecar or a folder (train, val, test, display) names.",
        ),
    ] = False,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            rich_help_panel=_SPLIT,
            help="Regular expression: pictures in whose names it finds the same text stay in one split.",
        ),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=_SPLIT,
            help="Pictures whose sidecars agree in this value stay together.",
        ),
    ] = None,
    layout: Annotated[
        Layout,
        typer.Option(
            **one_of(Layout),
            rich_help_panel=_STORED,
            help="own is what `train` reads; aligned (A|B in one picture) and unaligned (trainA, trainB) are for other "
            "trainers of pix2pix and CycleGAN, webdataset is tar shards.",
        ),
    ] = "own",
    domain_a: Annotated[
        DomainA,
        typer.Option(
            **one_of(DomainA),
            rich_help_panel=_STORED,
            help="What A is in the aligned and unaligned layouts: lines with hints on them, or lines alone.",
        ),
    ] = "composite",
    shard_size: Annotated[int, typer.Option(min=1, rich_help_panel=_STORED, help="Samples in a shard.")] = 256,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            rich_help_panel=_STORED,
            help="Remove files of earlier runs that are no longer part of it. Those of pictures that are in another "
            "split now go anyway, and in layouts for other programs all that they would read.",
        ),
    ] = False,
    *,
    batch: BatchOptions,
) -> None:
    """Build a dataset of pairs from coloured pictures: lines, hints, both in one picture, and colour.

    Licence and author are taken from NAME.json or a manifest.jsonl beside the pictures.
    """
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines import build_dataset as stage
    from pipelines.core.data.curation import Curation
    from pipelines.core.data.name_rules import NamePattern, NameRule
    from pipelines.core.data.splits import Shares
    from pipelines.core.imaging.framing import Framing, parse_colour, parse_size

    recipe = stage.Recipe(
        framing=Framing(size=parse_size(size), fit=fit, centre=centre, margin=margin, pad=parse_colour(pad)),
        lines=tuple(line_method or ()),
        hints=tuple(hint_method or ("none" if input_kind == "picture" else "kmedoids",)),
        draws=draws,
        values=method_values(batch, "build-dataset", set_values),
        input=input_kind,
        saturation_boost=saturation_boost,
    )
    shares = Shares(val=val, test=test, display=display)
    run_batch(
        batch,
        partial(
            stage.build_dataset,
            inputs or [],
            output,
            reading=read,
            lines=lines,
            rule=NameRule(NamePattern(pair[0]), NamePattern(pair[1])) if pair else None,
            strict=strict,
            recipe=recipe,
            curation=Curation(
                drop_duplicates=drop_duplicates,
                duplicate_bits=duplicate_bits,
                drop_dull=drop_dull,
                least_colourfulness=least_colourfulness,
            ),
            splitting=stage.Splitting(shares=shares, keep=keep_split, group_pattern=group, group_by=group_by),
            storing=stage.Storing(layout=layout, domain=domain_a, shard_size=shard_size, prune=prune),
        ),
        inputs=inputs,
        output=output,
    )
