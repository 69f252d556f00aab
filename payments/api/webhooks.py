"""POST /webhooks/{gateway}: where gateways deliver their events."""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from core.api.problems import problem_response
from core.errors import FieldsInvalid, PayloadTooLarge, Problem
from payments.actions.receive import receive
from payments.errors import WebhookRefused


class ProcessingFailed(Problem):
    """Something broke. If the event was stored, our own retry will process it as well as the gateway's."""

    code, status, title = "internal_error", 500, "Processing failed; deliver again."


class OnlyPost(Problem):
    """Gateways deliver with POST."""

    code, status, title = "method_not_allowed", 405, "Events are delivered with POST."


def _intake(gateway_name: str) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return problem_response(OnlyPost())
        try:
            received = receive(gateway_name, request.body, request.headers)
        except (WebhookRefused, FieldsInvalid) as error:  # not the gateway's, or from one that is not offered
            return problem_response(error)
        except RequestDataTooBig:
            return problem_response(PayloadTooLarge())
        except Exception:  # logged and kept with the event; the gateway only needs to know that it should come again
            return problem_response(ProcessingFailed())
        return JsonResponse({"received": True, **({"deduplicated": True} if received.deduplicated else {})})

    return view


stripe = _intake("stripe")
flutterwave = _intake("flutterwave")
