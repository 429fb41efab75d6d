"""What is wrong with an installation or a machine, and what to type: the checks of `colorize-cli doctor`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from colorize_cli.diagnosis import environment, machine, packages, weights
from colorize_cli.diagnosis.findings import Finding


def diagnose(
    variables: Mapping[str, str], known: Mapping[str, str], *, folder: Path, commands: Sequence[str]
) -> list[Finding]:
    """All findings, in the order in which they are read.

    variables: the environment. known: the variables that options read, with the option of each. folder: the working
    folder. commands: names of all commands, which a settings file may have tables for.
    """
    requirements, versions = packages.requirements(), packages.installed()
    return [
        packages.check_python(),
        *packages.check_required(requirements, versions),
        *packages.check_optional(requirements, versions),
        packages.check_opencv(versions),
        *machine.check_devices(variables),
        machine.check_threads(variables),
        machine.check_processes(),
        *weights.check_weights(weights.SHIPPED),
        *machine.check_folders(variables, folder),
        machine.check_locale(variables),
        *environment.check_variables(variables, known),
        environment.check_settings_file(folder, commands),
    ]
