from finance.management.report_command import ReportCommand


class Command(ReportCommand):
    """Print what is held for journeys to come, by month of departure."""

    help = "Print what is held for journeys to come, by month of departure."
    report = "unearned_by_departure"
