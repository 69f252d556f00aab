"""The pages of each model of the staff site, tried by everybody."""

import pytest

from tests.rights.matrix import everybody_gets_what_is_theirs
from tests.rights.models import rows_of_models
from tests.rights.of_staff import FORMS
from tests.rights.tables.models import MODELS

pytestmark = pytest.mark.timeout(300)  # most of these pages are long
OF_MODELS = rows_of_models(MODELS)


def test_pages_of_models(business, record_property):
    everybody_gets_what_is_theirs(business, FORMS, OF_MODELS, record_property)
