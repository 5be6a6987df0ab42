/** SQL of a cell as a CSV says it. */
const spelt = (sql: string): string => `(${sql})::VARCHAR`;

/** SQL: whether a spreadsheet would take a cell for a formula and run it; a number is none, whatever its sign. */
export function isFormula(sql: string): string {
  const cell = spelt(sql);
  return `(length(${cell}) > 1 AND left(${cell}, 1) IN ('=', '+', '-', '@', chr(9), chr(13)) AND TRY_CAST(${cell} AS DOUBLE) IS NULL)`;
}

/** SQL of a cell that a spreadsheet takes for what it is: before what would be a formula stands the sign of a text. */
export const withoutFormula = (sql: string): string =>
  `if(${isFormula(sql)}, '''' || ${spelt(sql)}, ${spelt(sql)})`;

/** The same of a text at hand. */
export const escapedFormula = (text: string): string =>
  /^[=+\-@\t\r]./s.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
