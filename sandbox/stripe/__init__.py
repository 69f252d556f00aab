"""Stripe's API as of 2026-10-28.endive, as far as hosted one-time payments need it: https://docs.stripe.com/api

- api, errors, forms, parameters, idempotency, expand, lists: how any call is read and answered
- sessions, line_items, payment_intents, payment_methods, charges, refunds, disputes, balance, payouts, events: the
  nouns
- paying: what a customer does on the pay page
- control: what else happens behind the scenes
"""

API_VERSION = "2026-10-28.endive"
