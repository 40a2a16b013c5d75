"""How the tests are run: in which order, on how many workers, and which of them for a change."""
