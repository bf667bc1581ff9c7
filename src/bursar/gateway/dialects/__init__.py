"""Wire dialects, sans-IO: parse a request, meter a reply, phrase a refusal. Nothing here reads a clock or a socket."""
