import { writeAtomically } from '@semivae/data/node';
import { type ReportData, reportPage } from '@semivae/report';
import { readRun } from '@semivae/train/node';
import type { SharedOptions } from '../arguments.ts';
import type { DataFlags } from '../data.ts';
import { checkNotInput } from '../inputs.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { imageBundleReport, imageRunReport } from '../report-images.ts';
import { type ReportTableOptions, tableBundleReport, tableRunReport } from '../report-table.ts';
import { kindOf, loadBundle } from '../source.ts';
import { loadTable } from '../table-model.ts';

/** What `report` may be told. */
export interface ReportOptions extends SharedOptions, DataFlags, ReportTableOptions {
  readonly out: string;
}

/** Writes the page about a run or a bundle. Throws as its reading does, and `WRITE`. */
export async function report(path: string, options: ReportOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { out, data: read, dataDir, sql } = options;
  await checkNotInput(out, { files: [path, read, dataDir], sql });
  const isRun = !/^https?:/.test(path) && (await kindOf(path)) === 'run';
  const data = await (isRun ? runData : bundleData)(path, options, output);
  await checkInterruption(options.out);
  await writeAtomically(options.out, reportPage(data));
  const sections = Object.keys(data).filter((key) => SECTIONS.includes(key));
  output.say(`page in ${options.out}: ${sections.join(', ')}`);
  output.answer({ page: options.out, sections });
}

const SECTIONS: readonly string[] = [
  'anomalies',
  'scores',
  'calibration',
  'classification',
  'latent',
  'samples',
  'curves',
  'columns',
] satisfies (keyof ReportData)[];

async function runData(folder: string, options: ReportOptions, output: Output): Promise<ReportData> {
  const info = await readRun(folder);
  const isTable = info.data.columns.kind === 'table';
  return (isTable ? tableRunReport : imageRunReport)(folder, info, options, output);
}

async function bundleData(path: string, options: ReportOptions, output: Output): Promise<ReportData> {
  const model = await loadBundle(path);
  try {
    if (model.manifest.input.kind === 'image') return await imageBundleReport(model, options, output);
    return await tableBundleReport(await loadTable(path), options, output);
  } finally {
    await model.dispose();
  }
}
