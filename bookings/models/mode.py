from django.db import models
from django.utils.translation import gettext_lazy as _


class Mode(models.TextChoices):
    """How a trip travels."""

    FLIGHT = "flight", _("flight")
    BUS = "bus", _("bus")
