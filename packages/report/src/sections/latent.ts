import { dot, text } from '@observablehq/plot';
import { principalComponents } from '@semivae/statistics';
import { COLOURS, chart, type Key, picture, SERIES, thinned } from '../chart.ts';
import { checkLength } from '../check-length.ts';
import { count, percent, shortened } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { LatentSection } from '../report.ts';

const POINTS = 2000;
const LONGEST_NAME = 18;

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly label: string | null;
  readonly anomalous: boolean;
}

interface Group extends Key {
  readonly label: string | null;
}

/** Labels by number of rows, the first ten with a colour each. */
function groups(placed: readonly Placed[]): readonly Group[] {
  const sizes = new Map<string, number>();
  for (const { label } of placed) if (label !== null) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const kept = [...sizes.keys()].sort((a, b) => sizes.get(b)! - sizes.get(a)!).slice(0, SERIES.length);
  const inOrder = kept.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return inOrder.map((label, i) => ({ label, name: shortened(label, LONGEST_NAME), colour: SERIES[i]! }));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The part of the picture's width or height that a name keeps free around itself. */
const APART = 0.05;

const width = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), -Infinity) -
  values.reduce((least, value) => Math.min(least, value), Infinity);

/** Names at the middle of their points, so that colour is not all there is to tell them by; none over another. */
const names = (placed: readonly Placed[], shown: readonly Group[]) => {
  const reach = { x: APART * width(placed.map(({ x }) => x)), y: APART * width(placed.map(({ y }) => y)) };
  const all = shown.map(({ label, name }) => {
    const members = placed.filter((point) => point.label === label);
    return { name, x: mean(members.map(({ x }) => x)), y: mean(members.map(({ y }) => y)) };
  });
  const middles = all.filter(
    (one, i) =>
      !all
        .slice(0, i)
        .some((other) => Math.abs(one.x - other.x) < reach.x && Math.abs(one.y - other.y) < reach.y),
  );
  return text(middles, {
    x: 'x',
    y: 'y',
    text: 'name',
    fill: COLOURS.ink,
    stroke: COLOURS.paper,
    strokeWidth: 4,
    fontWeight: 600,
    fontSize: 13,
  });
};

const hover = ({ label, anomalous }: Placed): string =>
  [label ?? (anomalous ? '' : 'row'), anomalous ? 'anomalous' : ''].filter(Boolean).join(', ');

function map(placed: readonly Placed[], explained: readonly number[], shown: readonly Group[]): Markup {
  const colours = new Map(shown.map(({ label, colour }) => [label, colour]));
  const plain = placed.some((point) => point.label !== null) ? COLOURS.grey : COLOURS.blue;
  const [usual, strange] = [placed.filter((p) => !p.anomalous), placed.filter((p) => p.anomalous)];
  const axis = (i: number) => ({
    label: `component ${i + 1}, ${percent(explained[i]!)} of the variance`,
    labelArrow: 'none' as const,
    ticks: 5,
  });
  return chart('Latent means of rows, in two dimensions', {
    width: 640,
    height: 460,
    x: { ...axis(0), labelAnchor: 'center' },
    y: { ...axis(1), grid: true },
    marks: [
      dot(usual, {
        x: 'x',
        y: 'y',
        r: 2.4,
        fill: (p: Placed) => colours.get(p.label) ?? plain,
        fillOpacity: 0.55,
        title: hover,
      }),
      dot(strange, {
        x: 'x',
        y: 'y',
        r: 4,
        symbol: 'triangle',
        fill: (p: Placed) => (shown.length ? (colours.get(p.label) ?? plain) : COLOURS.orange),
        stroke: COLOURS.ink,
        strokeWidth: 0.8,
        title: hover,
      }),
      ...(shown.length > 1 ? [names(placed, shown)] : []),
    ],
    color: { type: 'identity' },
  });
}

function keys(placed: readonly Placed[], shown: readonly Group[], hasLabels: boolean): readonly Key[] {
  const rest = hasLabels && placed.some((p) => !shown.some(({ label }) => label === p.label));
  const strange = placed.some((point) => point.anomalous);
  const plain = strange
    ? [
        { name: 'normal or unknown', colour: COLOURS.blue },
        { name: 'anomalous (triangle)', colour: COLOURS.orange },
      ]
    : [];
  return hasLabels
    ? [...shown, ...(rest ? [{ name: 'other or unknown', colour: COLOURS.grey }] : [])]
    : plain;
}

/** Where the encoder puts rows, in the two directions of largest variance; absent under two rows or dimensions. Throws SemivaeError. */
export function latentSection(latent: LatentSection | undefined): Markup | undefined {
  const means = latent?.means ?? [];
  if (!latent || means.length < 2 || means[0]!.length < 2) return undefined;
  checkLength('latent.labels', latent.labels, means);
  checkLength('latent.anomalous', latent.anomalous, means);
  const { points, explained } = principalComponents(means, 2);
  const placed = points.map(([x, y], row) => ({
    x: x!,
    y: y!,
    label: latent.labels?.[row] ?? null,
    anomalous: latent.anomalous?.[row] ?? false,
  }));
  const [drawn, shown] = [thinned(placed, POINTS), groups(placed)];
  const hasLabels = shown.length > 0;
  const some = drawn.length < placed.length ? `, ${count(drawn.length)} of them drawn` : '';
  const marked = hasLabels && drawn.some((point) => point.anomalous) ? ' Triangles are anomalies.' : '';
  const kept = percent(explained.reduce((sum, share) => sum + share, 0));
  return section(
    'Latent space',
    `Means of q(z|x) for ${count(placed.length)} ${latent.rows}${some}, seen along the two directions of largest ` +
      `variance, which hold ${kept} of it (${means[0]!.length} dimensions in all).${marked}`,
    html`<div class="wide">${picture(undefined, map(drawn, explained, shown), { keys: keys(drawn, shown, hasLabels) })}</div>`,
  );
}
