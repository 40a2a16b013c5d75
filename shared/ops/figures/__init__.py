"""The figures of the ops page, each made from rows and counters that exist."""
