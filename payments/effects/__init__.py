"""What facts about money change: each in the caller's transaction, under the lock of the booking."""
