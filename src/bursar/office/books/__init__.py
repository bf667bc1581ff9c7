"""The month: closed, corrected, reconciled, handed to payroll."""
