import type { DataFlags } from './data.ts';
import { CommandFailure } from './failure.ts';
import type { ImageSource, ThreadFlags } from './image-source.ts';

/** What `evaluate` may be told about images. */
export interface EvaluateImagesOptions extends DataFlags, ThreadFlags {
  /** Draws that class probabilities are averaged over. */
  readonly draws?: number;
  /** Importance samples of each row. */
  readonly likelihood?: number;
  /** Rows that the likelihood is told of, the first ones; all unless told. */
  readonly rows?: number;
  /** A run or a bundle that judges samples. */
  readonly judge?: string;
  readonly trainOnSamples?: boolean;
  /** Samples of each class; 1000 unless told. */
  readonly samples?: number;
  /** A folder for pictures. */
  readonly sheets?: string;
}

/** The options that say something of images alone, as they are typed. */
const FLAGS = {
  draws: '--draws',
  likelihood: '--likelihood',
  rows: '--rows',
  judge: '--judge',
  trainOnSamples: '--train-on-samples',
  samples: '--samples',
  sheets: '--sheets',
} as const satisfies Partial<Record<keyof EvaluateImagesOptions, string>>;

type Option = keyof typeof FLAGS;

/** Options that cannot stand without another one. */
const LEANING: readonly (readonly [Option, readonly Option[]])[] = [
  ['rows', ['likelihood']],
  ['samples', ['judge', 'trainOnSamples']],
];

/** What is asked of a model by an option. */
const NEEDS = {
  run: ['draws', 'likelihood'],
  generative: ['likelihood', 'judge', 'trainOnSamples', 'sheets'],
  classes: ['draws', 'judge', 'trainOnSamples'],
} as const satisfies Record<string, readonly Option[]>;

type Asked = Readonly<Partial<Record<Option, unknown>>>;

const firstOf = (options: Asked, among: readonly Option[]): string | undefined => {
  const found = among.find((each) => options[each] !== undefined);
  return found && FLAGS[found];
};

/** Throws `OPTION_ALONE` where an option stands without the one that it belongs to. */
function checkTogether(options: Asked): void {
  for (const [option, others] of LEANING) {
    if (options[option] === undefined || firstOf(options, others)) continue;
    const flags = others.map((each) => FLAGS[each]).join(' or ');
    throw new CommandFailure('OPTION_ALONE', FLAGS[option], `it says something of ${flags}`, `Add ${flags}.`);
  }
}

/**
 * Throws, before anything long is begun, `OPTION_ALONE`, `RUN_NEEDED` of a bundle, `NOT_GENERATIVE` of a baseline, or
 * `MODEL_NO_CLASSES`, where a model cannot tell what it is asked.
 */
export function checkAsked({ place, run, classify }: ImageSource, options: EvaluateImagesOptions): void {
  checkTogether(options);
  const refuse = (code: string, flag: string, why: string, remedy: string) => {
    throw new CommandFailure(code, place, `${flag} cannot be had: ${why}`, remedy);
  };
  const [ofRun, generative, classes] = [NEEDS.run, NEEDS.generative, NEEDS.classes].map((each) =>
    firstOf(options, each),
  );
  if (ofRun && !run)
    refuse('RUN_NEEDED', ofRun, 'a bundle has answers, but no densities', 'Name the run it was made of.');
  if (generative && run?.info.recipe.objective.kind === 'supervised')
    refuse('NOT_GENERATIVE', generative, 'a supervised baseline has a classifier alone', 'Name another run.');
  if (classes && !classify)
    refuse('MODEL_NO_CLASSES', classes, 'the model has no classes', `Leave ${classes} out.`);
}

/** Throws `IMAGES_NEEDED` where a table is asked for what only images have. */
export function checkNoImageOptions(place: string, options: EvaluateImagesOptions): void {
  const flag = firstOf(options, Object.keys(FLAGS) as Option[]);
  if (!flag) return;
  const remedy = `Leave ${flag} out; of a table, semivae evaluate tells errors, rankings and detection.`;
  throw new CommandFailure('IMAGES_NEEDED', place, `${flag} is for images, and this is of a table`, remedy);
}
