"""The outermost layer: settings, URLs, the Celery application and health. Nothing imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
