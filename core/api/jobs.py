"""GET /jobs and POST /jobs/{name}: for a scheduler outside, with a secret in place of a user."""

import hmac
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import jobs, limits
from core.api.pagination import Page
from core.errors import CoreError, NotFound, invalid
from core.models import JobRun

BY_SECRET: Any = [{"jobsSecret": []}]  # its scheme is in SPECTACULAR_SETTINGS
OPTIONS = {"application/json": {"type": "object", "additionalProperties": {}}}


class JobsSecretMissing(CoreError):
    """The secret of the jobs is missing or wrong."""

    code, status, title = "not_authenticated", 401, "Send the secret of the jobs as X-Jobs-Secret."


class HoldsJobsSecret(BasePermission):
    """The caller sent one of the secrets of JOBS_SECRET."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        limits.take("jobs", limits.where(request))
        sent = request.headers.get("X-Jobs-Secret", "").encode()
        if not any(hmac.compare_digest(sent, secret.encode()) for secret in settings.JOBS_SECRETS):
            raise JobsSecretMissing
        return True


class JobRunSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    result = serializers.DictField(allow_null=True)
    error = serializers.CharField()
    next_at = serializers.DateTimeField()


class JobListView(APIView):
    authentication_classes = ()
    permission_classes = (HoldsJobsSecret,)

    @extend_schema(operation_id="jobs_list", auth=BY_SECRET, responses=Page.of(JobRunSerializer))
    def get(self, request: Request) -> Response:
        """Every job with its last run, and when it runs next."""
        runs = jobs.last_runs()
        lines = [_line(job, runs.get(job.name)) for job in jobs.registered()]
        return Response({"results": lines, "next": None, "previous": None})


class JobView(APIView):
    authentication_classes = ()
    permission_classes = (HoldsJobsSecret,)

    @extend_schema(auth=BY_SECRET, request=OPTIONS, responses={(200, "application/json"): dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Run a job now and answer with its result. Options come as a JSON object."""
        job = jobs.find(name)
        if job is None:
            raise NotFound(f"There is no job {name}.")
        return Response(jobs.run(name, **_options(job, request.data)))


def _options(job: jobs.Job, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise invalid("body", "invalid", "Options are a JSON object.")
    known = {option.name: option for option in job.options}
    for name, value in data.items():
        if name not in known:
            raise invalid(name, "unknown", f"{job.name} has no such option.")
        if type(value) is not known[name].type:
            raise invalid(name, "invalid", f"Send a value of type {known[name].type.__name__}.")
    return {option.name: data.get(option.name, option.default) for option in job.options}


def _line(job: jobs.Job, run: JobRun | None) -> dict[str, Any]:
    return {
        "name": job.name,
        "started_at": run.started_at if run else None,
        "ended_at": run.ended_at if run else None,
        "result": run.result if run else None,
        "error": run.error if run else "",
        "next_at": job.next_at,
    }
