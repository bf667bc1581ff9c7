"""How fast a roster is simulated: `python -m bench.simulate`."""
