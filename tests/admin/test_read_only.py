"""Where money and history are concerned staff look and write nothing, superusers included."""

import pytest

from bookings.models import Booking
from core.models import IdempotencyRecord, JobRun, OutboxMessage, StatusChange
from payments.models import (
    BalanceTransaction,
    Dispute,
    Finding,
    GatewayCall,
    GatewayEvent,
    Payment,
    Payout,
    ReconciliationRun,
    Refund,
)
from tests.admin.scene import make, page

READ_ONLY = [
    Booking, Payment, Refund, Dispute, GatewayCall, GatewayEvent,
    ReconciliationRun, Finding, Payout, BalanceTransaction,
    StatusChange, JobRun, IdempotencyRecord, OutboxMessage,
]  # fmt: skip


def everything() -> list[list[dict]]:
    return [list(model.objects.order_by("pk").values()) for model in READ_ONLY]


@pytest.mark.parametrize("model", READ_ONLY, ids=[model.__name__ for model in READ_ONLY])
def test_not_even_a_superuser_adds_changes_or_deletes(root, model):
    make(2)
    row = model.objects.all()[0]
    before = everything()
    typed = {"status": "confirmed", "amount": 1, "paid_amount": 1, "body": "{}", "full_name": "x", "post": "yes"}

    assert root.get(page(model, "add")).status_code == 403
    assert root.post(page(model, "add"), typed).status_code == 403
    assert root.post(page(row, "change"), typed).status_code == 403
    assert root.post(page(row, "delete"), typed).status_code == 403
    root.post(page(model), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert everything() == before


@pytest.mark.parametrize("model", READ_ONLY, ids=[model.__name__ for model in READ_ONLY])
def test_their_pages_have_nothing_to_type_into_and_nothing_to_save(root, model):
    make(1)
    response = root.get(page(model.objects.all()[0], "change"))
    content = response.content.decode()
    assert not response.context["adminform"].form.fields
    assert not response.context["inline_admin_formsets"]
    assert 'name="_save"' not in content
    assert "/delete/" not in content
    assert "/add/" not in root.get(page(model)).content.decode().split('id="content"')[-1]


def test_what_was_answered_to_people_is_not_shown(root):
    make(1)
    record = IdempotencyRecord.objects.get()
    IdempotencyRecord.objects.update(response_body={"full_name": "Layla Haddad"}, response_status=201)
    for address in (page(IdempotencyRecord), page(record, "change")):
        content = root.get(address).content.decode()
        assert "Layla" not in content
        assert "201" in content
