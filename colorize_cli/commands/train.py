"""colorize-cli train: datasets of pairs -> a model that colours."""

import dataclasses
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from colorize_cli.help import Command
from colorize_cli.options import (
    NETWORKS,
    Device,
    Isolated,
    Preset,
    Quiet,
    SettingsFile,
    SetValues,
    ShowSettings,
    one_of,
    with_options,
)
from pipelines.core import registry
from pipelines.core.settings import convert, describe_fields
from pipelines.training.config import TrainConfig

if TYPE_CHECKING:
    from pipelines.train.report import TrainReport

EPILOG = """\b
Examples:
  colorize-cli train dataset/ -o runs/pix2pix
  colorize-cli train dataset/ -o runs/cyclegan --model cyclegan --preset small --minutes 60
  colorize-cli train dataset/ -o runs/pix2pix --preset fakemon --dry-run
  colorize-cli train dataset/ -o runs/pix2pix --settings examples/fakemon.toml
The same command goes on with a run that was stopped. Ctrl-C saves and leaves."""

_METAVARS = {
    "redraw_hints": "METHOD",
    "line_mix": "KIND=X,...",
}
_HOW = "How it is trained (default: the preset's recipe)"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("train", cls=Command, epilog=EPILOG)(train)


def _training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of `TrainConfig` in place of its parameter `training`.

    An option that is not given is left out: then the preset's recipe decides.
    """
    kinds = typing.get_type_hints(TrainConfig)
    options = {
        field.name: (_option(field.name, kinds[field.name], _help(field.meaning, field.default)), None)
        for field in describe_fields(TrainConfig)
    }
    return with_options(
        command,
        "training",
        options,
        lambda values: {name: value for name, value in values.items() if value is not None},
    )


def _option(name: str, kind: Any, text: str) -> Any:
    """The annotation of a field's option."""
    flag = f"--{name.replace('_', '-')}"
    if kind is bool:
        switch = typer.Option(f"{flag}/--no-{flag[2:]}", help=text, show_default=False, rich_help_panel=_HOW)
        return Annotated[bool | None, switch]
    if typing.get_origin(kind) is Literal:
        option = typer.Option(flag, **one_of(kind), help=text, show_default=False, rich_help_panel=_HOW)
        return Annotated[kind | None, option]
    is_union = {int, str} <= set(typing.get_args(kind))  # such as a number of steps, or "1epoch"
    if typing.get_origin(kind) is tuple or is_union:
        listed = "NAME,NAME,..." if str in typing.get_args(kind) else "X,X,..."
        several = typer.Option(
            flag,
            parser=lambda value: convert(value, kind, name=name),
            metavar="N|Nepochs" if is_union else listed,
            help=text,
            show_default=False,
            rich_help_panel=_HOW,
        )
        return Annotated[str | None, several]  # of a tuple typer makes an option of several words, of a union none
    value = next(each for each in (int, float, str) if each in (kind, *typing.get_args(kind)))
    metavar = {int: "N", float: "X", str: _METAVARS.get(name, "TEXT")}[value]
    option = typer.Option(flag, help=text, show_default=False, rich_help_panel=_HOW, metavar=metavar)
    return Annotated[value | None, option]


def _help(meaning: str, default: object) -> str:
    """A field's meaning as a sentence, and its default where it has one."""
    sentence = f"{meaning[0].upper()}{meaning[1:]}."
    if default is None or default in ((), ""):
        return sentence
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    shown = {True: "yes", False: "no"}[default] if isinstance(default, bool) else default
    return f"{sentence} Default: {shown}."


@_training_options
def train(
    datasets: Annotated[
        list[str], typer.Argument(metavar="DATASET...", help="Made by build-dataset.", show_default=False)
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="RUN", show_default=False, help="Folder of the run, new or to go on with."
        ),
    ],
    model: Annotated[
        str, typer.Option(metavar="|".join(registry.names_with("models", "build_task")), help="What is trained.")
    ] = "pix2pix",
    preset: Preset = None,
    set_values: SetValues = None,
    device: Device = "auto",
    devices: Annotated[
        int, typer.Option(min=1, rich_help_panel=NETWORKS, help="Devices (or processes on CPU) of each machine.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, rich_help_panel=NETWORKS, help="Machines that train together.")] = 1,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RUN|FILE|MODEL",
            show_default=False,
            help="Begin a new run with the weights of a run, a checkpoint, a reference .pth or a shipped model.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say sizes, memory and time from a few steps; write nothing.")
    ] = False,
    isolated: Isolated = False,
    settings: SettingsFile = None,
    show_settings: ShowSettings = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON summary of the run.")] = False,
    quiet: Quiet = False,
    *,
    training: dict[str, Any],
) -> None:
    """Train a model on pairs of line art with hints and colour."""
    from colorize_cli.console import TrainScreen
    from colorize_cli.run import values_of
    from pipelines.train import train as stage

    screen = TrainScreen(quiet=quiet)
    if settings is not None:
        screen.noted(f"settings: {settings}")
    with screen.signals():
        report = stage(
            datasets,
            output,
            model=model,
            preset=preset,
            values=values_of(settings, "train", set_values),
            settings=training,
            device=device,
            devices=devices,
            nodes=nodes,
            start=start,
            dry_run=dry_run,
            callback=screen,
        )
    if report.lead:
        screen.finished(report)
        if json:
            _say_summary(report)
    raise typer.Exit(report.exit_code)


def _say_summary(report: "TrainReport") -> None:
    from colorize_cli.console import say
    from pipelines.core.json_text import to_json

    say(to_json({**dataclasses.asdict(report), "exit_code": report.exit_code}, indent=2))
