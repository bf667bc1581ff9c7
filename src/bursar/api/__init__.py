"""The REST API: a face of the office for programs, with no logic of its own.

Each route names its action of the access table (`ROUTES`); `document()` is the OpenAPI 3.1 of all of them.
"""

from bursar.api.document import document
from bursar.api.face import api_face
from bursar.api.resources import RESOURCES, ROUTES
from bursar.api.routes import PREFIX, Route

__all__ = ["PREFIX", "RESOURCES", "ROUTES", "Route", "api_face", "document"]
