import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import jobs
from core.errors import Problem


class JobCommand(BaseCommand):
    """Runs one job now, as beat would; the counts go to standard output, as JSON with --json."""

    def __init__(self, job: jobs.Job) -> None:
        super().__init__()
        self.job = job
        self.help = job.help

    def rpartition(self, _separator: str) -> tuple[str, str, str]:
        """Django's `help` takes the last part of an app's name from what stands in this object's place."""
        return "", "", "jobs"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        for option in self.job.options:
            flag = f"--{option.name.replace('_', '-')}"
            if option.type is bool:
                parser.add_argument(flag, action="store_true", help=option.help)
            else:
                parser.add_argument(flag, type=option.type, default=option.default, help=option.help)

    def handle(self, *args: Any, **options: Any) -> None:
        given = {option.name: options[option.name] for option in self.job.options}
        try:
            result = jobs.run(self.job.name, **given)
        except Problem as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(", ".join(f"{name} {value}" for name, value in result.items()))
