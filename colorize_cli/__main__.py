"""python -m colorize_cli."""

from colorize_cli.app import main

main()
