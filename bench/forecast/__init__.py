"""How well the forecast does on weeks that it has not seen; `python -m bench.forecast`."""
