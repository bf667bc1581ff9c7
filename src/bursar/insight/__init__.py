"""Insight: what may come of the terms and what the figures mean. Statistics, so floats are allowed here.

`simulation` runs a roster through months of a plan in many scenarios. Nothing here changes anything.
"""
