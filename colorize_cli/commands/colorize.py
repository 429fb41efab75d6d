"""colorize-cli colorize: line art -> finished colour."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from colorize_cli.help import Command
from colorize_cli.options import (
    BatchOptions,
    BatchSize,
    Clean,
    Device,
    Domain,
    Engine,
    Inputs,
    Output,
    Precision,
    Preset,
    SetValues,
    batch_command,
    one_of,
)

EPILOG = """\b
Examples:
  colorize-cli colorize lines/ -o colour/ --hints hints/
  colorize-cli colorize lines/ -o colour/ --reference finished/ --background transparent
  colorize-cli colorize frames/ -o colour/ --hints first-frame-hints/ --lock
  colorize-cli colorize sketch.png -o sketch-colour.png --palette hero.gpl --seed 3
  colorize-cli colorize - --hints hints.png < lines.png > colour.png
  colorize-cli colorize lines/ -o colour/ --hints hints/ --model runs/pix2pix
  colorize-cli colorize lines/ -o colour/ --reference finished/ --model pix2pix=runs/pix2pix \\
      --model cyclegan=runs/cyclegan --merge divide --keep-steps --panels
  colorize-cli colorize lines/ -o colour/ --hints hints/ --layers psd --flats colour"""

_MERGE, _BESIDE = "Merging several models", "What is written beside the results"

Background = Literal["auto", "paper", "transparent"]
Lines = Literal["auto", "keep", "multiply", "tint", "none"]
Unhinted = Literal["lively", "likely", "nearest", "empty"]
Outside = Literal["auto", "paper", "fill"]
Flats = Literal["one", "colour", "region"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("colorize", cls=Command, epilog=EPILOG)(colorize)


@batch_command
def colorize(
    inputs: Inputs = None,
    output: Output = None,
    model: Annotated[
        list[Path] | None,  # as paths, since lists of texts in the environment are split at spaces
        typer.Option(
            help="What paints: fillnet, the network that comes with the toolkit; flat, flat colour alone; or a run, "
            "checkpoint or FILE.onnx of a trained network. Several, NAME=RUN each, are merged. Default: fillnet.",
            metavar="fillnet|flat|RUN|FILE.onnx|NAME=RUN",
            envvar="COLORIZE_CLI_MODEL",
            show_default=False,
        ),
    ] = None,
    hints: Annotated[
        str | None,
        typer.Option(metavar="DIR|FILE", help="Hints: RGBA pictures of the same name, transparent but for the hints."),
    ] = None,
    require_hints: Annotated[
        bool,
        typer.Option(
            "--require-hints",
            help="Pictures none of whose hints is used fail (exit 1) instead of being coloured by guesses.",
        ),
    ] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|FILE",
            help="Coloured pictures: of the same drawing, every area takes its colour there; of others by place.",
        ),
    ] = None,
    palette: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Palette whose colours the regions take: .gpl .hex .pal .act .aco .ase .png"),
    ] = None,
    palette_from: Annotated[
        str | None,
        typer.Option(metavar="DIR|FILE", help="Finished pictures whose main colours are the palette."),
    ] = None,
    lock: Annotated[
        bool,
        typer.Option(
            "--lock",
            help="Keep one palette over each folder, and the colour of each region over frames: pictures whose names "
            "differ in their last number. Hints in any frame count for all.",
        ),
    ] = False,
    grid: Annotated[
        str | None,
        typer.Option(
            metavar="WxH|none",
            show_default=False,
            help="A sheet of sprites, each W by H px: hints on one count for all; none: pictures are no sheets. "
            "Default: found where it is plain. Models that fill.",
        ),
    ] = None,
    background: Annotated[
        Background,
        typer.Option(
            **one_of(Background),
            help="Paper outside the figure; auto: transparent where the line art is.",
        ),
    ] = "auto",
    lines: Annotated[
        Lines,
        typer.Option(
            **one_of(Lines),
            help="Line art on top of the colour. keep: as it is; multiply: as what it takes away, so that it is never "
            "lighter than its fill; auto: multiply where it is soft, grey or coloured, else keep; tint: in a colour "
            "that the model finds for it; none: the colour alone.",
        ),
    ] = "auto",
    clean: Clean = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Colour pictures too that are coloured already, which otherwise are named and left alone."
        ),
    ] = False,
    unhinted: Annotated[
        Unhinted,
        typer.Option(
            **one_of(Unhinted),
            help="Areas without a hint. nearest: the colour of the hint that speaks for them best, and no network may "
            "say otherwise; empty: paper; lively, likely: as the model thinks, and where there are no hints at all "
            "lively colours, or those likeliest to be near the truth, which are grey where it could be any.",
        ),
    ] = "lively",
    outside: Annotated[
        Outside,
        typer.Option(
            **one_of(Outside),
            help="Hints on the ground outside the figure. fill: they colour all of it, up to the outlines; paper: "
            "they are spots on it; auto: dabs by hand fill it, shadows and marks do not.",
        ),
    ] = "auto",
    gap: Annotated[
        str,
        typer.Option(
            metavar="PX|auto",
            help="Openings in lines up to this wide are closed; 0: none; auto: 2 % of the longer side.",
        ),
    ] = "auto",
    background_hint: Annotated[
        str | None,
        typer.Option(
            metavar="RRGGBB",
            show_default=False,
            help="Hints of this colour say that an area is ground: paper, or transparent as --background says. "
            "Default: FF00FE.",
        ),
    ] = None,
    empty_hint: Annotated[
        str | None,
        typer.Option(
            metavar="RRGGBB",
            show_default=False,
            help="Hints of this colour say that an area is left white. Default: 00FFFE.",
        ),
    ] = None,
    snap: Annotated[
        bool,
        typer.Option(
            "--snap/--no-snap",
            help="Hints' exact colours where they lie; no: a network may shade them there too.",
        ),
    ] = True,
    merge: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            rich_help_panel=_MERGE,
            show_default=False,
            help="How several models' results become one: shading (colours of the base, light and shadow of the top) "
            "or a blend mode, such as divide. Default: shading.",
        ),
    ] = None,
    merge_base: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_MERGE, help="The model below. Default: the first."),
    ] = None,
    merge_top: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_MERGE, help="The model above. Default: all others."),
    ] = None,
    merge_opacity: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, rich_help_panel=_MERGE, show_default=False, help="Opacity of the top. Default: by mode."
        ),
    ] = None,
    keep_steps: Annotated[
        bool,
        typer.Option(
            "--keep-steps",
            rich_help_panel=_BESIDE,
            help="Write every intermediate picture too, into OUTPUT/steps: hints, composite, what each network is "
            "given and gives, colour layers.",
        ),
    ] = False,
    panels: Annotated[
        bool,
        typer.Option(
            "--panels",
            rich_help_panel=_BESIDE,
            help="Write lines, hints, each model, merged and truth side by side too, into OUTPUT/panels.",
        ),
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            rich_help_panel=_BESIDE,
            help="Draw what was hinted, guessed and ground, open gaps with their width, and unused hints, into "
            "OUTPUT/explain.",
        ),
    ] = False,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|FILE", rich_help_panel=_BESIDE, help="The true pictures for --panels. Default: --reference."
        ),
    ] = None,
    variants: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            metavar="N",
            rich_help_panel=_BESIDE,
            help="Colour each drawing in N plausible ways, by --seed: the likeliest, and others into OUTPUT/variants/2 "
            "and so on. Hints are kept in all; steps, panels and layers are those of the first.",
        ),
    ] = 1,
    layers: Annotated[
        str | None,
        typer.Option(
            metavar="ora|psd|png",
            rich_help_panel=_BESIDE,
            show_default=False,
            help="Write the result in layers too: background, flats, shading, highlights, line-art, hints. ora and psd "
            "are one file beside the result, png a folder NAME-layers of pictures and layers.json.",
        ),
    ] = None,
    flats: Annotated[
        Flats,
        typer.Option(
            **one_of(Flats),
            rich_help_panel=_BESIDE,
            help="With --layers ora or psd: the flat colours in one layer, or a group with a layer for each colour or "
            "each region.",
        ),
    ] = "one",
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            rich_help_panel=_BESIDE,
            help="Remove what colorize made of line art of this folder that is gone; what was changed since stays.",
        ),
    ] = False,
    device: Device = "auto",
    engine: Engine = "torch",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    domain: Domain = None,
    preset: Preset = None,
    set_values: SetValues = None,
    *,
    batch: BatchOptions,
) -> None:
    """Colorize line art at its own size, with the lines on top."""
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines.colorize import FillOptions, Guides, Merge, OutputOptions, RunOptions
    from pipelines.colorize import colorize as stage

    values = method_values(batch, "colorize", set_values)
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            model=[str(place) for place in model or [Path("fillnet")]],
            preset=preset,
            values=values,
            guides=Guides(
                hints=hints,
                reference=reference,
                palette=palette,
                palette_from=palette_from,
                required=require_hints,
                grid=grid,
                lock=lock,
            ),
            merge=Merge(mode=merge, base=merge_base, top=merge_top, opacity=merge_opacity),
            shown=OutputOptions(
                steps=keep_steps,
                panels=panels,
                explain=explain,
                truth=truth,
                layers=layers,
                flats=flats,
                variants=variants,
            ),
            running=RunOptions(device=device, batch_size=batch_size, engine=engine, precision=precision, domain=domain),
            background=background,
            lines=lines,
            snap=snap,
            filling=FillOptions(
                gap=gap,
                outside=outside,
                unhinted=unhinted,
                background_hint=background_hint,
                empty_hint=empty_hint,
            ),
            clean=clean,
            force=force,
        ),
        inputs=inputs,
        output=output,
        prune=prune,
    )
