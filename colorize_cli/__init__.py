"""Front ends: the command line of colorize-cli."""
