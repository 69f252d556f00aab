"""`python -m sandbox --port 8100 --state FILE --webhook-url URL`, with STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET."""

import argparse
import ipaddress
import logging
import os
import signal
import sqlite3
import sys

import uvicorn

from sandbox.app import build
from sandbox.store import Store
from sandbox.world import Settings, World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A stand-in for Stripe.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--state", required=True, metavar="FILE", help="the SQLite file that keeps everything")
    parser.add_argument("--webhook-url", required=True, metavar="URL", help="where events are sent")
    parser.add_argument("--merchant", default="Berth", help="the name on the pay page (default: %(default)s)")
    chosen = parser.parse_args()
    if os.environ.get("ENVIRONMENT") == "production":
        parser.error("the sandbox does not run in production")
    if os.environ.get("STRIPE_SECRET_KEY", "").startswith(("sk_live_", "rk_live_")):
        parser.error("STRIPE_SECRET_KEY is a live key; the sandbox wants one of its own, such as sk_test_sandbox")
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
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
        # While secrets are rotated there are several, and the receiver knows all of them.
        webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"].split(",")[0].strip(),
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
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
