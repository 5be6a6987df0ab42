import type {
  Anomaly,
  CalibrationSection,
  ClassificationSection,
  Fact,
  LatentSection,
  ReportData,
} from '@semivae/report';
import {
  type Calibration,
  type Manifest,
  type Model,
  permutation,
  pValues,
  SemivaeError,
} from '@semivae/runtime';
import { onnxRuntimeEngine, type RunInfo, readMetrics } from '@semivae/train/node';
import { type AnsweredRows, answerRows, openLabelled } from './answered-rows.ts';
import type { TableFlags } from './bundle-table.ts';
import { askHeld, type Held } from './held-rows.ts';
import {
  type AnomalyFlags,
  anomalyKinds,
  checkBothKinds,
  classIndices,
  impliedLabels,
  judgeClasses,
} from './judgement.ts';
import type { Output } from './output.ts';
import { openTopAnomalies } from './report-anomalies.ts';
import { columnsOf } from './report-columns.ts';
import { curvesOf } from './report-curves.ts';
import { headerOf } from './report-header.ts';
import { showCount } from './row-progress.ts';
import { calibrationAt, isTrainingData, recipeOf, shipTable, type TableModel } from './table-model.ts';

/** What `report` may be told about a table. */
export interface ReportTableOptions extends TableFlags, AnomalyFlags {
  readonly data?: string;
  readonly labelColumn?: string;
  readonly fpr?: number;
}

/** Rows that a page is about besides the calibration's. */
interface GivenRows {
  readonly rows: AnsweredRows;
  /** In words. */
  readonly name: string;
  /** Whether the model was trained on them: then they judge nothing. */
  readonly trained: boolean;
  readonly top: readonly Anomaly[];
  /** For each whether it is an anomaly, where a label says so. */
  readonly kinds?: readonly (boolean | null)[];
}

/** Everything to say of a run of a table. */
export async function tableRunReport(
  folder: string,
  info: RunInfo,
  options: ReportTableOptions,
  output: Output,
): Promise<ReportData> {
  const known = await shipTable(folder, options.fpr);
  try {
    const held = await askHeld(folder, info, onnxRuntimeEngine());
    const { anomalies = 0 } = info.data;
    const facts = anomalies > 0 ? [{ name: 'Known anomalies', value: anomalies }] : [];
    const curves = curvesOf(await readMetrics(folder));
    return {
      ...(await tableReport(known, options, output, held)),
      ...withFacts(known, options, facts),
      curves,
    };
  } finally {
    await known.model.dispose();
  }
}

/** Everything to say of a bundle of a table. */
export async function tableBundleReport(
  known: TableModel,
  options: ReportTableOptions,
  output: Output,
): Promise<ReportData> {
  return { ...(await tableReport(known, options, output)), ...withFacts(known, options) };
}

function withFacts(
  { model }: TableModel,
  { fpr }: ReportTableOptions,
  more: readonly Fact[] = [],
): ReportData {
  const { manifest } = model;
  const calibration = calibrationAt(manifest, fpr);
  const { labelled, ...header } = headerOf(manifest, [
    ...more,
    ...(calibration ? [{ name: 'Calibrated on', value: calibration.data }] : []),
  ]);
  const onlyAnomalies = recipeOf(manifest).data.anomalyLabel !== undefined && labelled === 0;
  return { ...header, ...(!onlyAnomalies && labelled !== undefined && { labelled }) };
}

async function tableReport(
  { model, reference }: TableModel,
  options: ReportTableOptions,
  output: Output,
  held?: Held,
): Promise<Omit<ReportData, 'name'>> {
  const { manifest } = model;
  const calibration = calibrationAt(manifest, options.fpr);
  const asked = options.data !== undefined || options.sql !== undefined;
  const given = asked ? await readGiven(model, options, output) : undefined;
  const judging = given?.trained ? undefined : given;
  const shown = given ?? (held && (await trainingTable(model, output)));
  const classification = classesOfGiven(judging, manifest) ?? classesOfHeld(held, manifest);
  const latent = latentOfGiven(given) ?? latentOfHeld(held, manifest);
  const anomalies = anomaliesOf(shown, manifest);
  return {
    scores: scoresOf(calibration, given, manifest),
    ...(calibration && { calibration: calibrationOf(calibration, judging) }),
    ...(classification && { classification }),
    ...(latent && { latent }),
    ...(anomalies && { anomalies }),
    columns: columnsOf(manifest, reference),
  };
}

const MOST = 20_000;

/** The rows that the flags name. Throws `LABEL_UNKNOWN` where a label was named that no row has. */
async function readGiven(model: Model, options: ReportTableOptions, output: Output): Promise<GivenRows> {
  const recipe = recipeOf(model.manifest);
  const { labelColumn, anomaly } = impliedLabels(recipe, options);
  const optional = options.labelColumn === undefined && !named(options);
  const flags = { ...options, optional, ...(labelColumn !== undefined && { labelColumn }) };
  const found = await read(
    model,
    options.data?.split(',') ?? [],
    flags,
    isTrainingData(recipe, options),
    output,
  );
  if (found.trained) output.note(`note: the model was trained on these rows, so they judge nothing`);
  const kinds = anomalyKinds(found.rows.labels, anomaly);
  if (named(options)) checkBothKinds(kinds, found.rows.labels, anomaly, found.name);
  return { ...found, ...(kinds.some((kind) => kind !== null) && { kinds }) };
}

const named = ({ anomalyLabel, normalLabel }: AnomalyFlags): boolean =>
  anomalyLabel !== undefined || normalLabel !== undefined;

