"""Runs the command line in the tests' own process."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from colorize_cli.app import main


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command: exit code and what it said."""

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute on one thread of torch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
