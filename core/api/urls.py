from django.urls import path

from core.api import jobs

urlpatterns = [
    path("jobs", jobs.JobListView.as_view(), name="jobs"),
    path("jobs/<str:name>", jobs.JobView.as_view(), name="job"),
]
