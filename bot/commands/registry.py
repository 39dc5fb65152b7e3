"""`anxin registry …`: the reference registry and checks against it, from the command line."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import IntegrityError

from knowledge.registry import qr
from knowledge.registry.contract import Reason, day_in_china
from knowledge.registry.demo import seed_demo
from knowledge.registry.permit_number import BadNumber, PermitNumber, parse
from knowledge.registry.quota import Quota
from knowledge.registry.server import pages
from knowledge.registry.server.app import create_app
from knowledge.registry.server.issuing import Action, NewPermit, NoSuchPermit, NotAllowed
from knowledge.registry.server.registry import Registry
from knowledge.registry.server.secrets import load_or_create
from knowledge.registry.server.webhooks import subscribe as add_subscriber
from knowledge.registry.settings import RegistrySettings, open_registry, open_verifier
from knowledge.registry.verifier import Check
from knowledge.registry.webhook import notice_key
from knowledge.registry.wording import sentences

registry_app = typer.Typer(no_args_is_help=True, add_completion=False)
audit_app = typer.Typer(no_args_is_help=True, help="The record of checks.")
registry_app.add_typer(audit_app, name="audit")

Number = Annotated[str, typer.Argument(help="the permit's number, as written on the card")]


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def _number(text: str) -> PermitNumber:
    try:
        return parse(text)
    except BadNumber as bad:
        place = f", symbol {bad.position}" if bad.position else ""
        raise _fail(f"not a permit number ({bad.fault.value}{place})") from bad


def _change(text: str, action: Action, reason: Reason | None = None) -> None:
    number = _number(text)
    try:
        open_registry(RegistrySettings()).issuing.change(number, action, reason)
    except NoSuchPermit as error:
        raise _fail(f"no permit {number.masked}") from error
    except NotAllowed as error:
        raise _fail(str(error)) from error
    typer.echo(f"{number.masked}: {action} done")


@registry_app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8100,
    client: Annotated[
        str, typer.Option(help="name of a client to let in; its new token is printed once")
    ] = "",
) -> None:
    """Serve the reference registry alone: the contract under /v1, workers' pages under /permit."""
    registry = open_registry(RegistrySettings(), f"http://{host}:{port}")
    if client:
        token = registry.add_client(client, client, ["permit.status"])
        typer.echo(f"ANXIN_REGISTRY_CLIENT_ID={client}\nANXIN_REGISTRY_TOKEN={token}")
    uvicorn.run(served(registry), host=host, port=port, access_log=False, server_header=False)


def served(registry: Registry) -> FastAPI:
    """The registry's application below the version's prefix, and the pages for workers."""
    inner = create_app(registry, webhook_interval_s=2.0)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # A mounted application's lifespan is not run by itself.
        async with inner.router.lifespan_context(inner):
            yield

    outer = FastAPI(openapi_url=None, lifespan=lifespan)
    outer.mount("/v1", inner)
    outer.include_router(
        pages.router(registry, Quota(redis_url=RegistrySettings().redis_url or None))
    )
    return outer


