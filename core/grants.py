"""What the runtime role may do: everything with rows, except on append-only tables; nothing with the schema."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg import sql


def grant_runtime_role(*, using: str, **_kwargs: Any) -> None:
    """Grant the runtime role its rights on every table; runs as the owner after each migrate."""
    owner, runtime = connections[using].settings_dict["USER"], settings.DATABASES["default"]["USER"]
    if not runtime or owner == runtime:
        return  # an installation with a single role: the triggers still guard the ledger
    role = sql.Identifier(runtime)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(role),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(role),
    ]
    statements += [
        sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), role)
        for config in apps.get_app_configs()
        for table in getattr(config, "append_only", ())
    ]
    statements += [
        sql.SQL("REVOKE DELETE ON {} FROM {}").format(sql.Identifier(table), role)
        for config in apps.get_app_configs()
        for table in getattr(config, "never_deleted", ())
    ]
    with connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
