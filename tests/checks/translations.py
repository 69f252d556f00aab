"""Whether the Arabic catalogue is whole: `python tests/checks/translations.py`; `--update` extracts and compiles first.

Exits with 1 and names every message that is untranslated, fuzzy or wrongly formatted, that is missing from the
catalogue or no longer in the code (only where xgettext is installed), and a .mo file that does not match its .po.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path("locale/ar/LC_MESSAGES/django.po")
OURS = ("accounts", "bookings", "config", "core", "finance", "ledger", "payments", "templates")
EXTRACT = (
    *(sys.executable, "manage.py", "makemessages", "--locale", "ar"),
    *("--add-location", "file", "--no-wrap", "--no-obsolete"),
    *(f"--ignore={folder.name}" for folder in sorted(ROOT.iterdir()) if folder.is_dir() and folder.name not in OURS),
)
COMPILE = (sys.executable, "manage.py", "compilemessages", "--locale", "ar", "--ignore=.venv")


def main(arguments: list[str]) -> int:
    if "--update" in arguments:
        run(EXTRACT, ROOT)
        run(COMPILE, ROOT)
    catalogue = read(ROOT / CATALOGUE)
    complaints = [*unfinished(catalogue), *uncompiled(catalogue), *outdated(catalogue)]
    summary = f"{len(messages(catalogue))} messages, {len(complaints)} complaints"
    sys.stdout.write("\n".join([*complaints, summary, ""]))
    return 1 if complaints else 0


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="ar", abort_invalid=True)


def messages(catalogue: Catalog) -> dict[tuple[str, str], Message]:
    """By context and English text; the header is none."""
    return {(context_of(message), first(message.id)): message for message in catalogue if message.id}


def context_of(message: Message) -> str:
    """Babel leaves it in bytes when it reads a compiled catalogue."""
    context: str | bytes = message.context or ""
    return context.decode() if isinstance(context, bytes) else context


def first(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def forms(message: Message) -> tuple[str, ...]:
    """The translation, in each of its plural forms if there are any."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def unfinished(catalogue: Catalog) -> Iterator[str]:
    for (_context, text), message in messages(catalogue).items():
        if not all(forms(message)):
            yield f"untranslated: {text}"
        elif message.fuzzy:
            yield f"fuzzy: {text}"
        else:
            yield from (f"wrong: {text}: {error}" for error in message.check(catalogue))


def uncompiled(catalogue: Catalog) -> Iterator[str]:
    path = (ROOT / CATALOGUE).with_suffix(".mo")
    if not path.exists():
        yield f"missing: {path.relative_to(ROOT)}"
        return
    with path.open("rb") as file:
        compiled = {key: forms(message) for key, message in messages(read_mo(file)).items()}
    for key, message in messages(catalogue).items():
        if compiled.pop(key, None) != forms(message):
            yield f"not compiled: {key[1]}"
    yield from (f"compiled but gone: {text}" for _context, text in compiled)


def outdated(catalogue: Catalog) -> Iterator[str]:
    if shutil.which("xgettext") is None:
        sys.stderr.write("There is no xgettext here: whether the code has other messages was not looked at.\n")
        return
    with tempfile.TemporaryDirectory(prefix="berth-translations-") as folder:
        copy = Path(folder)
        for name in (*OURS, "locale"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        shutil.copy(ROOT / "manage.py", copy)
        run(EXTRACT, copy)
        fresh, known = messages(read(copy / CATALOGUE)), messages(catalogue)
    yield from (f"not in the catalogue: {text}" for _context, text in fresh.keys() - known.keys())
    yield from (f"no longer in the code: {text}" for _context, text in known.keys() - fresh.keys())


def run(command: tuple[str, ...], folder: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:3])} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
