import { styleText } from 'node:util';
import { visibleText } from '@semivae/runtime/core';

type Format = Parameters<typeof styleText>[0];

/** Words in colour where they go to a terminal that has it; elsewhere the words alone. */
export type Style = (format: Format, text: string) => string;

interface Stream {
  readonly isTTY?: boolean;
}

/** Colour for a stream: on terminals only, and never with NO_COLOR (no-color.org) or TERM=dumb. */
export function styleFor({ isTTY }: Stream, env: NodeJS.ProcessEnv = process.env): Style {
  const coloured = isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  // the stream is judged above; Node's own judgement looks at stdout whatever the stream is
  return coloured ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;
}

/** The signs of the colours that `Style` writes, and of their ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
const COLOURS = /(\u001b\[(?:2|22|3[1-9])m)/;

/** `text` for `stream`: what a terminal would obey is made visible, but for colours of ours where it has any. */
export function harmless(text: string, stream: Stream): string {
  if (styleFor(stream)('red', '') === '') return visibleText(text);
  const parts = text.split(COLOURS);
  return parts.map((part, i) => (i % 2 === 0 ? visibleText(part) : part)).join('');
}
