"""What is published at `/Schemas`: a user with the attributes that a roster has a place for, and nothing else.

What a directory sends beyond these is left aside, as RFC 7644 (section 3.3) allows. Groups are not offered: a person has
one team, and `department` says which.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from bursar.office.workforce.provisioning import MAX_PAGE


class Name(ComplexAttribute):
    """The parts of a name; `formatted`, else the given and the family name, is the roster's name without displayName."""

    formatted: Annotated[str | None, Field(description="The full name.")] = None
    family_name: Annotated[str | None, Field(description="The family name.")] = None
    given_name: Annotated[str | None, Field(description="The given name.")] = None


class Email(ComplexAttribute):
    """An e-mail address; the primary one, else the first of type work, else the first, is the roster's."""

    value: Annotated[str | None, Field(description="The address.")] = None
    type: Annotated[str | None, Field(description="What it is for.", examples=["work", "home", "other"])] = None
    primary: Annotated[bool | None, Field(description="Whether it is the one to use.")] = None


class User(Resource[AnyExtension]):
    """A person of the roster."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[
        str | None, Uniqueness.server, Required.true, Field(description="What the directory calls the person.")
    ] = None
    display_name: Annotated[str | None, Field(description="The name as it is shown.")] = None
    name: Annotated[Name | None, Field(description="The parts of the name.")] = None
    title: Annotated[str | None, Field(description="The person's role.")] = None
    timezone: Annotated[
        str | None,
        Field(
            description="IANA time zone of the person's days; UTC without one.",
            examples=["Europe/Lisbon", "America/New_York", "Asia/Tokyo"],
        ),
    ] = None
    active: Annotated[
        bool | None, Field(description="False: today is the person's last day, and the terms for leaving hold.")
    ] = None
    emails: Annotated[list[Email] | None, Field(description="E-mail addresses.")] = None


class Manager(ComplexAttribute):
    """Whom the person reports to."""

    value: Annotated[str | None, Required.true, CaseExact.true, Field(description="The id of the manager.")] = None
    ref: Annotated[
        Reference[User] | None,  # type: ignore[type-arg]
        Field(serialization_alias="$ref", validation_alias="$ref", description="The address of the manager."),
    ] = None


class EnterpriseUser(Extension):
    """Where the person works in the organisation."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: Annotated[str | None, Field(description="Kept as it is.")] = None
    cost_center: Annotated[str | None, Field(description="Kept as it is.")] = None
    department: Annotated[str | None, Field(description="The person's team.")] = None
    manager: Annotated[Manager | None, Field(description="Whom the person reports to.")] = None


class BursarUser(Extension):
    """What plans ask of a person beside team and role."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:bursar:2.0:User")

    level: Annotated[str | None, Field(description="Level, as plans name it.")] = None
    job_family: Annotated[str | None, Field(description="Job family, as plans name it.")] = None
    location: Annotated[str | None, Field(description="Place of work.")] = None
    hire_date: Annotated[
        str | None, Field(description="First day, as ISO 8601 writes it.", examples=["2024-02-29", "2026-01-05"])
    ] = None


Person: TypeAlias = User[EnterpriseUser | BursarUser]
"""The user as it is served, with both extensions."""

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Directories send more than a roster has a place for, and Microsoft Entra patches in ways of its own."""

CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MAX_PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    pagination=Pagination(
        cursor=False,
        index=True,
        default_pagination_method=Pagination.DefaultPaginationMethod.index,
        default_page_size=MAX_PAGE,
        max_page_size=MAX_PAGE,
    ),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="API token",
            description="Authorization: Bearer bur_api_..., a token with the scope roster.provision",
            primary=True,
        )
    ],
)


def provider() -> ScimProvider:
    """The description of this server, from which all three discovery endpoints are written."""
    models: list[Any] = [User, EnterpriseUser, BursarUser]
    return ScimProvider(models, [ResourceType.from_resource(Person)], CONFIG, POLICY)
