"""Settings: what does this installation run with?"""

from __future__ import annotations

import os

from starlette.responses import Response

from bursar.console.organisation.area import AREA
from bursar.console.visit import Visit
from bursar.office import setting_list
from bursar.office.access import action
from bursar.office.settings import FILE_NAME

READ = action("setting.read")
SOURCES = {"environment": "environment", "file": FILE_NAME, "default": "default"}


@AREA.page(
    "/organisation/settings",
    name="Settings",
    question="What does this installation run with?",
    action="setting.read",
    whose="house",
)
def page(visit: Visit) -> Response:
    visit.require(READ)
    settings = visit.caller.desks.settings
    found = setting_list.listed(settings, os.environ)
    return visit.show(
        "organisation/settings.html",
        settings=found,
        changed=[one for one in found if one.source != "default"],
        sources=SOURCES,
        file=str(settings.home / FILE_NAME),
    )
