"""A year of business: what is sold, what becomes of it, and what all of it should come to.

`world` and `terms` say who runs what on which conditions, `ledger_of_its_own` and `settlements_of_its_own` reckon by
themselves what the product's books should come to, and `year` lets it all happen through the real use cases.
"""
