from finance.management.report_command import ReportCommand


class Command(ReportCommand):
    """Print the postings of an account between two days, and its balance after each."""

    help = "Print the postings of an account between two days, and its balance after each."
    report = "account_statement"
