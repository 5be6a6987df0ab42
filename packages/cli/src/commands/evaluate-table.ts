import { type Manifest, type Model, tableInput } from '@semivae/runtime';
import { onnxRuntimeEngine, type RunInfo } from '@semivae/train/node';
import { type AnsweredRows, answerRows, openLabelled } from '../answered-rows.ts';
import type { TableFlags } from '../bundle-table.ts';
import { type Evaluation, showEvaluation } from '../evaluation.ts';
import { CommandFailure } from '../failure.ts';
import { askHeld } from '../held-rows.ts';
import {
  type AnomalyFlags,
  anomalyKinds,
  type ClassifiedRows,
  checkBothKinds,
  classIndices,
  type Detection,
  impliedLabels,
  judgeClasses,
  judgeDetection,
  labelsSeen,
  type Ranking,
  rankClass,
} from '../judgement.ts';
import type { Output } from '../output.ts';
import { showPercent } from '../table.ts';
import { calibrationAt, isTrainingData, loadTable, recipeOf, shipTable } from '../table-model.ts';

/** What `evaluate` may be told about a table. */
export interface EvaluateTableOptions extends TableFlags, AnomalyFlags {
  readonly data?: string;
  readonly labelColumn?: string;
  readonly positive?: string;
  readonly fpr?: number;
}

/** What came of holding a model's answers against labels. */
interface Judged {
  /** The rows in words. */
  readonly data: string;
  readonly classes?: Evaluation;
  readonly ranking?: Ranking;
  readonly detection?: Detection;
}

/**
 * Tells how a run of a table answers labelled rows, by default the calibration rows that have a label, or, where it knows
 * anomalies and no classes, its own data.
 */
export async function evaluateTableRun(
  path: string,
  info: RunInfo,
  options: EvaluateTableOptions,
  output: Output,
): Promise<void> {
  const given = options.data !== undefined || options.sql !== undefined;
  const own = given ? undefined : ownAnomalies(info);
  if (!given && !own) return report(await judgeHeld(path, info, options), output);
  const { model } = await shipTable(path, options.fpr);
  await evaluateModel(model, { ...options, ...own }, output);
}

/** The rows that a run with known anomalies alone was trained on: no calibration row of it has a label. */
function ownAnomalies({
  recipe: { data: asked },
  data,
}: RunInfo): Pick<EvaluateTableOptions, 'data' | 'sql'> | undefined {
  if (asked.anomalyLabel === undefined || data.classes.length > 0) return undefined;
  return asked.sql === undefined ? { data: asked.name } : { sql: asked.sql };
}

/** Tells how a bundle of a table answers labelled rows. */
export async function evaluateTableBundle(
  path: string,
  options: EvaluateTableOptions,
  output: Output,
): Promise<void> {
  const { model } = await loadTable(path);
  await evaluateModel(model, options, output);
}

async function evaluateModel(model: Model, options: EvaluateTableOptions, output: Output): Promise<void> {
  try {
    report(await judgeGiven(model, options, output), output);
  } finally {
    await model.dispose();
  }
}

async function judgeHeld(path: string, info: RunInfo, options: EvaluateTableOptions): Promise<Judged> {
  checkForHeld(path, info, options);
  const { calibration } = await askHeld(path, info, onnxRuntimeEngine());
  const all = `calibration rows of ${info.data.name}`;
  if (!calibration.labels.some((label) => label >= 0))
    throw needsData(path, `none of the ${all} has a label`);
  const name = `${all} that have a label`;
  const rows = { name, labels: calibration.labels, probabilities: calibration.probabilities! };
  return judgedClasses(rows, info.data.classes, options.positive, path);
}

function checkForHeld(path: string, { recipe }: RunInfo, options: EvaluateTableOptions): void {
  const { labelColumn, anomalyLabel, normalLabel } = options;
  const flag = labelColumn ?? anomalyLabel ?? normalLabel;
  if (flag !== undefined) throw needsData(path, 'a label was named, but no rows that have it');
  if (recipe.model.kind === 'm1')
    throw needsData(path, 'the model has no classes, and there are no labelled rows');
}

function needsData(place: string, problem: string): CommandFailure {
  const remedy =
    'Give labelled rows: --data labelled.csv --label-column <name>, for anomalies with --anomaly-label.';
  return new CommandFailure('DATA_NEEDED', place, problem, remedy);
}

