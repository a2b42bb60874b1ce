// What a figure says and how it is printed. A row is `{figure, router, against, ratio?, target, ok, note?}`: texts for
// people, except `ratio`, a number, and `ok`.

const columns = ["figure", "router", "against", "ratio", "target", ""];

/** Prints a table in plain text, the notes below it. */
export function printTable(rows) {
  const cells = rows.map((row) => [
    row.figure,
    row.router,
    row.against ?? "",
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x`,
    row.target,
    row.ok ? "ok" : "MISS",
  ]);
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...cells.map((line) => line[index].length)),
  );
  const print = (line) =>
    console.log(
      line
        .map((text, index) => text.padEnd(widths[index]))
        .join("  ")
        .trimEnd(),
    );
  print(columns);
  print(widths.map((width) => "-".repeat(width)));
  for (const line of cells) print(line);
  for (const { figure, note } of rows) {
    if (note !== undefined) console.log(`\n${figure}: ${note}`);
  }
}
