import { type PlotOptions, plot } from '@observablehq/plot';
import { visibleText } from '@semivae/runtime/core';
import { parseHTML } from 'linkedom';
import { figure } from './format.ts';
import { html, type Markup, trusted } from './html.ts';

/** The page's colours, apart for all eyes; their values for light and dark are in `style.ts`. */
export const COLOURS = {
  blue: 'var(--blue)',
  orange: 'var(--orange)',
  grey: 'var(--grey)',
  faint: 'var(--faint)',
  ink: 'var(--ink)',
  paper: 'var(--paper)',
} as const;

/** Ten colours for groups that have no order. */
export const SERIES: readonly string[] = Array.from({ length: 10 }, (_, i) => `var(--series-${i})`);

/** Points a line keeps: finer is not seen at this size. */
const DRAWN = 400;

/** `points` thinned evenly to what can be seen, both ends kept. */
export function thinned<T>(points: readonly T[], most = DRAWN): readonly T[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)]!);
}

const PLACES = ['d', 'transform', 'x', 'y', 'cx', 'cy', 'x1', 'x2', 'y1', 'y2'];

/** Rounds every place to a hundredth of a pixel, which halves the page. */
function shorten(svg: Element): void {
  for (const element of svg.querySelectorAll('*')) {
    for (const name of PLACES) {
      const place = element.getAttribute(name);
      const short = place?.replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
      if (short !== undefined && short !== place) element.setAttribute(name, short);
    }
  }
}

/** A static SVG picture; `label` says to those who cannot see it what it shows. */
export function chart(label: string, options: PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = plot({
    document,
    width: 440,
    height: 270,
    marginLeft: 48,
    marginRight: 20,
    marginTop: 24,
    marginBottom: 40,
    style: { fontSize: '11.5px', fontFamily: 'inherit' },
    ...options,
    x: { tickSize: 4, tickFormat: figure, ...options.x },
    y: { tickSize: 0, tickFormat: figure, ...options.y },
  });
  shorten(svg);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return trusted(visibleText(svg.outerHTML));
}

/** What a colour of a picture stands for. */
export interface Key {
  readonly colour: string;
  readonly name: string;
  /** A figure that belongs to it. */
  readonly value?: string;
}

const keyItem = ({ colour, name, value }: Key): Markup =>
  html`<li><i style="background:${colour}"></i>${name}${value !== undefined && html` <b>${value}</b>`}</li>`;

/** What the colours of one or more pictures stand for. */
export const keyList = (keys: readonly Key[]): Markup => html`<ul class="keys">${keys.map(keyItem)}</ul>`;

/** A picture with its title, keys to its colours, and what should be known about it. */
export const picture = (
  title: string | undefined,
  drawing: Markup,
  { keys = [], note }: { readonly keys?: readonly Key[]; readonly note?: string } = {},
): Markup => html`<figure>
${title !== undefined && html`<h3>${title}</h3>`}
${keys.length > 0 && keyList(keys)}
${drawing}
${note !== undefined && html`<figcaption>${note}</figcaption>`}
</figure>`;