/** The class whose ranking is told: the one asked for, else the second of two. Throws `LABEL_UNKNOWN`. */
function positiveOf(
  classes: readonly string[],
  asked: string | undefined,
  place: string,
): string | undefined {
  if (asked === undefined) return classes.length === 2 ? classes[1] : undefined;
  if (classes.includes(asked)) return asked;
  const remedy = `Its classes are ${classes.join(', ')}.`;
  throw new CommandFailure('LABEL_UNKNOWN', place, `there is no class '${asked}'`, remedy);
}

function judgedClasses(
  rows: ClassifiedRows,
  classes: readonly string[],
  asked: string | undefined,
  place: string,
): Judged {
  const positive = positiveOf(classes, asked, place);
  const ranking = positive === undefined ? undefined : rankClass(rows, classes, positive);
  return { data: rows.name, classes: judgeClasses(rows, classes), ...(ranking && { ranking }) };
}

async function judgeGiven(model: Model, options: EvaluateTableOptions, output: Output): Promise<Judged> {
  const { manifest } = model;
  tableInput(manifest);
  const { data, sql, fpr } = options;
  const { labelColumn, anomaly } = impliedLabels(recipeOf(manifest), options);
  const judgesAnomalies = Object.keys(anomaly).length > 0;
  if (data === undefined && sql === undefined)
    throw needsData(manifest.name, 'a bundle keeps no labelled rows');
  if (labelColumn === undefined) throw needsData(manifest.name, 'no column of labels was named');
  if (!judgesAnomalies && manifest.labels.length === 0)
    throw needsData(manifest.name, 'the model has no classes, and no label was said to mean an anomaly');
  const calibration = calibrationAt(manifest, fpr);
  if (isTrainingData(recipeOf(manifest), options))
    output.note('note: the model was trained on these rows: it knows them better than new ones');
  const opened = await openLabelled(model, data?.split(',') ?? [], { ...options, labelColumn }, output);
  try {
    const rows = await answerRows(model, opened);
    const place = `${opened.table.place}, column ${labelColumn}`;
    const classes = judgeAnswered(rows, manifest, options.positive, judgesAnomalies, place);
    if (!judgesAnomalies) return classes!;
    const kinds = anomalyKinds(rows.labels, anomaly);
    checkBothKinds(kinds, rows.labels, anomaly, place);
    return { data: rows.name, ...classes, detection: judgeDetection(rows.scores, kinds, calibration) };
  } finally {
    await opened.table.close();
  }
}

/** Classes where the model has some; undefined where no row is of any of them and that is `optional`. Throws `LABEL_UNKNOWN`. */
function judgeAnswered(
  { name, labels, probabilities }: AnsweredRows,
  { labels: classes }: Manifest,
  positive: string | undefined,
  optional: boolean,
  place: string,
): Judged | undefined {
  if (!probabilities) return undefined;
  const known = classIndices(labels, classes);
  if (known.some((label) => label >= 0))
    return judgedClasses({ name, labels: known, probabilities }, classes, positive, place);
  if (optional) return undefined;
  const problem = `no row has a label that the model knows (${classes.join(', ')})`;
  throw new CommandFailure('LABEL_UNKNOWN', place, problem, labelsSeen(labels));
}

const figure = (value: number): string => value.toFixed(4);
const share = (value: number): string => showPercent(100 * value);

function detectionLines({ anomalies, normal, auroc, averagePrecision, atThreshold }: Detection): string[] {
  const head = `anomalies: AUROC ${figure(auroc)}, average precision ${figure(averagePrecision)}, over ${anomalies} anomalies and ${normal} ordinary rows`;
  if (!atThreshold) return [head];
  const { fpr, threshold, falsePositiveRate, recall, precision } = atThreshold;
  const kept = `at the threshold ${Number(threshold.toPrecision(6))}, meant for ${share(fpr)} of false alarms:`;
  const precise = precision === undefined ? '' : `, precision ${share(precision)}`;
  return [head, `${kept} false alarms ${share(falsePositiveRate)}, recall ${share(recall)}${precise}`];
}

function report({ data, classes, ranking, detection }: Judged, output: Output): void {
  if (classes) {
    output.say(showEvaluation(classes));
    output.say();
    output.say(`error ${showPercent(classes.error)} on ${classes.n} rows with a known class, of the ${data}`);
  } else output.say(`on the ${data}`);
  if (ranking)
    output.say(
      `class ${ranking.positive}: AUROC ${figure(ranking.auroc)}, average precision ${figure(ranking.averagePrecision)}`,
    );
  for (const line of detection ? detectionLines(detection) : []) output.say(line);
  output.answer({ ...classes, data, ...(ranking && { ranking }), ...(detection && { detection }) });
}
