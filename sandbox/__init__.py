"""A stand-in for Stripe and Flutterwave over real HTTP, for development and tests: `python -m sandbox`.

It speaks to Stripe's official SDK, keeps its state in one SQLite file, shows a pay page and sends signed webhooks. It
imports nothing of the project and nothing imports it; no real money can move, and it refuses to start in production.

- store, timers, deliveries, signing, mode, world: what every gateway's stand-in needs
- stripe/: Stripe's API, one noun a file
- flutterwave/: Flutterwave's API, likewise
- pages/: what a person sees, the pay page and the control page
- control: what a test may do behind the scenes
- faults, connections: calls that fail on purpose
"""
