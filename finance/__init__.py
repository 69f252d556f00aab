"""What the books come to: settlements with operators, reports, and the proof that everything agrees."""
