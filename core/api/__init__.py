"""The edges of the REST interface that every app shares."""
