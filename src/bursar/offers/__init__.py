"""What a package of tokens is really worth to the person who is offered it: a pure library, no server, no account.

`value` has the closed forms, `terms` the offer and the person, `outcome` the worlds lived through, `laptop` the question
whether it is a perk or a tool, `asking` what is missing and how much that matters.
"""
