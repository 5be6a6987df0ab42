import type { Recipe } from '@semivae/recipe';
import { type EarlierRun, type Manifest, type TableInput, visibleLine } from '@semivae/runtime/core';
import { type DataInfo, isCollapsed, ofClass } from '@semivae/train';

/** A text from data in a line of Markdown, where no sign of it means anything. */
export const plain = (text: string): string =>
  visibleLine(text.replace(/\s+/g, ' ')).replace(/[\\`*<>[\]|&~]/g, '\\$&');

/** The same as a text in JavaScript. */
const literal = (text: string): string => `'${visibleLine(text.replace(/['\\]/g, '\\$&'))}'`;

const percent = (share: number): string => `${share.toFixed(2)} %`;

const fact = (name: string, said: string | undefined): string[] =>
  said === undefined ? [] : [`| ${name} | ${said} |`];

/** What of the recipe decided by the rows held out; manifests of another version may lack it. */
const choiceOf = ({ training }: Manifest): Partial<Pick<Recipe, 'keep' | 'patience' | 'monitor'>> =>
  training.recipe ?? {};

/** What was decided by the rows held out, and so has seen them. */
function choiceFact(manifest: Manifest, trainRows: number): string[] {
  const { keep, patience, monitor } = choiceOf(manifest);
  const held = trainRows - manifest.training.rows;
  const decided = [
    ...(keep === 'best' ? ['the epoch that ships'] : []),
    ...(patience === undefined ? [] : ['the end of the training']),
  ];
  if (decided.length === 0 || held <= 0) return [];
  const by = monitor === 'error' ? 'the error, and so the labels,' : 'the bound';
  return fact('chosen by validation', `${decided.join(' and ')}, by ${by} of ${held} rows held out`);
}

function figures(manifest: Manifest): string[] {
  const { testError, validationError, loss } = manifest.training.metrics;
  const epoch = choiceOf(manifest).keep === 'best' ? 'epoch that ships' : 'last epoch';
  return [
    ...fact(`test error, ${epoch}`, testError === undefined ? undefined : percent(testError)),
    ...fact(
      `validation error, ${epoch}`,
      validationError === undefined ? undefined : percent(validationError),
    ),
    ...fact(`training loss, ${epoch}`, loss === undefined ? undefined : `${loss.toFixed(2)} nats per row`),
    ...latentFacts(manifest),
  ];
}

/** What the latent carries, where that was told. */
function latentFacts({ training: { metrics }, latent }: Manifest): string[] {
  const { divergence, activeUnits, reconstruction } = metrics;
  if (divergence === undefined || reconstruction === undefined) return [];
  const collapsed = isCollapsed(metrics) ? '**It has collapsed: codes and scores tell little.** ' : '';
  const said = `${activeUnits} of ${latent.size} features active, divergence ${divergence.toFixed(2)} and reconstruction ${reconstruction.toFixed(2)} nats per row`;
  return fact('latent', `${collapsed}${said}`);
}

/** How often each class was found, and how often what was taken for it was right, where that was told. */
function classLines({ labels, training: { metrics } }: Manifest): string[] {
  const of = metrics.testError === undefined ? 'validation' : 'test';
  const told = (figure: 'precision' | 'recall', label: string) => {
    const found = metrics[ofClass(figure, label)];
    return found === undefined ? '–' : percent(found);
  };
  if (!labels.some((label) => metrics[ofClass('recall', label)] !== undefined)) return [];
  return [
    `| class, of the ${of} rows | recall | precision |`,
    '|---|---|---|',
    ...labels.map((label) => `| ${plain(label)} | ${told('recall', label)} | ${told('precision', label)} |`),
    '',
  ];
}

function earlierRun({ run, recipe, data, labels, seed, step, minutes, sha256 }: EarlierRun): string {
  const learned = `${recipe} on ${data}, ${labels || 'no'} labels, seed ${seed}, ${step} steps, ${minutes.toFixed(1)} min`;
  return `the run ${plain(run)}: ${plain(learned)}; checkpoint ${sha256.slice(0, 12)}…`;
}

