"""The library that every integration shares: read, check, map, deliver, and the ledger of what became of each message."""

from shared.quiet import silence

silence()
