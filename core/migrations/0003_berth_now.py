"""The one clock by which everything is judged, as a function of the owner's.

clock_timestamp() and not now(): that one stands still while a statement waits for a lock. The name is ours so that the
owner, and nobody else, can turn the clock of a database on which a year is tried out. PostgreSQL puts the body in the
place of each call, so it costs nothing; for that it is plain SQL, not SECURITY DEFINER, and without a SET. The body is
parsed here and now: no search path can change what its name means.
"""

from django.db import migrations

BERTH_NOW = """
CREATE FUNCTION berth_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
  SELECT clock_timestamp();
END;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_guards")]

    operations = [migrations.RunSQL(BERTH_NOW, "DROP FUNCTION berth_now();")]
