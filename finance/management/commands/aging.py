from finance.management.report_command import ReportCommand


class Command(ReportCommand):
    """Print undecided disputes and refunds due, by age."""

    help = "Print undecided disputes and refunds due, by age."
    report = "aging"
