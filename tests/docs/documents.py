"""The documents, taken apart: their sections, tables and shell blocks."""

import re

from tests.services import ROOT


def read(name: str) -> str:
    """The text of a document, by its path below the project."""
    return (ROOT / name).read_text()


def section(name: str, title: str) -> str:
    """What stands below a heading of the second rank, down to the next one; `#` in a code block is no heading."""
    lines, inside, fenced = [], False, False
    for line in read(name).splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            inside = line == f"## {title}\n"
        elif inside:
            lines.append(line)
    assert lines, f"{name} has no section {title!r}"
    return "".join(lines)


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, without the heads and without the marks of code."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    table = [[cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = [index for index, cells in enumerate(table) if all(set(cell) <= set(":-") for cell in cells)]
    return [cells for index, cells in enumerate(table) if index not in heads and index + 1 not in heads]


def shell_blocks(text: str) -> list[str]:
    """The ```sh blocks, in order."""
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
