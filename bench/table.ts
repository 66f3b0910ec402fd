/**
 * Rows of text as a table: for the terminal, and as Markdown. The first row is the head.
 *
 * @module
 */

/** Aligned columns with a rule below the head. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd();
  const [head, ...body] = rows.map(line);
  return [head, widths.map((width) => "-".repeat(width)).join("  "), ...body].join("\n");
}

/** A table of Markdown, without the padding that a formatter adds. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head!), line(head!.map(() => "---")), ...body.map(line)].join("\n");
}
