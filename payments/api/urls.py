from django.urls import path

from payments.api import payments

urlpatterns = [
    path("bookings/<str:reference>/payments", payments.PaymentListView.as_view(), name="api-booking-payments"),
    path("bookings/<str:reference>/cancellation", payments.CancellationView.as_view(), name="api-cancellation"),
    path("payments/<uuid:payment_id>", payments.PaymentView.as_view(), name="api-payment"),
    path("payments/<uuid:payment_id>/sync", payments.SyncView.as_view(), name="api-payment-sync"),
    path("payments/<uuid:payment_id>/cancel", payments.CancelView.as_view(), name="api-payment-cancel"),
]
