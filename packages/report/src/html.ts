import { visibleText } from '@semivae/runtime/core';

const MARKUP = Symbol('markup');

/** Text that is HTML already; only `html` and `trusted` make it, never data. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** What may stand in a template: text is escaped, lists are joined, nothing stands for what is absent. */
export type Content = string | number | Markup | undefined | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** `markup` as it is. */
export const trusted = (markup: string): Markup => ({ [MARKUP]: markup });

const isMarkup = (content: object): content is Markup => MARKUP in content;

/** `content` as HTML text. */
export function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (Array.isArray(content)) return content.map(render).join('');
  if (typeof content === 'object' && isMarkup(content)) return content[MARKUP];
  return escaped(String(content));
}

/** HTML whose `${…}` are escaped, in text and in quoted attributes. */
export const html = (strings: TemplateStringsArray, ...contents: readonly Content[]): Markup =>
  trusted(strings.reduce((text, string, i) => text + render(contents[i - 1]) + string));
