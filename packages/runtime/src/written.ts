/** The sign before the fraction of a number. */
export type DecimalSign = '.' | ',';

/** The order of day, month and year in a date that does not begin with the year. */
export type DateOrder = 'dmy' | 'mdy';

/** What a number counts that stands for a date; `excel` counts days since the end of 1899, `yyyymmdd` is written in digits. */
export type DateUnit = 'excel' | 'seconds' | 'milliseconds' | 'microseconds' | 'yyyymmdd';

export const dateOrders: readonly DateOrder[] = ['dmy', 'mdy'];
export const dateUnits: readonly DateUnit[] = [
  'excel',
  'seconds',
  'milliseconds',
  'microseconds',
  'yyyymmdd',
];

/** How the cells of a column are written where that is not plain; later cells are read by it. */
export interface Written {
  /** Of numbers: with it, groups of digits, a currency and a percent sign are read, too. */
  readonly decimal?: DecimalSign;
  /** Of dates. */
  readonly date?: DateOrder | DateUnit;
  /** Of a binary column: what stands for 0 and for 1. */
  readonly words?: readonly [string, string];
}

export const isDateUnit = (date: Written['date']): date is DateUnit =>
  (dateUnits as readonly unknown[]).includes(date);

const SPACE = '[ \u00a0\u2009\u202f]';
const MINUS = '[-\u2212]';
const CODES =
  'USD|EUR|GBP|JPY|CNY|RMB|CHF|AUD|CAD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|ILS|INR|IDR|KRW|SGD|HKD|TWD|THB|MYR|PHP|VND|BRL|MXN|ARS|CLP|COP|ZAR|NGN|EGP|AED|SAR';
/** What names a currency beside a number. */
export const CURRENCY = `(?:(?:US|[A-Z])?\\p{Sc}|${CODES}|kr\\.?|zł|Kč|Ft|Fr\\.)`;

const GROUPS: Readonly<Record<DecimalSign, string>> = {
  '.': '[1-9]\\d{0,2}(?:,\\d{3})+|[1-9]\\d?(?:,\\d{2})+,\\d{3}',
  ',': '[1-9]\\d{0,2}(?:\\.\\d{3})+',
};

/**
 * The pattern of a number as people write it, in the syntax of both JavaScript and RE2: signs, a currency or a percent
 * sign around, thousands in groups, brackets for negative ones. Its first group are the digits.
 */
export function numberPattern(decimal: DecimalSign): string {
  const sign = decimal === '.' ? '\\.' : ',';
  const other = `[1-9]\\d{0,2}(?:${SPACE}\\d{3})+|[1-9]\\d{0,2}(?:['’]\\d{3})+`;
  const digits = `(?:(?:${GROUPS[decimal]}|${other}|\\d+)(?:${sign}\\d*)?|${sign}\\d+)(?:[eE][-+]?\\d+)?`;
  const before = `(?:[-+\u2212]${SPACE}*(?:${CURRENCY}${SPACE}*)?|${CURRENCY}${SPACE}*[-+\u2212]?)?`;
  const after = `(?:${SPACE}*(?:%|${CURRENCY}))?${MINUS}?`;
  return `^${SPACE}*\\(?${before}(${digits})${after}\\)?${SPACE}*$`;
}

/** What makes a number negative. */
export const NEGATIVE = `^[^0-9]*[(\\-\u2212]|[-\u2212)]${SPACE}*$`;

const patterns: Readonly<Record<DecimalSign, RegExp>> = {
  '.': new RegExp(numberPattern('.'), 'u'),
  ',': new RegExp(numberPattern(','), 'u'),
};
const negative = new RegExp(NEGATIVE, 'u');

/** The number that a text spells, a percentage as a share; undefined where it spells none. */
export function writtenNumber(text: string, decimal: DecimalSign): number | undefined {
  const digits = patterns[decimal].exec(text)?.[1];
  if (digits === undefined) return undefined;
  const kept = decimal === '.' ? /[^0-9.eE+-]/g : /[^0-9,eE+-]/g;
  const size = Number(digits.replace(kept, '').replace(',', '.'));
  const share = text.includes('%') ? size / 100 : size;
  return negative.test(text) ? -share : share;
}

const TIME = '(?:(?:, *| +|T)(\\d{1,2}):(\\d{2})(?::(\\d{2}(?:\\.\\d+)?))?(?: ?([AaPp])\\.?[Mm]\\.?)?)?';
const YEAR = '(\\d{4}|\\d{2})';
const BETWEEN: Readonly<Record<DateOrder, string>> = { dmy: '(?:[-/]|\\. ?)', mdy: '[-/]' };

/** Patterns of dates, as of `numberPattern`: groups are first, second, year, hour, minute, second, a or p. */
export const datePattern = (order: DateOrder): string =>
  `^ *(\\d{1,2})${BETWEEN[order]}(\\d{1,2})${BETWEEN[order]}${YEAR}${TIME} *$`;

/** A day, the English name of a month, a year. */
export const DAY_NAMED_MONTH = `^ *(\\d{1,2})[-/. ]{1,2}([A-Za-z]{3,9})[-/., ]{1,2}${YEAR}${TIME} *$`;
/** The name of a month, a day, a year. */
export const NAMED_MONTH_DAY = `^ *([A-Za-z]{3,9})\\.? (\\d{1,2}),? (\\d{4})${TIME} *$`;

