"""My wallet: how much is left, and when does it run out?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office import reports
from bursar.office.access import action

WALLET = action("wallet.read")


@AREA.page("/wallet", name="Wallet", question="How much have I left, and when does it run out?", action="wallet.read")
def wallet(visit: Visit) -> Response:
    person = visit.myself(WALLET)
    with visit.desk() as desk:
        balance = reports.balance(desk, person["id"])
    return visit.show("mine/wallet.html", balance=balance)


@AREA.part("/wallet/now", action="wallet.read")
def now(visit: Visit) -> Response:
    """The figures alone, asked for again whenever something moves."""
    person = visit.myself(WALLET)
    with visit.desk() as desk:
        balance = reports.balance(desk, person["id"])
    return visit.show("mine/wallet_now.html", balance=balance)
