"""Benchmarks: ratios between peers, measured side by side in one run."""
