"""What people are told: notices, their channels, and the watch that finds what to tell."""
