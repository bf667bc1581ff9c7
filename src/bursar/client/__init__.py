"""The client of the REST API: typed, sync and async on one core that does no I/O.

    with Client("https://bursar.example.com", token) as bursar:
        balance = bursar.send(operations.get_balance("@me"))
        for key in bursar.each(operations.list_keys("@me")):
            ...

`operations` has a function for every operation, `shapes` what is answered; both are written from the OpenAPI document.
"""

from bursar.client import operations, shapes
from bursar.client.aio import AsyncClient
from bursar.client.call import Answer, Call, Paged
from bursar.client.exchange import Exchange, Reply, Request
from bursar.client.sync import Client

__all__ = ["Answer", "AsyncClient", "Call", "Client", "Exchange", "Paged", "Reply", "Request", "operations", "shapes"]
