"""What passes: the gateway's memory of the office, limits, what runs now, usage that no gateway sees."""
