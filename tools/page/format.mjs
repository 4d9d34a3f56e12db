// Holds the page's scripts to one format, `--write` puts them into it.

import { createFromBuffer } from "@dprint/formatter";
import { getPath } from "@dprint/typescript";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const FOLDER = new URL("../../python/cammra_edge/web/static/", import.meta.url);
const LINE_WIDTH = 120;
const write = process.argv.includes("--write");

const formatter = createFromBuffer(readFileSync(getPath()));
formatter.setConfig({ lineWidth: LINE_WIDTH, indentWidth: 2 }, {
  "arguments.preferHanging": "always",
  "parameters.preferHanging": "always",
  "arrayExpression.preferHanging": "always",
  "objectExpression.preferHanging": true,
  "importDeclaration.preferHanging": true,
  "operatorPosition": "maintain",
  "quoteStyle": "preferDouble",
});

const wrong = readdirSync(FOLDER).filter((name) => name.endsWith(".js")).filter((name) => {
  const file = new URL(name, FOLDER);
  const text = readFileSync(file, "utf8");
  const formatted = formatter.formatText({ filePath: name, fileText: text });
  if (write && formatted !== text) writeFileSync(file, formatted);
  const long = formatted.split("\n").findIndex((line) => line.length > LINE_WIDTH);
  if (long >= 0) console.error(`${name}:${long + 1}: longer than ${LINE_WIDTH} characters`);
  return long >= 0 || (!write && formatted !== text);
});
if (wrong.length) {
  console.error(`not in format: ${wrong.join(", ")} (tools/page/lint --write)`);
  process.exit(1);
}
