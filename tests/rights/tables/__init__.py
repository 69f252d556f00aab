"""The tables, as `tests.rights.matrix` reads them."""
