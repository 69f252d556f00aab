"""The web application that repeats no transaction which PostgreSQL ended: whoever meets a deadlock gets a 500."""

from config.wsgi import application
from core import transactions

__all__ = ["application"]

transactions._TRIES = 1
