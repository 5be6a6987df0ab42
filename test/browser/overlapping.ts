import { integers, load, type Model, type Row } from '@semivae/runtime';

/** What came of many calls that were not awaited one by one. */
export interface Overlapping {
  readonly calls: number;
  readonly disposals: number;
  /** Answers that differ from those to the same call alone. */
  readonly wrong: number;
  readonly errors: readonly string[];
}

type Call = (model: Model) => Promise<unknown>;

/** Calls of every kind, some of several parts; a bundle of a table is asked about `rows`. */
function callsOf({ manifest }: Model, rows: readonly Row[]): readonly Call[] {
  const labels = manifest.labels.length;
  const made: Call[] = [1, 5].map((count) => (model) => model.generate({ count, seed: count }));
  if (manifest.input.kind === 'table')
    return [...made, ...[rows.slice(0, 1), rows.slice(1, 40)].flatMap((some) => tableCalls(some))];
  const { width, height, channels } = manifest.input;
  const size = width * height * channels;
  const images = [1, 7].map((count) =>
    Uint8Array.from(integers(count * size, 256, { ...address, step: count })),
  );
  return [...made, ...images.flatMap((x) => imageCalls(x, labels))];
}

const address = { seed: 1, stream: 0 } as const;

const tableCalls = (rows: readonly Row[]): Call[] => [
  (model) => model.score(rows),
  (model) => model.impute(rows),
  (model) => model.encode(rows),
];

const imageCalls = (x: Uint8Array, labels: number): Call[] => [
  ...(labels > 0 ? [(model: Model) => model.classify(x)] : []),
  (model) => model.score(x),
  (model) => model.encode(x),
  (model) => model.reconstruct(x),
];

interface Asked {
  readonly calls: number;
  /** In flight at once. */
  readonly atOnce: number;
  readonly rows: readonly Row[];
}

const shown = (answer: unknown): string =>
  JSON.stringify(answer, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  );

/** Asks bundles mixed calls in flights, now and then disposes of a model in the midst of one, and loads it again. */
export async function overlapping(
  folders: readonly string[],
  { calls, atOnce, rows }: Asked,
): Promise<Overlapping> {
  const options = { threads: 1, rowsAtOnce: 16 };
  const models = await Promise.all(folders.map((folder) => load(folder, options)));
  const known = new Map<Call, string>();
  const kinds = models.map((model) => callsOf(model, rows));
  for (const [i, model] of models.entries())
    for (const call of kinds[i]!) known.set(call, shown(await call(model)));
  const draws = integers(3 * calls, 2 ** 20, { seed: 2, stream: 0, step: 0 });
  const [errors, found] = [[] as string[], { wrong: 0, disposals: 0 }];
  const ask = async (model: Model, call: Call) => {
    try {
      if (shown(await call(model)) !== known.get(call)) found.wrong++;
    } catch (error) {
      errors.push(String(error));
    }
  };
  for (let done = 0; done < calls; done += atOnce) {
    const flight: Promise<void>[] = [];
    for (let i = done; i < Math.min(calls, done + atOnce); i++) {
      const which = draws[3 * i]! % models.length;
      const call = kinds[which]![draws[3 * i + 1]! % kinds[which]!.length]!;
      flight.push(ask(models[which]!, call));
      if (draws[3 * i + 2]! % 50 > 0) continue;
      found.disposals++;
      flight.push(models[which]!.dispose());
      models[which] = await load(folders[which]!, options);
    }
    await Promise.all(flight);
  }
  await Promise.all(models.map((model) => model.dispose()));
  return { calls, ...found, errors };
}
