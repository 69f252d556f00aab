"""How money moves: payments, refunds, and what gateways tell of them."""
