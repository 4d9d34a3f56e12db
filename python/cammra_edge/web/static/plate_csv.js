// Plate lists as text: lines of "plate, note" as people type them, and CSV as spreadsheets write and read it.

/** What heads a column of plates, in small letters without accents and spaces. */
const HEADINGS = new RegExp(
  "^(?:plates?|pattern|(?:number|licen[cs]e)plates?(?:number)?|platenumber|vrm|reg(?:nr|istration(?:number|plate)?)?" +
    "|(?:kfz)?kennzeichen|nummernschild|spz|rz|ecv|registracniznacka|reg(?:istrerings)?num[mb]er|nummerplat?e" +
    "|nummerplaat|kenteken|rekisteri(?:numero|tunnus)|plaque|(?:numerod)?immatriculation|placa|matricula|targa" +
    "|rejestracja|n(?:ume)?rrejestracyjny|rendszam|номер|госномер)$",
);
const SEPARATOR_LINE = /^"?sep=(.)"?[ \t]*(?:\r\n|\r|\n|$)/i;
/** A spreadsheet takes a text that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const GUARDED = /^'(?=[=+\-@\t\r＝＋－＠])/;

/** @typedef {PlateList["entries"]} Entries */

/** @param {string} text */
const quoted = (text) => /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** @param {Entries} entries @param {string} between @param {(cell: string) => string} cell */
const lines = (entries, between, cell) =>
  entries.map(({ pattern, description }) => [pattern, description].filter(Boolean).map(cell).join(between));

/** Lines to type in. @param {Entries} entries */
export const textOf = (entries) => lines(entries, ", ", quoted).join("\n");

/** A file that spreadsheets read right, and take nothing in it for a formula. @param {Entries} entries */
export const csvOf = (entries) => ["\ufeffplate,description", ...lines(entries, ",", guarded), ""].join("\r\n");

/** @param {string} cell */
const guarded = (cell) => quoted(FORMULA.test(cell) ? `'${cell}` : cell);

/** A file's text: UTF-8, UTF-16 with its mark, or what spreadsheets on Windows write. @param {ArrayBuffer} bytes */
export function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/**
 * The entries in such lines or such a file: with a heading or without, quoted or not, cut at the first of `,`, `;` and
 * tab, or where a line `sep=;` says.
 * @param {string} text @returns {Entries}
 */
export function entriesOf(text) {
  const [line = "", said] = SEPARATOR_LINE.exec(text = text.replace(/^\ufeff/, "")) ?? [];
  const rows = text.slice(line.length);
  const cut = said ?? /[,;\t]/.exec(rows.replace(/"(?:[^"]|"")*"/g, ""))?.[0] ?? ",";
  const sign = cut.replace(/[\\\]^-]/, "\\$&");
  const cell = new RegExp(` *(?:"((?:[^"]|"")*)" *(?=[${sign}\r\n]|$)|([^${sign}\r\n]*))([${sign}]|\r\n|\r|\n|$)`,
    "gu");
  /** @type {string[][]} */
  const found = [[]];
  for (const [, inQuotes, bare = "", end] of rows.matchAll(cell)) {
    found.at(-1)?.push((inQuotes?.replaceAll('""', '"') ?? bare).replace(/\s+/g, " ").trim().replace(GUARDED, ""));
    if (end !== cut) found.push([]);
  }
  const entries = found.map(([pattern = "", ...rest]) => ({ pattern, description: rest.filter(Boolean).join(", ") }));
  return entries.filter(({ pattern }, index) => pattern && !(index === 0 && isHeading(pattern)));
}

/** @param {string} text */
const isHeading = (text) => HEADINGS.test(text.normalize("NFD").toLowerCase().replace(/[^\p{L}]/gu, ""));
