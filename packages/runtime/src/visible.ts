/** What a terminal takes for a command, ends a line, or turns the order of what follows (Unicode's bidirectional marks). */
const SIGNS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (sign: string): string =>
  NAMED[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text from data as part of a line that is shown: whatever a terminal would obey is written as an escape, `\u001b`. */
export const visibleLine = (text: string): string => text.replace(SIGNS, escaped);

/** The same of several lines, whose ends and tabs stay. */
export const visibleText = (text: string): string =>
  text.replace(SIGNS, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)));
