import type { Image, Model, Row } from '@semivae/runtime';

const flat = (rows: readonly ArrayLike<number>[]): number[] => rows.flatMap((row) => Array.from(row));
const values = (images: readonly Image[]) => flat(images.map((image) => image.values));

export const generated = (model: Model): Promise<Image[]> =>
  model.generate({ label: model.manifest.labels[3]!, count: 12, seed: 7 });

/** What a host answers to the same digits through every call of a model. */
export async function answersOf(model: Model, digits: Uint8Array) {
  const classes = await model.classify(digits);
  const labels = classes.map(({ label }) => label);
  const codes = await model.encode(digits, { labels });
  const means = codes.map(({ mean }) => mean);
  return {
    labels,
    probabilities: flat(classes.map(({ probabilities }) => probabilities)),
    mean: flat(means),
    standardDeviation: flat(codes.map((code) => code.standardDeviation)),
    decoded: values(await model.decode(means, labels)),
    generated: values(await generated(model)),
    score: await model.score<number>(digits),
  };
}

export type Answers = Awaited<ReturnType<typeof answersOf>>;

/** What a host answers to the same rows of a table. */
export async function tableAnswersOf(model: Model, rows: readonly Row[]) {
  const answers = await model.score(rows);
  const [filled, made] = [await model.impute(rows), await model.generate<Row>({ count: 20, seed: 7 })];
  const cells = [...filled, ...made].flatMap((row) => Object.values(row));
  return {
    score: answers.map(({ score }) => score),
    nll: answers.map(({ nll }) => nll),
    contributions: answers.flatMap(({ contributions }) => Object.values(contributions)),
    mean: flat(answers.map(({ mean }) => mean)),
    pValue: answers.map(({ pValue }) => pValue!),
    anomaly: answers.map(({ anomaly }) => anomaly!),
    unseen: answers.map(({ unseen }) => unseen),
    labels: answers.map(({ label }) => label ?? null),
    numbers: cells.filter((cell) => typeof cell !== 'string' && cell !== null).map(Number),
    texts: cells.filter((cell) => typeof cell === 'string'),
  };
}

export type TableAnswers = Awaited<ReturnType<typeof tableAnswersOf>>;
