# What the tests count by record_property: see tests/figures.py.
ROLLED_BACK = "orders of events tried and rolled back"
COMMITTED = "orders of events tried with real commits, over HTTP"
