"""What each person may do with each model of the staff site, and the answers that follow of its six addresses."""

from collections.abc import Iterator

from tests.rights.matrix import Row, read

OUTSIDE = "in"  # whoever is not one of staff is sent to sign in
# Method and address below a model's, the letter that it takes, and the answer to whoever has that.
ADDRESSES = (
    ("GET", "", "v", "200/200!"),
    ("GET", "add/", "a", "200"),
    ("POST", "add/", "a", "302+"),
    ("GET", "<object_id>/change/", "v", "200/200!"),
    ("POST", "<object_id>/change/", "c", "302+"),
    ("GET", "<object_id>/delete/", "d", "200"),
    ("POST", "<object_id>/delete/", "d", "302+"),
    ("GET", "<object_id>/history/", "v", "200"),
    ("GET", "<object_id>/", "", "302"),
)


def rows_of_models(table: str) -> list[Row]:
    """Of a table whose cells say what may be done: v to view, a to add, c to change, d to delete."""
    return [row for line in read(table) for row in _of_model(line)]


def _of_model(line: Row) -> Iterator[Row]:
    app, model = line.address.split(".")
    for method, below, letter, answer in ADDRESSES:
        expected = {
            name: OUTSIDE if may == OUTSIDE else answer if letter in may else "403"
            for name, may in line.expected.items()
        }
        yield Row(method, f"/admin/{app}/{model}/{below}", expected)
