"""What the books come to, for people who sign them: one report a file, all of them told alike (report.py)."""
