// Reads {"tables": {name: schema}, "queries": {name: text}} and writes {name: ["line N: message"]}, by Microsoft's own analyser.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const home = path.join(process.argv[2], "node_modules", "@kusto", "language-service-next");
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(home, file), "utf-8"), { filename: file });
}

const { tables, queries } = JSON.parse(fs.readFileSync(0, "utf-8"));
const { GlobalState, KustoCode, Symbols } = Kusto.Language;
const symbols = Object.entries(tables).map(([name, schema]) => Symbols.TableSymbol.From(schema).WithName(name));
const database = new Symbols.DatabaseSymbol.$ctor1("workspace", symbols);
const globals = GlobalState.Default.WithDatabase(database);

const findings = {};
for (const [name, text] of Object.entries(queries)) {
  const found = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  findings[name] = [];
  for (let i = 0; i < found.Count; i++) {
    const one = found.getItem(i);
    const line = text.slice(0, one.Start).split("\n").length;
    findings[name].push(`line ${line}: ${one.Message}`);
  }
}
process.stdout.write(JSON.stringify(findings));
