"""Access keys: what they are made of, issued, found, last used."""
