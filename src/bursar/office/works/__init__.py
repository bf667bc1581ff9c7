"""Long work, done beside the pages; answers kept for whoever asks twice."""
