const scientific = new Intl.NumberFormat('en', { notation: 'scientific', maximumSignificantDigits: 3 });

const plain = (size: number): Intl.NumberFormat => {
  const whole = String(Math.trunc(size)).length;
  return new Intl.NumberFormat('en', { maximumSignificantDigits: Math.max(4, whole), useGrouping: 'min2' });
};

/** A number in a reader's precision: four significant digits or all whole ones, grouped from five on. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const ordinary = value === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e7);
  return (ordinary ? plain(size) : scientific).format(value).replaceAll('-', '−');
}

/** How many there are. */
export const count = (value: number): string => new Intl.NumberFormat('en').format(value);

/** `1 row`, `2 rows`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const PERCENT = '\u00a0%';

/** A share of one as percent, `< 0.1 %` where it would round to none of it. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return `<\u00a00.1${PERCENT}`;
  if (share < 1 && share > 0.9995) return `>\u00a099.9${PERCENT}`;
  return `${new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format(share * 100)}${PERCENT}`;
}

/** A p-value, no finer than it is worth. */
export const chance = (pValue: number): string =>
  pValue < 0.0001 ? '<\u00a00.0001' : pValue.toFixed(pValue < 0.1 ? 4 : 2);

/** `text`, its end left out where it is longer than `most` characters. */
export const shortened = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
};
