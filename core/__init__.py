"""What every app stands on: money, errors, transitions, idempotency, outbox, cache, correlation, jobs."""
