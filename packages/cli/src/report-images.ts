import { sheet } from '@semivae/export/node';
import type { ReportData, SampleSection } from '@semivae/report';
import { type Model, SemivaeError } from '@semivae/runtime';
import { type RunInfo, readMetrics } from '@semivae/train/node';
import { testImages } from './commands/evaluate-images.ts';
import type { DataFlags } from './data.ts';
import { bundleSource, type ImageSource, runSource, testImagesFor } from './image-source.ts';
import type { Output } from './output.ts';
import { curvesOf } from './report-curves.ts';
import { headerOf, headerOfRun } from './report-header.ts';

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
async function tested(source: ImageSource, flags: DataFlags, output: Output): Promise<Partial<ReportData>> {
  try {
    const { classes, data: name } = await testImages(source, await testImagesFor(source, flags, output));
    if (!classes) return {};
    const labels = classes.classes.map(({ label }) => label);
    return { classification: { rows: `rows of ${name}`, classes: labels, counts: classes.confusion } };
  } catch (error) {
    if (flags.data !== undefined || !(error instanceof SemivaeError)) throw error;
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
  const source = runSource(folder, info);
  try {
    const judged = await tested(source, flags, output);
    if (info.recipe.objective.kind === 'supervised') return { ...headerOfRun(info), curves, ...judged };
    const model = await source.bundle();
    return { ...headerOf(model.manifest), curves, ...judged, samples: await samplesOf(model) };
  } finally {
    await source.dispose();
  }
}

/** Everything to say of a bundle of images. */
export async function imageBundleReport(model: Model, flags: DataFlags, output: Output): Promise<ReportData> {
  const judged = await tested(bundleSource(model), flags, output);
  return { ...headerOf(model.manifest), ...judged, samples: await samplesOf(model) };
}
