"""The SCIM 2.0 server (RFC 7643, 7644): a face of the office for directories, with no logic of its own.

An identity provider keeps the roster through it: it creates, changes and deactivates people at `/scim/v2/Users`.
"""

from bursar.scim.face import PREFIX, scim_face

__all__ = ["PREFIX", "scim_face"]