/** What a run began with and was taught by, that its labels and its minutes are not all. */
const earlierFacts = ({ training: { initFrom, taughtBy = [] } }: Manifest): string[] => [
  ...(initFrom
    ? fact('begun with', `${initFrom.taken} of ${initFrom.parameters} parameters of ${earlierRun(initFrom)}`)
    : []),
  ...taughtBy.flatMap((each) => fact('taught by', earlierRun(each))),
];

const headLine = ([name, head]: [string, Manifest['heads']['encoder']]): string => {
  const ports = (specs: typeof head.inputs) =>
    specs.map((spec) => `\`${spec.name}\` ${spec.type}[${spec.shape.join(', ')}]`).join(', ');
  return `| \`${head.file}\` | ${name} | ${ports(head.inputs)} | ${ports(head.outputs)} |`;
};

const columnLine = ({ name, kind, encoding, reason }: TableInput['columns'][number]): string =>
  `| ${plain(name)} | ${kind} | ${plain(reason ?? encoding ?? '')} |`;

const inputLines = (input: Manifest['input']): string[] =>
  input.kind === 'image'
    ? [
        `Input: ${input.width}×${input.height} pixels, bytes 0…255, row by row. The files scale them themselves.`,
      ]
    : [
        'Input: raw cells by column; the files encode them themselves. A missing cell is null.',
        '',
        '| column | kind | encoding |',
        '|---|---|---|',
        ...input.columns.map(columnLine),
      ];

const usage = (manifest: Manifest): string[] =>
  manifest.input.kind === 'image' ? imageUsage(manifest) : tableUsage(manifest);

const tableUsage = ({ calibration }: Manifest): string[] => [
  '```ts',
  "import { load } from '@semivae/runtime';",
  '',
  "const model = await load('path/or/url/of/this/folder');",
  'const [answer] = await model.score([row]);         // row: { column: cell, … }, null where missing',
  `answer.score; answer.contributions;${calibration ? ' answer.pValue; answer.anomaly;' : ''}`,
  'const [whole] = await model.impute([row]);         // its holes filled',
  '```',
];

const scoreUsage = ({ score, calibration }: Manifest): string[] =>
  score.kind === 'bound'
    ? ['const [nats] = await model.score(pixels);         // the higher, the more anomalous']
    : [
        'const [found] = await model.score(pixels);        // the higher, the more anomalous',
        `found.score; found.contributions;${calibration ? ' found.pValue; found.anomaly;' : ''}`,
      ];

const imageUsage = (manifest: Manifest): string[] => [
  '```ts',
  "import { load } from '@semivae/runtime';",
  '',
  "const model = await load('path/or/url/of/this/folder');",
  ...(manifest.labels.length
    ? ['const [answer] = await model.classify(pixels);   // { label, probability, … }']
    : []),
  ...scoreUsage(manifest),
  `const images = await model.generate({ ${manifest.labels.length ? `label: ${literal(manifest.labels.at(-1)!)}, ` : ''}count: 10, seed: 1 });`,
  '```',
];

const heldName = ({ kind }: Manifest['input']): string => (kind === 'image' ? 'test' : 'calibration');

const limits = ({ kind }: Manifest['input']): string[] =>
  kind === 'image'
    ? [
        'Trained on the data above and judged on its test set; other pictures need their own test. Class probabilities are not',
        'calibrated. The score says how well the model explains a picture, not why it does not.',
      ]
    : [
        'A p-value holds for rows drawn as the calibration rows were. When the data drifts (`semivae drift`), calibrate anew',
        '(`semivae recalibrate`). A contribution says in which column a row is strange, not why.',
      ];

const calibrationLines = ({ calibration }: Manifest): string[] =>
  calibration
    ? [
        `Calibrated on ${plain(calibration.data)}: scores above ${Number(calibration.threshold.toPrecision(6))} are called anomalies, which`,
        `${100 * calibration.fpr} % of ordinary rows are on average.`,
        '',
      ]
    : [];

/** What a bundle holds of the data that it was made of, beside learned weights. */
export interface Holding {
  /** Training rows, and known anomalies, that the scorer compares with. */
  readonly reference: number;
  readonly anomalies: number;
  /** Whether reference.json is there. */
  readonly sample: boolean;
  readonly parityRows: 'drawn' | 'real';
}

