"""What people and their devices can do: one use case a file."""
