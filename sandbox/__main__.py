"""`python -m sandbox --port 8100 --state FILE --webhook-url URL --flutterwave-webhook-url URL`

with STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, FLUTTERWAVE_SECRET_KEY and FLUTTERWAVE_WEBHOOK_SECRET.
"""

import argparse
import ipaddress
import logging
import os
import signal
import sqlite3
import sys

import uvicorn

from sandbox.app import build
from sandbox.connections import CuttableProtocol
from sandbox.store import Store
from sandbox.world import Settings, World

SECRETS = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FLUTTERWAVE_SECRET_KEY", "FLUTTERWAVE_WEBHOOK_SECRET")
LIVE = {"STRIPE_SECRET_KEY": ("sk_live_", "rk_live_"), "FLUTTERWAVE_SECRET_KEY": ("FLWSECK-",)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A stand-in for Stripe and Flutterwave.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--state", required=True, metavar="FILE", help="the SQLite file that keeps everything")
    parser.add_argument("--webhook-url", required=True, metavar="URL", help="where Stripe's events are sent")
    parser.add_argument(
        "--flutterwave-webhook-url", required=True, metavar="URL", help="where Flutterwave's events are sent"
    )
    parser.add_argument("--merchant", default="Berth", help="the name on the pay page (default: %(default)s)")
    chosen = parser.parse_args()
    if os.environ.get("ENVIRONMENT") == "production":
        parser.error("the sandbox does not run in production")
    for name, beginnings in LIVE.items():
        if os.environ.get(name, "").startswith(beginnings):
            parser.error(f"{name} is a live key; the sandbox wants one of its own, such as sk_test_sandbox")
    for name in SECRETS:
        if not os.environ.get(name):
            parser.error(f"{name} is not set")
    return chosen


def _loopback(host: str) -> str:
    try:
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass  # no address at all: told as below
    raise argparse.ArgumentTypeError(f"{host} is not a loopback address; whoever reaches the sandbox controls it")


def _first(secrets: str) -> str:
    # While secrets are rotated there are several, and the receiver knows all of them.
    return secrets.partition(",")[0].strip()


def main() -> None:
    chosen = arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # The server handles SIGTERM itself and raises it again once it has shut down; that is a clean end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    settings = Settings(
        base_url=f"http://{host}:{chosen.port}",
        merchant=chosen.merchant,
        secret_key=os.environ["STRIPE_SECRET_KEY"],
        webhook_url=chosen.webhook_url,
        webhook_secret=_first(os.environ["STRIPE_WEBHOOK_SECRET"]),
        flutterwave_secret_key=os.environ["FLUTTERWAVE_SECRET_KEY"],
        flutterwave_webhook_url=chosen.flutterwave_webhook_url,
        flutterwave_webhook_secret=_first(os.environ["FLUTTERWAVE_WEBHOOK_SECRET"]),
    )
    try:
        store = Store(chosen.state)
    except sqlite3.OperationalError as error:
        sys.exit(f"sandbox: cannot use {chosen.state}: {error}")
    uvicorn.run(
        build(World(settings, store)),
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        http=CuttableProtocol,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