export const MONTHS: readonly string[] = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];

/** Its number by its name, or by its first three letters. */
const monthOf = (name: string): string => {
  const lower = name.toLowerCase();
  const found = MONTHS.findIndex((month) => month === lower || month.slice(0, 3) === lower);
  return String(found + 1 || (lower === 'sept' ? 9 : 0));
};

const dates: Readonly<Record<DateOrder, RegExp>> = {
  dmy: new RegExp(datePattern('dmy')),
  mdy: new RegExp(datePattern('mdy')),
};
const dayNamedMonth = new RegExp(DAY_NAMED_MONTH);
const namedMonthDay = new RegExp(NAMED_MONTH_DAY);

/** Milliseconds since 1970, UTC, of a date in this order, or with the month's name; undefined where the text is none. */
export function writtenTime(text: string, order: DateOrder): number | undefined {
  const numeric = dates[order].exec(text);
  if (numeric) {
    const [, first, second, ...rest] = numeric;
    return order === 'dmy' ? timeOf(first!, second!, rest) : timeOf(second!, first!, rest);
  }
  const [, day, month, ...rest] = dayNamedMonth.exec(text) ?? [];
  if (day !== undefined) return timeOf(day, monthOf(month!), rest);
  const [, name, after, ...others] = namedMonthDay.exec(text) ?? [];
  return name === undefined ? undefined : timeOf(after!, monthOf(name), others);
}

/** Years of two digits are those from 1969 to 2068. */
const fullYear = (year: string): string =>
  year.length === 4 ? year : `${Number(year) < 69 ? '20' : '19'}${year}`;

function timeOf(day: string, month: string, [year, hour, minute, second, half]: readonly string[]) {
  const date = [fullYear(year!), month.padStart(2, '0'), day.padStart(2, '0')].join('-');
  const midnight = Date.parse(`${date}T00:00Z`);
  // JavaScript takes the 31st of February for the 2nd of March
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return undefined;
  if (hour === undefined) return midnight;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  const [minutes, seconds] = [Number(minute), Number(second ?? 0)];
  const fits = hours < 24 && minutes < 60 && seconds < 60 && (half === undefined || Number(hour) <= 12);
  return fits ? midnight + Math.floor((hours * 60 + minutes) * 60_000 + seconds * 1000) : undefined;
}

const DAY = 86_400_000;
/** The number of 1970-01-01 in a spreadsheet. */
export const EXCEL_1970 = 25_569;

/** Milliseconds since 1970 that a number stands for; NaN where it is no date. */
export function countedTime(number: number, unit: DateUnit): number {
  if (unit === 'excel') return Math.round((number - EXCEL_1970) * DAY);
  if (unit === 'seconds') return number * 1000;
  if (unit === 'milliseconds') return number;
  if (unit === 'microseconds') return number / 1000;
  const digits = String(number);
  if (!/^\d{8}$/.test(digits)) return Number.NaN;
  return timeOf(digits.slice(6), digits.slice(4, 6), [digits.slice(0, 4)]) ?? Number.NaN;
}

/** What people write for 0 and for 1, a language a row. */
const WORDS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['no', 'n', 'false', 'f', 'off'],
    ['yes', 'y', 'true', 't', 'on'],
  ],
  [
    ['nein', 'n', 'falsch'],
    ['ja', 'j', 'wahr'],
  ],
  [
    ['non', 'faux'],
    ['oui', 'vrai'],
  ],
  [
    ['no', 'falso'],
    ['si', 'sí', 'sì', 'verdadero', 'vero'],
  ],
  [
    ['não', 'nao', 'falso'],
    ['sim', 'verdadeiro'],
  ],
  [['nee'], ['ja']],
  [['nej'], ['ja']],
  [['нет'], ['да']],
];

const lower = (word: string): string => word.trim().toLowerCase();

/** Every word that may stand for 0 or 1, in lower case. */
export const truthWords: readonly string[] = [...new Set(WORDS.flat(2))];

const always = [
  ['false', '0'],
  ['true', '1'],
] as const;

/** The words that mean what `words` mean, in lower case; undefined where these are no words for 0 and 1. */
export function meaning(words: readonly [string, string]): readonly [string[], string[]] | undefined {
  const [no, yes] = words.map(lower) as [string, string];
  const row = WORDS.find(([low, high]) => low.includes(no) && high.includes(yes));
  return row && [[...new Set([...row[0], ...always[0]])], [...new Set([...row[1], ...always[1]])]];
}

/** Of the texts of a column, which stands for 0 and which for 1; undefined where they are not all such words of one language. */
export function wordsAmong(texts: readonly string[]): readonly [string, string] | undefined {
  for (const [low, high] of WORDS) {
    const zeros = texts.filter((text) => low.includes(lower(text)));
    const ones = texts.filter((text) => high.includes(lower(text)));
    const fits = zeros.length > 0 && ones.length > 0 && zeros.length + ones.length === texts.length;
    if (fits) return [zeros[0]!, ones[0]!];
  }
  return undefined;
}

/** 0 or 1 as a word of this column says; undefined where it is none. */
export function writtenTruth(text: string, words: readonly [string, string]): number | undefined {
  const [low, high] = meaning(words) ?? [[lower(words[0])], [lower(words[1])]];
  const word = lower(text);
  return low.includes(word) ? 0 : high.includes(word) ? 1 : undefined;
}
