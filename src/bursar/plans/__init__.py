"""Plans: the terms of a promise. A YAML document becomes a `Plan`; a plan and a person's dates become a calendar.

`document` and `check` read, `terms` are what everything else works with, `schedule` says what happens when, `factsheet`
says it to people, `templates` are plans to start from. Nothing here knows a clock, a database or the ledger.
"""
