"""`.env.example` has every variable that something reads, and none that nothing reads."""

import ast
import re
from collections.abc import Iterator

from config.environment import REQUIRED_IN_PRODUCTION
from tests.docs.documents import read

READERS = re.compile(r"os\.environ\.get|env\.\w+|secrets")


def read_by(source: str) -> Iterator[str]:
    """Names of the environment that are read in a module.

    What production's complaints alone look at is no variable of ours: a refusal gives it no meaning.
    """
    tree = ast.parse(read(source))
    tree.body = [part for part in tree.body if getattr(part, "name", "") != "_complaints"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and READERS.fullmatch(ast.unparse(node.func)):
            name = getattr(node.args[0], "value", None)  # none where the name comes in as an argument
            if isinstance(name, str):
                yield name


OF_TESTS = {"FAULT_FILE"}  # read where ENVIRONMENT is test, and nowhere else


def lines() -> dict[str, tuple[str, bool]]:
    """Each variable with the comment above it and whether its line is commented out."""
    found = re.findall(r"((?:^# .*\n)+)((?:^#?[A-Z_]+=.*\n)+)", read(".env.example"), re.MULTILINE)
    return {
        name: (comment, bool(hidden))
        for comment, block in found
        for hidden, name in re.findall(r"^(#?)([A-Z_]+)=", block, re.MULTILINE)
    }


def of_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", read("compose.yaml")))


def test_every_variable_is_there_and_no_other():
    settings = {*read_by("config/environment.py"), *read_by("config/settings.py")} - OF_TESTS
    assert {"REDIS_PASSWORD", "HOLD_MINUTES", "JWT_SECRET"} < settings, "the search finds nothing"
    of_run_py = {"BERTH_PG_BIN"} & set(re.findall(r'"(\w+)"', read("embedded/bundle.py")))
    assert set(lines()) == settings | of_run_py | of_compose()


def test_what_production_needs_is_marked_and_not_commented_out():
    marked = {name for name, (comment, hidden) in lines().items() if "REQUIRED" in comment and not hidden}
    assert marked == set(REQUIRED_IN_PRODUCTION)


def test_compose_hands_on_what_production_reads():
    """Each variable of the settings reaches the containers, but for those that compose makes itself."""
    handed_on = set(re.findall(r"^    ([A-Z_]+):", read("compose.yaml").split("x-after-migrating")[0], re.MULTILINE))
    settings = {*read_by("config/environment.py"), *read_by("config/settings.py")} - OF_TESTS
    of_the_image = {"ENVIRONMENT", "PROMETHEUS_MULTIPROC_DIR"}
    for_others = {"REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "DATABASE_OWNER_URL"}
    for_others |= {"STRIPE_API_BASE", "FLUTTERWAVE_API_BASE"}
    of_the_worker = {"METRICS_PORT"}
    assert handed_on == settings - of_the_image - of_the_worker - for_others
