"""Mutation testing: one plausible slip at a time is planted in a copy, and the tests that cover its line must fail."""
