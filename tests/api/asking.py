"""What a program asks for."""


def request_for(trip, *seats, **more):
    return {
        "trip": str(trip.pk),
        "origin": "A",
        "destination": "C",
        "seats": list(seats or ["1A"]),
        "contact": {"email": "layla@example.com"},
        **more,
    }


def book(api, trip, *seats, named=True):
    seats = seats or ("1A",)
    passengers = [{"seat": seat, "full_name": f"Traveller {seat}"} for seat in seats] if named else []
    answer = api.post("/bookings", request_for(trip, *seats, passengers=passengers))
    assert answer.status_code == 201, answer.content
    return answer.json()


def pay(api, booking, **more):
    return api.post(f"/bookings/{booking['reference']}/payments", {"gateway": "stripe", **more.pop("body", {})}, **more)


def cancel(api, booking, amount=0):
    return api.post(
        f"/bookings/{booking['reference']}/cancellation", {"expected_refund": {"amount": amount, "currency": "SAR"}}
    )
