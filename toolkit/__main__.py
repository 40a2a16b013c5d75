"""``python -m toolkit``: what the launcher ``./hub`` hands over to."""

from toolkit.cli import main

main()
