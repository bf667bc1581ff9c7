"""What was promised: grants and seats, what falls due in them, asking for more, what teams share."""
