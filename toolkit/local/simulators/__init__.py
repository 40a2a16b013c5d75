"""Stand-ins for the systems around the hub: they behave, or misbehave on command, and keep what they got."""
