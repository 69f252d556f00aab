from finance.management.report_command import ReportCommand


class Command(ReportCommand):
    """Print what the books say that the gateways hold, beside what the gateways say."""

    help = "Print what the books say that the gateways hold, beside what the gateways say."
    report = "clearing"
