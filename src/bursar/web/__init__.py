"""The web: what every face of the office that speaks HTTP shares, and no page.

One ASGI app with its limits and headers, desks lent to one request at a time, who is calling, forms that only our own pages
can send, problems in words, static files under hashed names, live events, pages of long lists.
"""

from bursar.web.app import Face, make_app
from bursar.web.callers import Caller, SignInFirst, caller_of
from bursar.web.desks import DATABASE_THREADS, Desks
from bursar.web.paging import Cursor, Slice
from bursar.web.problems import Problem, problem_of
from bursar.web.serving import serving

__all__ = [
    "DATABASE_THREADS",
    "Caller",
    "Cursor",
    "Desks",
    "Face",
    "Problem",
    "SignInFirst",
    "Slice",
    "caller_of",
    "make_app",
    "problem_of",
    "serving",
]
