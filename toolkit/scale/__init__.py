"""Where the hub's limits are, beyond what one machine can show: a day of a whole region, and one host message by message."""
