import { sheet } from '@semivae/export/node';
import type { ReportData, SampleSection } from '@semivae/report';
import { load, type Model, memoryFiles, SemivaeError } from '@semivae/runtime';
import { onnxRuntimeEngine, type RunInfo, readMetrics } from '@semivae/train/node';
import { type TestedImages, testBundle, testRun } from './commands/evaluate-images.ts';
import type { DataFlags } from './data.ts';
import type { Output } from './output.ts';
import { curvesOf } from './report-curves.ts';
import { headerOf, headerOfRun } from './report-header.ts';
import { shipped } from './source.ts';

const IN_A_ROW = 10;

/** Images drawn from the prior: a row for each class, or a square where there are none. */
async function samplesOf(model: Model): Promise<SampleSection> {
  const { labels } = model.manifest;
  const images = labels.length
    ? await Promise.all(labels.map((label, seed) => model.generate({ label, count: IN_A_ROW, seed })))
    : [await model.generate({ count: IN_A_ROW ** 2, seed: 0 })];
  const picture = Buffer.from(sheet(images.flat(), { columns: IN_A_ROW })).toString('base64');
  const caption = labels.length
    ? `${IN_A_ROW} drawings of each class, from the prior: ${labels.join(', ')}.`
    : `${IN_A_ROW ** 2} drawings from the prior.`;
  return { image: `data:image/png;base64,${picture}`, caption };
}

/** What came of the test; undefined, and told, where its data cannot be had and was not asked for. */
async function tested(
  test: () => Promise<TestedImages>,
  { data }: DataFlags,
  output: Output,
): Promise<Partial<ReportData>> {
  try {
    const { classes, data: name } = await test();
    if (!classes) return {};
    const labels = classes.classes.map(({ label }) => label);
    return { classification: { rows: `rows of ${name}`, classes: labels, counts: classes.confusion } };
  } catch (error) {
    if (data !== undefined || !(error instanceof SemivaeError)) throw error;
    output.note(`note: the page has no confusion matrix. ${error.message}`);
    return {};
  }
}

/** Everything to say of a run of images. */
export async function imageRunReport(
  folder: string,
  info: RunInfo,
  flags: DataFlags,
  output: Output,
): Promise<ReportData> {
  const curves = curvesOf(await readMetrics(folder));
  const judged = await tested(() => testRun(folder, info, flags, output), flags, output);
  if (info.recipe.objective.kind === 'supervised') return { ...headerOfRun(info), curves, ...judged };
  const model = await load(memoryFiles(await shipped(folder, {}, onnxRuntimeEngine())));
  try {
    return { ...headerOf(model.manifest), curves, ...judged, samples: await samplesOf(model) };
  } finally {
    await model.dispose();
  }
}

/** Everything to say of a bundle of images. */
export async function imageBundleReport(model: Model, flags: DataFlags, output: Output): Promise<ReportData> {
  const judged = await tested(() => testBundle(model, flags, output), flags, output);
  return { ...headerOf(model.manifest), ...judged, samples: await samplesOf(model) };
}
