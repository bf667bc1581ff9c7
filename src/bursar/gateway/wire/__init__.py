"""The wire: HTTP/1.1 on both sides, as bytes of sockets and requests, replies and chunks of the relay.

llhttp parses (httptools), asyncio's protocols move bytes; nothing here knows what is asked or what it costs.
"""
