"""`bursar key ...`: access keys of people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bursar.cli.options import Json, Person, Yes, desk, office
from bursar.cli.render import Column, ago, console, instant, money, show_json, show_table
from bursar.office.keyring import reach

app = typer.Typer(no_args_is_help=True)


@app.command()
def issue(
    person: Person,
    label: Annotated[str, typer.Option(help="What the key is for: laptop, ci.")] = "",
    purpose: Annotated[str, typer.Option(help="work, learning, personal; production for a service.")] = "work",
    project: Annotated[str, typer.Option(help="Project tag on every charge.")] = "",
    model: Annotated[list[str] | None, typer.Option(help="Only these models, shell patterns (repeatable).")] = None,
    cap: Annotated[str, typer.Option(help="Most that may ever be spent through this key: $20.")] = "",
    expires: Annotated[str, typer.Option(metavar="DATE", help="When the key stops working.")] = "",
    under: Annotated[
        str, typer.Option("--under", metavar="KEY", help="A key of the same person: it takes a part of that one's cap.")
    ] = "",
    requests_per_minute: Annotated[int, typer.Option(help="Most requests in a minute, on all nodes together.")] = 0,
    tokens_per_minute: Annotated[int, typer.Option(help="Most tokens in a minute, on all nodes together.")] = 0,
    json: Json = False,
) -> None:
    """Issue a key; it is shown once. Example: bursar key issue ada --label laptop --cap '$20'"""
    with office() as asked:
        more: dict[str, Any] = {"parent": under} if under else {}
        if requests_per_minute or tokens_per_minute:
            more |= {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
        key = asked.issue_key(
            person,
            label=label,
            purpose=purpose,
            project=project,
            models=tuple(model or ()),
            cap=cap,
            expires=expires,
            **more,
        )
    if json:
        show_json(key)
        return
    console.print(key["token"], markup=False, style="bold", soft_wrap=True)
    console.print(
        f"This is the only time that key {key['id']} is shown. Keep it where you keep passwords.", style="dim"
    )


@app.command("reach")
def reach_(key: Annotated[str, typer.Argument(help="Id of a key (bursar key list).")], json: Json = False) -> None:
    """Which part of the catalogue a key may use, by provider. Example: bursar key reach key_x"""
    with desk() as opened:
        found = reach.reach(opened, key)
    if json:
        show_json([asdict(one) for one in found])
        return
    show_table(
        (Column("provider"), Column("models with a price", number=True), Column("open to it", number=True), Column("")),
        [
            (one.provider, f"{one.models:,}", f"{one.admitted:,}", "" if one.open else "not for this purpose")
            for one in found
        ],
        empty="There is no provider yet.",
    )


@app.command("list")
def list_(person: Annotated[str, typer.Argument(help="Only of this person.")] = "", json: Json = False) -> None:
    """List keys without their secrets. Example: bursar key list ada"""
    with office() as asked:
        keys, now = asked.keys(person), asked.now()
    if json:
        show_json(keys)
        return
    show_table(
        (
            Column("key", kept=True),
            Column("person", kept=True),
            Column("label"),
            Column("purpose"),
            Column("project"),
            Column("models"),
            Column("cap", number=True),
            Column("expires", kept=True),
            Column("issued"),
            Column("state"),
            Column("id", quiet=True),
        ),
        [
            (
                k["hint"],
                k["person"],
                k["label"],
                k["purpose"],
                k["project"],
                " ".join(k["models"]) or "all",
                money(k["cap_nanos"]) if k["cap_nanos"] else "none",
                instant(k["expires_micros"]) if k["expires_micros"] else "never",
                f"{ago(k['created_micros'], now)} ago",
                k["state"],
                k["id"],
            )
            for k in keys
        ],
        empty="No keys yet. Issue one with `bursar key issue ada`.",
    )


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key (bursar key list).")], yes: Yes = False, json: Json = False
) -> None:
    """Revoke a key; within a second nothing passes with it. Example: bursar key revoke key_x --yes"""
    with office() as asked:
        if not yes and not json:
            typer.confirm(f"Revoke {key}? Whatever uses it stops working at once.", abort=True)
        asked.revoke_key(key)
    if json:
        show_json({"id": key, "state": "revoked"})
    else:
        console.print(f"{key} is revoked.", markup=False)


@app.command()
def rotate(
    key: Annotated[str, typer.Argument(help="Id of the key (bursar key list).")],
    overlap_minutes: Annotated[
        int, typer.Option("--overlap-minutes", min=0, help="How long the old secret goes on working.")
    ] = 0,
    json: Json = False,
) -> None:
    """Give a key a new secret; its cap and its history stay. Example: bursar key rotate key_x --overlap-minutes 60"""
    with office() as asked:
        rotated = asked.rotate_key(key, overlap_minutes * 60)
    if json:
        show_json(rotated)
        return
    console.print(rotated["token"], markup=False, style="bold", soft_wrap=True)
    console.print(f"This is the only time that key {rotated['id']} is shown.", style="dim", markup=False)


@app.command()
def pause(key: Annotated[str, typer.Argument(help="Id of the key.")], json: Json = False) -> None:
    """Stop a key for a while; nothing passes with it within a second. Example: bursar key pause key_x"""
    with office() as asked:
        asked.pause_key(key)
    show_json({"id": key, "state": "paused"}) if json else console.print(f"{key} is paused.", markup=False)


@app.command()
def resume(key: Annotated[str, typer.Argument(help="Id of the key.")], json: Json = False) -> None:
    """Let a paused key work again. Example: bursar key resume key_x"""
    with office() as asked:
        asked.resume_key(key)
    show_json({"id": key, "state": "live"}) if json else console.print(f"{key} works again.", markup=False)
