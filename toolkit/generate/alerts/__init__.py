"""The table of failures: which event the product emits, which alert reads it, and after how many minutes."""
