"""The price book: what a model charged on a date, what we pay for it, and what a request can cost at worst."""
