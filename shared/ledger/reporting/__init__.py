"""What the ledger reports: the search for a message, the counts for charts, and the proof that nothing is lost."""
