"""Every address, tried by everybody: each gets the answer that stands in the matrix, and changes no more than that."""

from tests.rights.addresses import every_address
from tests.rights.matrix import Row, Trial, Wishes, of_pages, of_programs, other_methods, read
from tests.rights.of_travellers import PAGES, PROGRAMS
from tests.rights.tables import pages, programs
from tests.rights.world import World

OF_PROGRAMS = read(programs.PROGRAMS)
OF_PAGES = read(pages.TRAVELLERS) + read(pages.ACCOUNTS)


def test_no_address_is_forgotten():
    written = {row.address for row in (*OF_PROGRAMS, *OF_PAGES)}
    assert written == {address for address in every_address() if not address.startswith("/admin/")}


def test_programs(world, record_property):
    rows = [*OF_PROGRAMS, *other_methods(OF_PROGRAMS, of_programs)]
    everybody_gets_what_is_theirs(world, PROGRAMS, rows, record_property)


def test_pages(world, record_property):
    rows = [*OF_PAGES, *other_methods(OF_PAGES, of_pages)]
    everybody_gets_what_is_theirs(world, PAGES, rows, record_property)


def everybody_gets_what_is_theirs(world: World, wishes: Wishes, rows: list[Row], record_property) -> None:
    assert wishes.keys() <= {row.name for row in rows} | {row.address for row in rows}, "asked for nowhere"
    trial = Trial(world, wishes)
    assert trial.differences(rows) == []
    record_property("requests by everybody to every address, answered as the matrix says", trial.tried)
