"""``./hub``: one line for each command."""

import typer

from toolkit.commands.develop import bench, catalogue, check, convert, demo, guide_coverage, mutate, setup, test
from toolkit.commands.generate import docs, fhir_tables, new, sheet
from toolkit.commands.migrate import impact, shadow, shrink
from toolkit.commands.operate import dead, ledger, relay, send, thresholds, trace, up, waiting, warnings
from toolkit.commands.release import cost, lock, manifest, package

app = typer.Typer(
    name="hub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The Integration Hub on your own machine. Start with: ./hub demo",
)

app.command("demo")(demo.demo)
app.command("setup")(setup.setup)
app.command("up")(up.up)
app.command("send")(send.send)
app.command("test", context_settings=test.PASS_THROUGH)(test.test)
app.command("bench")(bench.bench)
app.command("list")(catalogue.list_integrations)
app.command("check")(check.check)
app.command("run")(check.run)
app.command("convert")(convert.convert)
app.command("mutate")(mutate.mutate)
app.command("new")(new.new)
app.command("shadow")(shadow.shadow)
app.command("impact")(impact.impact)
app.command("shrink")(shrink.shrink)
app.command("guide-coverage")(guide_coverage.guide_coverage)
app.command("docs")(docs.docs)
app.command("build-fhir-tables")(fhir_tables.build_fhir_tables)
app.command("cost")(cost.cost)
app.command("lock")(lock.lock)
app.command("manifest")(manifest.manifest)
app.command("package")(package.package)
app.command("sheet")(sheet.sheet)
app.command("thresholds")(thresholds.thresholds)
app.command("relay")(relay.relay)
app.command("warnings")(warnings.warnings)
app.command("trace")(trace.trace)
app.command("replay")(dead.replay)
app.add_typer(dead.app, name="dead")
app.add_typer(ledger.app, name="ledger")
app.add_typer(waiting.app, name="waiting")
app.command("close-breaker")(waiting.close_breaker)


def main() -> None:
    app(prog_name="./hub")
