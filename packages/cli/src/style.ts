import { styleText } from 'node:util';

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
