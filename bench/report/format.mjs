// Numbers and tables in Markdown.

/** Three significant digits. */
export function digits(value) {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 1 ? value.toFixed(2) : value.toFixed(3);
}

/** "median [min–max]" */
export function spread({ median, min, max }) {
  return min === max ? digits(median) : `${digits(median)} [${digits(min)}–${digits(max)}]`;
}

/** A table; what has nothing to tell in any column is left out. */
export function table(title, columns, rows) {
  const telling = rows.filter((row) => row.slice(1).some((cell) => cell !== "-"));
  if (telling.length === 0) return "";
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  return `\n### ${title}\n\n${line(columns)}${line(columns.map(() => "---"))}${telling.map(line).join("")}`;
}