const rowsHeld = ({ reference, anomalies }: Holding): string[] =>
  reference === 0
    ? []
    : [
        `- \`scorer.onnx\` holds ${reference} training rows${anomalies ? `, and ${anomalies} known anomalies,` : ''} to compare with, encoded: numbers standardised, levels`,
        '  as ones and zeros. **Whoever has the file can compute their cells back, nearly exactly.** Give it to those who may see',
        '  such rows, or train with `--set score.neighbours=0`: the score is then the bound, and no row ships.',
      ];

const imagesHeld = ({ reference }: Holding): string[] =>
  reference === 0
    ? []
    : [
        `- \`scorer.onnx\` holds ${reference} training images to compare with, each as statistics of its grey values, its latent mean and`,
        '  sums of residuals over 4 × 4 pixels: **whoever has the file can see roughly what was in each.** With',
        '  `--set score.neighbours=0` the score is the bound, and no image ships.',
        '- `manifest.json` holds the scores of the images that the bundle was calibrated on.',
      ];

const sampleHeld = ({ sample }: Holding): string[] =>
  sample
    ? [
        '- `reference.json` holds cells of up to 2000 rows, column by column: their numbers in ascending order, their levels counted.',
        '  No row can be read from it, but single cells can: an amount that only one has is there.',
        '- `manifest.json` and the files hold the names of the columns, all levels that they have had, centre and scale of numbers,',
        '  and the scores of the rows that the bundle was calibrated on.',
      ]
    : [];

const hashesHeld = ({ reference, sample }: Holding): string[] =>
  sample && reference > 0
    ? [
        '- `reference.json` also holds hashes, of 32 bits, of about 1000 training rows, so that `semivae recalibrate` can warn of rows that',
        '  were trained on. Whoever has such a row can find out that it was.',
      ]
    : [];

const parityHeld = ({ parityRows }: Holding): string =>
  parityRows === 'drawn'
    ? '- `parity.json` holds rows that the model has made up; none of the data.'
    : '- `parity.json` holds rows of the data, as they are.';

const holdingLines = (holding: Holding, kind: Manifest['input']['kind']): string[] => [
  '## What it holds of the data',
  '',
  ...(kind === 'image' ? imagesHeld(holding) : rowsHeld(holding)),
  ...sampleHeld(holding),
  ...hashesHeld(holding),
  parityHeld(holding),
  '- The weights were learned from the data, without a guarantee of privacy such as differential privacy gives. No column that is',
  '  ignored, and no folder, is in any file.',
  '',
];

/** The model card of a bundle, as Markdown. */
export function card(
  manifest: Manifest,
  { licence, citation, trainRows, testRows }: DataInfo,
  holding?: Holding,
): string {
  const { name, description, model, input, labels, score, training, versions } = manifest;
  return [
    `# ${plain(name)}`,
    '',
    `${plain(description)}. ${plain(model.paper)}.`,
    '',
    ...(input.kind === 'image' ? ['![Samples](samples.png)', ''] : []),
    '## Use',
    '',
    ...usage(manifest),
    '',
    ...inputLines(input),
    '',
    '| file | head | inputs | outputs |',
    '|---|---|---|---|',
    ...Object.entries(manifest.heads).map(headLine),
    '',
    `Score: ${score.meaning} (${score.bound}), in ${score.unit}; its noise is fixed and inside the file, so it is the same on every host.`,
    '',
    ...calibrationLines(manifest),
    '## Training',
    '',
    '| | |',
    '|---|---|',
    ...fact('data', `${plain(training.data)}, ${trainRows} training and ${testRows} ${heldName(input)} rows`),
    ...fact(
      'labels seen',
      labels.length ? `${training.labelled} of ${training.rows}, seed ${training.seed}` : 'none',
    ),
    ...earlierFacts(manifest),
    ...fact('epochs', `${training.epochs} (${training.steps} steps)`),
    ...choiceFact(manifest, trainRows),
    ...figures(manifest),
    ...fact('engine', plain(training.engine)),
    ...fact(
      'versions',
      Object.entries(versions)
        .map(([of, version]) => `${plain(of)} ${plain(version)}`)
        .join(', '),
    ),
    '',
    ...classLines(manifest),
    '## Limits',
    '',
    ...limits(input),
    '',
    ...(holding ? holdingLines(holding, input.kind) : []),
    '## Data',
    '',
    `${plain(citation)}. Licence: ${plain(licence)}.`,
    '',
  ].join('\n');
}
