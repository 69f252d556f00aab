from celery import current_app
from django.apps import AppConfig
from django.core.management import get_commands
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from core.grants import grant_runtime_role


class CoreConfig(AppConfig):
    """Finds what the apps declare: their jobs and the handlers of their outbox messages."""

    name = "core"
    verbose_name = _("Machinery")
    # Tables that the runtime role may only read and add to.
    append_only = ("core_statuschange",)

    def ready(self) -> None:
        from core import checks, jobs  # noqa: F401 - importing registers the checks
        from core.management.job_command import JobCommand

        autodiscover_modules("jobs", "emails", "readings", "privacy")
        jobs.schedule_all(current_app)
        # Django's table of commands takes ready-made commands as well as the names of apps.
        get_commands().update({job.name: JobCommand(job) for job in jobs.registered()})  # type: ignore[misc]
        post_migrate.connect(grant_runtime_role, sender=self)
