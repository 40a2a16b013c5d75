"""What is particular to Wales: its identifiers, code systems and profiles, put onto what the guide makes of a message."""
