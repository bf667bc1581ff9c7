"""The office: use cases, sorted into rooms by subject, and the control plane under them (docs/explanation/architecture.md)."""
