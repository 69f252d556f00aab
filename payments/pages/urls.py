"""Paying, on the traveller's pages, below the language prefix."""

from django.urls import path

from payments.pages import arrival, buttons, cancellation

app_name = "payments"
urlpatterns = [
    path("bookings/<slug:reference>/pay", buttons.pay, name="pay"),
    path("bookings/<slug:reference>/leave", buttons.leave, name="leave"),
    path("bookings/<slug:reference>/cancel", cancellation.give_up, name="cancel"),
    path("payments/<uuid:payment_id>/return", arrival.come_back, name="return"),
]
