"""The changelog begins with the version that the project is at."""

import re
import tomllib

from tests.docs.documents import read


def test_the_newest_entry_is_of_this_version():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert re.findall(r"^## (\S+),", read("CHANGELOG.md"), re.MULTILINE)[0] == version
