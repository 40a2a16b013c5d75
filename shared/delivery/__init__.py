"""From the ledger to the destination: attempts, retries, circuit breaker, outbox, dead letters and replay."""
