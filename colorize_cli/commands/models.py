"""colorize-cli models: bring model files in, take them out, look at them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from colorize_cli.help import Command
from colorize_cli.options import one_of
from pipelines.core.files import show_path

if TYPE_CHECKING:
    from pipelines.convert_models import Description

HELP = "Bring model files of other programs in, take them out, look at models."
IMPORT_EPILOG = """\b
Examples:
  colorize-cli models import latest_net_G.pth --arch unet_256 -o lineart-model/
  colorize-cli models import latest_net_G_A.pth --arch resnet_9blocks -o cyclegan-model/"""
EXPORT_EPILOG = """\b
Examples:
  colorize-cli models export runs/pix2pix -o latest_net_G.pth
  colorize-cli models export fillnet -o fillnet.onnx
  colorize-cli colorize lines/ -o colour/ --hints hints/ --model fillnet.onnx"""
SHOW_EPILOG = """\b
Examples:
  colorize-cli models show runs/pix2pix
  colorize-cli models show runs/pix2pix/last --json"""

Format = Literal["auto", "pth", "onnx"]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A run, or a checkpoint folder.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application, as a group."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("import", cls=Command, epilog=IMPORT_EPILOG)(import_model)
    group.command("export", cls=Command, epilog=EXPORT_EPILOG)(export_model)
    group.command("show", cls=Command, epilog=SHOW_EPILOG)(show_model)
    app.add_typer(group, name="models")


def import_model(
    file: Annotated[str, typer.Argument(metavar="FILE.pth", help="A *_net_G.pth or *_net_G_A.pth.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FOLDER", help="The model.", show_default=False)],
    arch: Annotated[
        str | None,
        typer.Option(
            metavar="unet_128|unet_256|unet_512|resnet_6blocks|resnet_9blocks",
            help="What the file should hold. Default: whatever it holds.",
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=32, help="Side of the pictures it was trained on, px, for resnet. Default: 256.")
    ] = None,
    no_dropout: Annotated[
        bool, typer.Option("--no-dropout", help="A U-Net has no dropout in training; files do not tell.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Turn a generator of pytorch-CycleGAN-and-pix2pix into a model folder; code in a file is never run."""
    from pipelines.convert_models import import_model as stage

    _show(stage(file, output, architecture=arch, dropout=not no_dropout, size=size, overwrite=overwrite), json=json)


def export_model(
    model: Model,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.pth|FILE.onnx", show_default=False)],
    format: Annotated[
        Format,
        typer.Option(
            **one_of(Format),
            help="pth: as pytorch-CycleGAN-and-pix2pix reads it. onnx: for colorize --model FILE.onnx and other "
            "programs; takes any number of pictures of any size, in sides multiples of 32 px for fillnet, of 16 for "
            "paintstorch and csa, of 4 for resnets, of 128, 256 or 512 for U-Nets of that name. auto: as the file's "
            "name ends.",
        ),
    ] = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Write a model's generator as pytorch-CycleGAN-and-pix2pix reads it, or as an ONNX file."""
    from colorize_cli.console import say
    from pipelines.convert_models import export_model as stage

    exported = stage(model, output, format=format, overwrite=overwrite)
    if exported.format == "onnx":
        use = f"sides multiples of {exported.spec.size_multiple} px"
    else:
        use = _reference_options(exported.info.params)
    say(f"{show_path(output)}: written; {use}")


def _reference_options(params: Mapping[str, Any]) -> str:
    """The options with which the reference implementation reads a generator."""
    dropout = "" if params.get("dropout") else " --no_dropout"
    count = {"lines": 1, "hinted": 4, "layers": 5}.get(params.get("input", ""))
    channels = f" --input_nc {count}" if count else ""
    return f"use --netG {params['generator']} --ngf {params['ngf']} --norm {params['norm']}{dropout}{channels}"


def show_model(model: Model, json: Json = False) -> None:
    """Print what is known of a model: settings, size, steps, figures."""
    from pipelines.convert_models import describe_model as stage

    _show(stage(model), json=json)


def _show(description: "Description", *, json: bool) -> None:
    from colorize_cli.console import say
    from pipelines.core.json_text import to_json
    from pipelines.core.settings import plain

    info = plain(description.info)
    facts = {"folder": str(description.folder), **info, "parameters": description.parameters}
    say(to_json(facts, indent=2) if json else "\n".join(_lines(facts)))


def _lines(facts: Mapping[str, Any]) -> Sequence[str]:
    """What is known of a model, a line each: what its card says is a file's text, its escapes are made visible."""
    lines = [
        f"{facts['folder']}: {facts['model']}, {facts['parameters'] / 1e6:.2f} million parameters",
        f"  after {facts['step']} training steps" + (f", {facts['note']}" if facts["note"] else ""),
    ]
    lines += [f"  {name}={value}" for name, value in facts["params"].items()]
    lines += [f"  {name}: {value:.4g}" for name, value in facts["figures"].items()]
    return [show_path(line) for line in lines]  # a card may come from anywhere
