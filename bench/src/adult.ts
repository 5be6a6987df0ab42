import { readAdult } from './adult/data.ts';
import { type FewLabels, fewLabels } from './adult/few-labels.ts';
import { type ColumnErrors, imputation } from './adult/imputation.ts';
import { type Machine, machine, versionsOf } from './machine.ts';

export interface AdultOptions {
  readonly dataDir: string;
  readonly seeds?: readonly number[];
  readonly progress?: (text: string) => void;
}

/** What `bench adult` prints; means over seeds. */
export interface AdultReport {
  /** Areas under the receiver operating characteristic of the class, 1 % of the training rows labelled. */
  readonly fewLabels: FewLabels & { readonly gain: number };
  /** By how much filling errs less than the mean and the most frequent text do, in shares of 1, over columns. */
  readonly imputation: {
    readonly numbersGain: number;
    readonly textsGain: number;
    readonly columns: readonly ColumnErrors[];
  };
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;
const round = (value: number): number => Number(value.toFixed(4));

/** How much less the errors of some columns are, by their means. */
function gainOf(columns: readonly ColumnErrors[], kind: ColumnErrors['kind']): number {
  const own = columns.filter((each) => each.kind === kind);
  return 1 - mean(own.map(({ error }) => error)) / mean(own.map(({ plain }) => plain));
}

const overSeeds = (runs: readonly (readonly ColumnErrors[])[]): ColumnErrors[] =>
  runs[0]!.map((first, i) => ({
    ...first,
    error: round(mean(runs.map((run) => run[i]!.error))),
    plain: round(mean(runs.map((run) => run[i]!.plain))),
  }));

/** Adult (Kohavi 1996): the class from few labels, and holes filled, by the default recipe for tables. */
export async function benchAdult({
  dataDir,
  seeds = [1, 2, 3],
  progress,
}: AdultOptions): Promise<AdultReport> {
  const start = performance.now();
  const { train, test } = await readAdult(dataDir);
  const classes: FewLabels[] = [];
  const holes: ColumnErrors[][] = [];
  for (const seed of seeds) {
    const found = await fewLabels(train, test, seed);
    progress?.(
      `seed ${seed}: AUROC ${found.m2.toFixed(4)}, logistic regression ${found.logistic.toFixed(4)}`,
    );
    classes.push(found);
    const errors = await imputation(train, test, seed);
    const [numbers, texts] = [gainOf(errors, 'number'), gainOf(errors, 'text')];
    progress?.(
      `seed ${seed}: filled numbers err ${(100 * numbers).toFixed(1)} % less, texts ${(100 * texts).toFixed(1)} %`,
    );
    holes.push(errors);
  }
  const [m2, logistic] = [mean(classes.map((each) => each.m2)), mean(classes.map((each) => each.logistic))];
  return {
    fewLabels: {
      m2: round(m2),
      logistic: round(logistic),
      gain: round(m2 - logistic),
      labels: classes[0]!.labels,
    },
    imputation: {
      numbersGain: round(mean(holes.map((each) => gainOf(each, 'number')))),
      textsGain: round(mean(holes.map((each) => gainOf(each, 'text')))),
      columns: overSeeds(holes),
    },
    seeds,
    minutes: round((performance.now() - start) / 60_000),
    machine: machine(),
    versions: versionsOf('onnxruntime-node'),
  };
}
