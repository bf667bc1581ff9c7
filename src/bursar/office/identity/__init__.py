"""Who signs in: accounts, passwords, second factors, sessions, tokens of programs, an identity provider."""
