from finance.management.report_command import ReportCommand


class Command(ReportCommand):
    """Print income, expense and result by month."""

    help = "Print income, expense and result by month."
    report = "profit_summary"