/** The table that a run was trained on, for its strangest rows; undefined, and told, where it cannot be read any more. */
async function trainingTable(model: Model, output: Output): Promise<GivenRows | undefined> {
  const { name, sql, labelColumn } = recipeOf(model.manifest).data;
  const flags = {
    optional: true,
    ...(sql !== undefined && { sql }),
    ...(labelColumn !== undefined && { labelColumn }),
  };
  try {
    return await read(model, sql === undefined ? name.split(',') : [], flags, true, output);
  } catch (error) {
    if (!(error instanceof SemivaeError) || error.code === 'INTERRUPTED') throw error;
    output.note(`note: the page shows no anomalies, for want of rows; give some by --data. ${error.message}`);
    return undefined;
  }
}

async function read(
  model: Model,
  files: readonly string[],
  flags: Parameters<typeof openLabelled>[2],
  trained: boolean,
  output: Output,
): Promise<GivenRows> {
  const top = openTopAnomalies(model.manifest, !trained);
  const opened = await openLabelled(model, files, flags, output);
  try {
    const rows = await answerRows(model, opened, { most: MOST, see: top.add });
    const name = trained ? `${rows.name}, which the model was trained on` : rows.name;
    return { rows, name, trained, top: top.list() };
  } finally {
    await opened.table.close();
  }
}

const scoresOf = (
  calibration: Calibration | undefined,
  given: GivenRows | undefined,
  { score }: Manifest,
): ReportData['scores'] & {} => ({
  unit: score.unit,
  ...(calibration && { threshold: calibration.threshold, falseAlarmRate: calibration.fpr }),
  samples: [
    ...(calibration ? [{ rows: 'calibration rows', scores: calibration.scores }] : []),
    ...(given
      ? [
          {
            rows: given.name,
            scores: given.rows.scores,
            ...(!given.trained && given.kinds && { anomalous: given.kinds }),
          },
        ]
      : []),
  ],
});

/** The p-values of ordinary rows that are given, else of half of the calibration rows among the other half. */
function calibrationOf({ scores }: Calibration, given: GivenRows | undefined): CalibrationSection {
  const { kinds, rows, name } = given ?? {};
  const normal = rows?.pValues?.filter((_, row) => kinds?.[row] === false);
  if (normal?.length) return { rows: `normal ${name}`, pValues: normal, calibrationRows: scores.length };
  const order = permutation(scores.length, 0, 0);
  const half = Math.floor(scores.length / 2);
  const pick = (places: Uint32Array) => Float64Array.from(places, (at) => scores[at]!);
  const [judged, others] = [pick(order.subarray(0, half)), pick(order.subarray(half)).sort()];
  return {
    rows: 'calibration rows, drawn at random and set apart',
    pValues: Array.from(pValues(judged, others)),
    calibrationRows: others.length,
  };
}

function classesOfGiven(
  given: GivenRows | undefined,
  { labels }: Manifest,
): ClassificationSection | undefined {
  if (!given?.rows.probabilities) return undefined;
  const { name, rows } = given;
  const classes = classIndices(rows.labels, labels);
  if (!classes.some((label) => label >= 0)) return undefined;
  const { confusion } = judgeClasses({ name, labels: classes, probabilities: rows.probabilities! }, labels);
  return { rows: `${name}, with a known class`, classes: labels, counts: confusion };
}

function classesOfHeld(
  held: Held | undefined,
  { labels: classes }: Manifest,
): ClassificationSection | undefined {
  const { labels = [], probabilities } = held?.calibration ?? {};
  if (!probabilities || !Array.from(labels).some((label) => label >= 0)) return undefined;
  const rows = 'calibration rows with a known class';
  const { confusion } = judgeClasses({ name: rows, labels, probabilities }, classes);
  return { rows, classes, counts: confusion };
}

/** The rows of a matrix. */
const matrix = (values: Float32Array, rows: number): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray((row * values.length) / rows, ((row + 1) * values.length) / rows)),
  );

function latentOfGiven(given: GivenRows | undefined): LatentSection | undefined {
  if (!given) return undefined;
  const { name, kinds, rows } = given;
  const isLabelled = rows.labels.some(Boolean);
  return {
    rows: name,
    means: matrix(rows.mean, rows.at.length),
    ...(isLabelled && { labels: rows.labels.map((label) => label || null) }),
    ...(kinds && { anomalous: kinds }),
  };
}

function latentOfHeld(held: Held | undefined, { labels: classes }: Manifest): LatentSection | undefined {
  if (!held) return undefined;
  const { calibration, anomalies } = held;
  const known = [...calibration.labels, ...anomalies.labels].map((label) => classes[label] ?? null);
  const strange = [calibration, anomalies].flatMap(({ rows }, of) =>
    Array<boolean | null>(rows).fill(of === 1 || null),
  );
  return {
    rows: anomalies.rows > 0 ? 'calibration rows and known anomalies' : 'calibration rows',
    means: [calibration, anomalies].flatMap(({ mean, rows }) => matrix(mean, rows)),
    ...(known.some(Boolean) && { labels: known }),
    ...(anomalies.rows > 0 && { anomalous: strange }),
  };
}

function anomaliesOf(shown: GivenRows | undefined, { score }: Manifest): ReportData['anomalies'] {
  if (!shown) return undefined;
  const { rows, name, top } = shown;
  return { rows: `${showCount(rows.at.length)} ${name}`, unit: score.unit, list: top };
}
