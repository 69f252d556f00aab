# What the tests count by record_property; tests/conftest.py adds it up and prints it at the end of the run.
ROLLED_BACK = "orders of events tried and rolled back"
COMMITTED = "orders of events tried with real commits, over HTTP"
