"""The console: one web page for each question, drawn on the server.

A page is a function in a module of its area: it asks the access table, asks the office, and shows a template. Nothing is
decided or computed here that the command line or the API would have to do again.
"""

from bursar.console.areas import AREAS
from bursar.console.face import console_app, console_face

__all__ = ["AREAS", "console_app", "console_face"]
