"""What several suites share: a database of either engine, a running house, a naive model of the ledger."""
