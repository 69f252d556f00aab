from django.urls import path

from payments.api import webhooks

urlpatterns = [
    path("stripe", webhooks.stripe, name="webhook-stripe"),
    path("flutterwave", webhooks.flutterwave, name="webhook-flutterwave"),
]
