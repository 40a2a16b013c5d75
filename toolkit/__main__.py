"""``python -m toolkit``: what the launcher ``./hub`` calls."""

from toolkit.cli import main

main()
