"""Where requests go and what they cost: providers and the price book."""
