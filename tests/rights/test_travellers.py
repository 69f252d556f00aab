"""Programs and the pages of travellers, tried by everybody."""

from tests.rights.matrix import everybody_gets_what_is_theirs, of_pages, of_programs, other_methods, read
from tests.rights.of_travellers import PAGES, PROGRAMS
from tests.rights.tables import pages, programs

OF_PROGRAMS = read(programs.PROGRAMS)
OF_PAGES = [*read(pages.TRAVELLERS), *read(pages.ACCOUNTS)]


def test_programs(world, record_property):
    rows = [*OF_PROGRAMS, *other_methods(OF_PROGRAMS, of_programs)]
    everybody_gets_what_is_theirs(world, PROGRAMS, rows, record_property)


def test_pages(world, record_property):
    rows = [*OF_PAGES, *other_methods(OF_PAGES, of_pages)]
    everybody_gets_what_is_theirs(world, PAGES, rows, record_property)
