"""The work behind colorize-cli: stages, families of methods and the floor they stand on."""

__version__ = "0.1.0"
