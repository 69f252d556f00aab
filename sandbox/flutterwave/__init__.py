"""Flutterwave's API, version 3, as far as a merchant needs it who takes payments on its hosted page.

Facts are from developer.flutterwave.com: docs/collecting-payments/standard, docs/transaction-verification,
v3.0/docs/refunds, v3.0/docs/webhooks, docs/errors and docs/handling-error-timeouts.

- api, fields, errors, amounts: how any call is read and answered
- links, transactions, refunds, balances: the nouns
- paying: what a customer does; events, endpoint: the webhooks; control: what a test may do behind the scenes
"""

PREFIX = "/flutterwave"
ACCOUNT_ID = 73362
