/** `value` as JSON, indented by two, each list of nothing but numbers on one line; the text ends with a line break. */
export const printJson = (value: unknown): string => `${printed(JSON.parse(JSON.stringify(value)), '')}\n`;

function printed(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null || isNumbers(value)) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => printed(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${printed(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (items.length === 0) return `${open}${close}`;
  return `${open}\n${items.map((item) => `${deeper}${item}`).join(',\n')}\n${indent}${close}`;
}

const isNumbers = (value: object): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');
