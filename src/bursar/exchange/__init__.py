"""Everything that comes in or goes out as a file or a foreign API."""
