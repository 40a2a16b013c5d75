"""One verdict in three voices: as ERR segment, as OperationOutcome, and in plain English and Welsh.

The texts are data (``rules/*.toml``): one row for each rule. No text has a value from a message.
"""

from shared.voices.language import Language, in_language, languages
from shared.voices.plain import Plain, plain

__all__ = ["Language", "Plain", "in_language", "languages", "plain"]
