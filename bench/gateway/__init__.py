"""What a gateway costs: CPU per request and added latency, for Bursar and its neighbours, in one run on the same cores."""
