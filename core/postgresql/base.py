"""Connections are looked at when the pool gives them out.

The pool can do so itself (CONN_HEALTH_CHECKS), but waits a second after the first that is dead, two after the next, and
so on: after a restart of the server, when all of them are, requests would wait in vain.
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Named as Django asks for it."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One that works. The first that does not costs all others in the pool a look, so that the dead go together."""
        connection = super().get_new_connection(conn_params)
        if not self.pool:
            return connection
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection
