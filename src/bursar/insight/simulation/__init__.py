"""Simulation: a roster under a plan, month by month, in many scenarios of use and price.

`usage` says what people want, `cohorts` what the plan makes happen when, `lots` and `engine` let everybody live through
it, `outcome` reads the figures, `report` shows them. Pure: a seed in, the same answer out.
"""
