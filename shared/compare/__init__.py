"""Two bodies of one format compared: each difference by path and cause, counted, and agreed to or not. No network, no clock."""
