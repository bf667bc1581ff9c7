"""Plans: the terms of a promise. A YAML document becomes a `Plan`; a plan and a person's dates become a calendar.

`document` reads and checks, `terms` are what everything else works with, `calendar` says what happens when, `factsheet`
says it to people. Nothing here knows a clock, a database or the ledger.
"""