@registry_app.command()
def seed(
    count: Annotated[int, typer.Option(min=1, max=20_000, help="how many permits")] = 300,
    seed: Annotated[int, typer.Option(help="what the made-up content is drawn from")] = 1,
    show: Annotated[int, typer.Option(help="how many to print, to try them")] = 12,
) -> None:
    """Issue made-up permits in every state. Their names and agencies say that they are made up."""
    permits = seed_demo(open_registry(RegistrySettings()), count, seed)
    typer.echo(f"{len(permits)} made-up permits issued")
    for permit in permits[:: max(1, count // max(1, show))][:show]:
        typer.echo(
            f"  {permit.number.written}  {permit.full_name}  {permit.id_last4}  "
            f"PIN {permit.pin}  {permit.kind}"
        )


@registry_app.command()
def issue(
    name: Annotated[str, typer.Option(help="the worker's full name")],
    id_last4: Annotated[str, typer.Option(help="last four of her ID number")],
    city: Annotated[str, typer.Option(help="two letters: GZ, ZQ, CZ, BT or SY")] = "GZ",
    agency: Annotated[str, typer.Option(help="her agency")] = "示范家政（虚构）",
    service: Annotated[list[str] | None, typer.Option(help="a service; may be repeated")] = None,
    days: Annotated[int, typer.Option(min=1, max=1825, help="days it holds")] = 365,
    out: Annotated[Path, typer.Option(help="where the QR image is saved")] = Path("permit-qr.png"),
) -> None:
    """Issue a permit: prints number and PIN, shows its QR and saves it as an image."""
    registry = open_registry(RegistrySettings())
    today = day_in_china(registry.core.now())
    new = NewPermit(
        city, name, id_last4.upper(), agency, tuple(service or ["家务服务"]),
        today, today + dt.timedelta(days=days),
    )  # fmt: skip
    try:
        issued = registry.issuing.issue(new)
    except NotAllowed as error:
        raise _fail(str(error)) from error
    out.write_bytes(qr.draw(issued.qr_token))
    typer.echo(qr.in_terminal(issued.qr_token))
    typer.echo(f"number {issued.number.written}\nPIN    {issued.pin} (shown this once)")
    typer.echo(f"QR     {out}")


@registry_app.command()
def activate(number: Number) -> None:
    """Activate an issued permit."""
    _change(number, "activate")


@registry_app.command()
def suspend(
    number: Number,
    reason: Annotated[Reason, typer.Option(help="why")] = Reason.COMPLAINT_HOLD,
) -> None:
    """Suspend a permit."""
    _change(number, "suspend", reason)


@registry_app.command()
def lift(number: Number) -> None:
    """End a suspension."""
    _change(number, "lift")


@registry_app.command("report-lost")
def report_lost(number: Number) -> None:
    """Record that the card is lost."""
    _change(number, "report_lost")


@registry_app.command()
def reissue(
    number: Number,
    out: Annotated[Path, typer.Option(help="where the QR image is saved")] = Path("permit-qr.png"),
) -> None:
    """Give a new card for a lost one; the QR of the old one no longer holds."""
    _change(number, "reissue")
    registry = open_registry(RegistrySettings())
    out.write_bytes(qr.draw(registry.issuing.qr_token(_number(number))))
    typer.echo(f"QR     {out}")


@registry_app.command()
def revoke(number: Number) -> None:
    """Revoke a permit for good."""
    _change(number, "revoke")


@registry_app.command()
def verify(
    number: Annotated[str, typer.Argument(help="the number, as written")] = "",
    name: Annotated[str, typer.Option(help="the worker's full name")] = "",
    id_last4: Annotated[str, typer.Option(help="last four of her ID number")] = "",
    photo: Annotated[Path | None, typer.Option(help="a photograph of the permit's QR")] = None,
) -> None:
    """Check a permit as a household would. Exit code 0 only where the permit holds."""
    verifier = open_verifier(RegistrySettings())
    check = Check(
        uuid.uuid4(),
        asker="command line",
        conversation="command line",
        number=number or None,
        full_name=name or None,
        id_last4=id_last4 or None,
        photo=photo.read_bytes() if photo else None,
    )
    try:
        verdict = verifier.verify(check)
    finally:
        verifier.client.close()
    typer.echo(f"[{verdict.outcome.name}]")
    for sentence in sentences(verdict):
        typer.echo(sentence)
    if not verdict.positive:
        raise typer.Exit(2)


@registry_app.command("rotate-keys")
def rotate_keys() -> None:
    """Sign with a new key from now on; tokens signed before still hold."""
    typer.echo(f"signing with {open_registry(RegistrySettings()).keys.rotate()}")


@registry_app.command("notice-key")
def show_notice_key() -> None:
    """Print the key that a registry elsewhere signs its notices to this bot with."""
    typer.echo(notice_key(load_or_create(RegistrySettings().key_file)).hex())


@registry_app.command()
def subscribe(
    url: Annotated[
        str, typer.Argument(help="where a bot takes notices: https://…/registry/events")
    ],
    key: Annotated[str, typer.Option(help="what `anxin registry notice-key` printed there")],
) -> None:
    """Tell a bot elsewhere of every change to a permit from now on."""
    try:
        add_subscriber(open_registry(RegistrySettings()).core, url, bytes.fromhex(key))
    except (ValueError, IntegrityError) as error:
        known = isinstance(error, IntegrityError)
        raise _fail("this address is told already" if known else str(error)) from error
    typer.echo(f"changes are told to {url}")


@audit_app.command("verify")
def audit_verify() -> None:
    """Look for an edit, a deletion, a reorder or a cut tail in the record of checks."""
    verifier = open_verifier(RegistrySettings())
    wrong = verifier.audit.verify()
    for problem in wrong:
        typer.echo(problem, err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo("the record is whole")
