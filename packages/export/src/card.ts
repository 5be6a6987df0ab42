import type { Manifest } from '@semivae/runtime/core';
import type { DataInfo } from '@semivae/train/node';

const percent = (share: number): string => `${share.toFixed(2)} %`;

const fact = (name: string, said: string | undefined): string[] =>
  said === undefined ? [] : [`| ${name} | ${said} |`];

function figures({ training }: Manifest): string[] {
  const { testError, validationError, loss } = training.metrics;
  return [
    ...fact('test error, last epoch', testError === undefined ? undefined : percent(testError)),
    ...fact(
      'validation error, last epoch',
      validationError === undefined ? undefined : percent(validationError),
    ),
    ...fact('training loss, last epoch', loss === undefined ? undefined : `${loss.toFixed(2)} nats per row`),
  ];
}

const headLine = ([name, head]: [string, Manifest['heads']['encoder']]): string => {
  const ports = (specs: typeof head.inputs) =>
    specs.map((spec) => `\`${spec.name}\` ${spec.type}[${spec.shape.join(', ')}]`).join(', ');
  return `| \`${head.file}\` | ${name} | ${ports(head.inputs)} | ${ports(head.outputs)} |`;
};

const usage = ({ labels }: Manifest): string[] => [
  '```ts',
  "import { load } from '@semivae/runtime';",
  '',
  "const model = await load('path/or/url/of/this/folder');",
  ...(labels.length ? ['const [answer] = await model.classify(pixels);   // { label, probability, … }'] : []),
  'const [nats] = await model.score(pixels);         // the higher, the stranger',
  `const images = await model.generate({ ${labels.length ? `label: '${labels.at(-1)}', ` : ''}count: 10, seed: 1 });`,
  '```',
];

/** The model card of a bundle, as Markdown. */
export function card(manifest: Manifest, { licence, citation, trainRows, testRows }: DataInfo): string {
  const { name, description, model, input, labels, score, training, versions } = manifest;
  return [
    `# ${name}`,
    '',
    `${description}. ${model.paper}.`,
    '',
    '![Samples](samples.png)',
    '',
    '## Use',
    '',
    ...usage(manifest),
    '',
    `Input: ${input.width}×${input.height} pixels, bytes 0…255, row by row. The files scale them themselves.`,
    '',
    '| file | head | inputs | outputs |',
    '|---|---|---|---|',
    ...Object.entries(manifest.heads).map(headLine),
    '',
    `Score: ${score.meaning} (${score.bound}), in ${score.unit}; its noise is fixed and inside the file, so it is the same on every host.`,
    '',
    '## Training',
    '',
    '| | |',
    '|---|---|',
    ...fact('data', `${training.data}, ${trainRows} training and ${testRows} test rows`),
    ...fact(
      'labels seen',
      labels.length ? `${training.labelled} of ${training.rows}, seed ${training.seed}` : 'none',
    ),
    ...fact('epochs', `${training.epochs} (${training.steps} steps)`),
    ...figures(manifest),
    ...fact('engine', training.engine),
    ...fact(
      'versions',
      Object.entries(versions)
        .map(([of, version]) => `${of} ${version}`)
        .join(', '),
    ),
    '',
    '## Limits',
    '',
    'Trained on the data above and judged on its test set; other pictures need their own test. Class probabilities are not',
    'calibrated. The score says how well the model explains a picture, not why it does not.',
    '',
    '## Data',
    '',
    `${citation}. Licence: ${licence}.`,
    '',
  ].join('\n');
}
