"""Who looked, who did what, and the proof that nothing was altered."""
