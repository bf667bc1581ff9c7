"""`bursar demo`: a company with three months of history, the provider stand-in, a gateway, and a swarm that burns."""
