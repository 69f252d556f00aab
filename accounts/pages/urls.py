"""The account's pages that are not allauth's."""

from django.urls import path

from accounts.pages import privacy

app_name = "accounts"
urlpatterns = [
    path("", privacy.show, name="privacy"),
    path("data.json", privacy.data, name="data"),
]
