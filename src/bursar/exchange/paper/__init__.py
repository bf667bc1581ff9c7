"""Documents on paper: PDF by typst, from a template of ours and values that are never markup.

The same values give the same bytes, on every machine where the embedded fonts have every sign; tagged (PDF/UA-1).
"""

from bursar.exchange.paper.printing import TEMPLATES, printed

__all__ = ["TEMPLATES", "printed"]
