import { type Image, load, type Row, type SemivaeError, toImageData } from '@semivae/runtime';
import { type Answers, answersOf, generated, type TableAnswers, tableAnswersOf } from './answers.ts';
import { type Overlapping, overlapping } from './overlapping.ts';

/** How the page was kept. */
interface Kept {
  readonly host: string;
  readonly violations: string[];
  readonly evalAllowed: boolean;
  /** WebAssembly has threads only where pages cannot reach each other. */
  readonly threads: boolean;
}

/** What the page has to say: everything is asked and answered in its own script, under its policy. */
export interface PageReport extends Kept {
  readonly answers: Answers;
  readonly drawn: number[];
  readonly onCanvas: number[];
}

/** The same of a bundle of a table. */
export interface TablePageReport extends Kept {
  readonly answers: TableAnswers;
}

export interface PageError {
  readonly code: string;
  readonly message: string;
}

declare global {
  interface Window {
    report: Promise<PageReport | TablePageReport | Overlapping | PageError>;
  }
}

const violations: string[] = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));

/** Side by side on the page's canvas; the pixels that were put there, and those read back. */
function draw(images: readonly Image[]): Pick<PageReport, 'drawn' | 'onCanvas'> {
  const canvas = document.querySelector('canvas')!;
  const { width, height } = images[0]!;
  Object.assign(canvas, { width: width * images.length, height });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const pixels = images.map((image) => toImageData(image) as ImageData);
  pixels.forEach((each, i) => context.putImageData(each, i * width, 0));
  const readBack = images.map((_, i) => context.getImageData(i * width, 0, width, height));
  const bytes = (all: readonly ImageData[]) => all.flatMap(({ data }) => Array.from(data));
  return { drawn: bytes(pixels), onCanvas: bytes(readBack) };
}

function evalAllowed(): boolean {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}

const kept = (): Kept => ({
  host: navigator.userAgent,
  violations: [...violations],
  evalAllowed: evalAllowed(),
  threads: crossOriginIsolated,
});

async function report(folder: string): Promise<PageReport> {
  const digits = new Uint8Array(await (await fetch('digits')).arrayBuffer());
  const model = await load(folder);
  const answers = await answersOf(model, digits);
  const pictures = draw(await generated(model));
  await model.dispose();
  return { answers, ...pictures, ...kept() };
}

async function tableReport(folder: string): Promise<TablePageReport> {
  const rows = (await (await fetch('rows.json')).json()) as Row[];
  const model = await load(folder);
  const answers = await tableAnswersOf(model, rows);
  await model.dispose();
  return { answers, ...kept() };
}

const asked = new URLSearchParams(location.search);

/** Calls that overlap, on all bundles that are asked for. */
async function overlappingReport(calls: number): Promise<Overlapping> {
  const rows = (await (await fetch('rows.json')).json()) as Row[];
  return overlapping(asked.getAll('bundle'), { calls, atOnce: 24, rows });
}

function reported(): Promise<PageReport | TablePageReport | Overlapping> {
  if (asked.has('overlapping')) return overlappingReport(Number(asked.get('overlapping')));
  return asked.has('table') ? tableReport(asked.get('table')!) : report(asked.get('bundle')!);
}

window.report = reported().catch(({ code, message }: SemivaeError) => ({ code, message }));
