"""The terms of a promise: what is promised, when it becomes a person's own, and what happens to it then.

A functional core: no clock, no files, no floats. Dates, facts and quantities are arguments.
"""
