"""Rules of NHS Wales: its identifiers, code systems and profiles, applied to the result of the guide."""
