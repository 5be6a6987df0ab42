import {
  encode,
  type Graph,
  type LeafValue,
  leavesOf,
  sizeOf,
  type Tensors,
  withoutRepeats,
} from '@semivae/graph';
import type { Model } from '@semivae/model';
import {
  type Calibration,
  checkGraph,
  fillNormal,
  type Head,
  type HeadName,
  type Manifest,
  sealManifest,
  sha256,
  streamOf,
} from '@semivae/runtime/core';
import {
  boundOf,
  type Engine,
  modelOf,
  onnxRuntimeEngine,
  type RunInfo,
  shapeOf,
  shippedParameters,
} from '@semivae/train';
import { calibrate, calibrateImages } from './calibrate.ts';
import { card, type Holding } from './card.ts';
import { type Described, manifestOf, scoreOf, specOf, trainedRows } from './describe.ts';
import { ExportError } from './errors.ts';
import { withoutFolders } from './file-names.ts';
import { type HeadGraphs, imageHeads } from './heads.ts';
import { type Kept, keepRows, keptRows } from './held.ts';
import { keepImages } from './held-images.ts';
import { independentRows } from './independent-rows.ts';
import { answersOf, drawnExamples, encodeParity, realExamples } from './parity.ts';
import type { BundleFiles, ShipOptions } from './ship-options.ts';
import { tableHeads } from './table-heads.ts';

const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);

const entryOf = async (file: string, bytes: Uint8Array) => ({
  file,
  bytes: bytes.length,
  sha256: await sha256(bytes),
});

/** Noise that ships: drawn once from the run's seed. */
export const fixedNoise = (noises: readonly LeafValue<'noise'>[], seed: number): Tensors =>
  Object.fromEntries(
    noises.map(({ leaf, shape }, index) => {
      const data = new Float32Array(sizeOf(shape));
      fillNormal(data, { seed, stream: streamOf('shippedScore'), step: index });
      return [leaf.name, { shape: shape as readonly number[], data }];
    }),
  );

interface EncodedHead {
  readonly head: Head;
  readonly bytes: Uint8Array;
}

async function encodeHead(
  name: HeadName,
  graph: Graph,
  frozen: Tensors,
  options: ShipOptions,
  scoreMeaning: string,
): Promise<EncodedHead> {
  const description = `${name} of ${options.name}, a ${options.info.recipe.model.kind} model`;
  const metadata = { bundle: options.name, head: name, labels: options.info.data.classes.join(',') };
  const bytes = encode(withoutRepeats(independentRows(graph)), {
    frozen,
    metadata,
    description,
    version: options.version,
  });
  const file = `${name}.onnx`;
  checkGraph(bytes, file);
  return {
    bytes,
    head: {
      ...(await entryOf(file, bytes)),
      inputs: graph.inputs.map((leaf) => specOf(name, leaf.leaf.name, leaf, scoreMeaning)),
      outputs: Object.entries(graph.outputs).map(([output, value]) =>
        specOf(name, output, value, scoreMeaning),
      ),
    },
  };
}

async function encodeHeads(
  graphs: HeadGraphs,
  frozen: Tensors,
  options: ShipOptions,
  scoreMeaning: string,
): Promise<Readonly<Record<string, EncodedHead>>> {
  const encoded: Record<string, EncodedHead> = {};
  for (const [name, graph] of Object.entries(graphs) as [HeadName, Graph][])
    encoded[name] = await encodeHead(name, graph, frozen, options, scoreMeaning);
  return encoded;
}

function checkGenerative({ info: { recipe } }: ShipOptions): void {
  if (recipe.objective.kind !== 'supervised') return;
  const problem = 'a supervised baseline has a classifier alone, nothing to encode, decode or score with';
  const remedy = "Export a run whose objective.kind is 'semi-supervised'.";
  throw new ExportError('NOT_GENERATIVE', `run of ${recipe.name}`, problem, remedy);
}

function checkComplete({ info }: ShipOptions, graphs: HeadGraphs, state: Tensors): void {
  const missing = Object.values(graphs)
    .flatMap((each: Graph) => leavesOf(Object.values(each.outputs), 'parameter'))
    .find(({ leaf }) => !(leaf.name in state));
  if (!missing) return;
  const remedy = 'The recipe in the run was changed after training: train again.';
  throw new ExportError(
    'CHECKPOINT_MISFIT',
    `run of ${info.recipe.name}`,
    `the checkpoint has no '${missing.leaf.name}'`,
    remedy,
  );
}

/** Everything that is frozen into a bundle's graphs, and the graphs. */
interface Frozen {
  readonly model: Model;
  readonly graphs: HeadGraphs;
  readonly state: Tensors;
  readonly kept: Kept;
}

const FALSE_ALARMS = 0.01;

/** How rows were held back, in words. */
const heldBack = ({ data }: RunInfo): string => (data.heldBack ? ` (${data.heldBack})` : '');

/** By what the files of a bundle, still without a calibration, say of rows that training never saw. */
async function calibrationOf(
  { info, held, images, fpr = FALSE_ALARMS }: ShipOptions,
  files: BundleFiles,
): Promise<Calibration | undefined> {
  const pixels = images?.calibration;
  if (pixels && pixels.shape[0]! > 0) {
    const data = `${pixels.shape[0]} test rows of ${info.data.name} that training never learned from`;
    return calibrateImages(files, Uint8Array.from(pixels.data), { fpr, data });
  }
  if (!held || held.calibration.rows === 0) return undefined;
  const data = `${held.calibration.rows} rows of ${info.data.name}${heldBack(info)} that training never saw`;
  return calibrate(files, held.calibration, { fpr, data });
}

async function freezeTable(
  options: ShipOptions,
  model: Model,
  trained: Tensors,
  engine: Engine,
): Promise<Frozen> {
  const { info, held } = options;
  const { recipe, data, seed } = info;
  if (data.columns.kind !== 'table' || !held) throw needsRows(options);
  const kept = await keepRows({ engine, model, columns: data.columns, state: trained }, held.tensors);
  const graphs = tableHeads(model, data.columns, boundOf(recipe.score), kept);
  const noises = [...graphs.scorer.noises, ...(graphs.imputer?.noises ?? [])];
  const state = { ...trained, ...kept.tensors, ...fixedNoise(noises, seed) };
  return { model, graphs, state, kept };
}

function needsRows({ info }: ShipOptions): ExportError {
  const remedy = 'Give what the run kept of its rows: readHeld(run).';
  return new ExportError(
    'ROWS_NEEDED',
    `run of ${info.recipe.name}`,
    'a table ships with rows of it',
    remedy,
  );
}

async function freeze(options: ShipOptions, engine: Engine): Promise<Frozen> {
  const { info, checkpoint } = options;
  const { recipe, data, seed } = info;
  const trained = shippedParameters(checkpoint.state);
  const shape = shapeOf(data, trainedRows(options));
  const model = modelOf(recipe, shape, { derived: false });
  if (data.columns.kind === 'table') return freezeTable(options, model, trained, engine);
  const { columns } = data;
  const kept = await keepImages({ engine, model, columns, state: trained }, options.images?.reference);
  const graphs = imageHeads(model, columns, boundOf(recipe.score), kept.reference);
  const state = { ...trained, ...kept.tensors, ...fixedNoise(graphs.scorer.noises, seed) };
  return { model, graphs, state, kept };
}

function holdingOf({ held, parityRows = 'drawn' }: ShipOptions, kept: Kept): Holding {
  const anomalies = (kept.anomalies?.rows.shape[0] as number | undefined) ?? 0;
  return { reference: keptRows(kept), anomalies, sample: held !== undefined, parityRows };
}

/** Everything of a bundle but what tells of it, and what a manifest tells. */
async function contents(options: ShipOptions, engine: Engine): Promise<[BundleFiles, Described]> {
  const { info, held, parityRows } = options;
  const { model, graphs, state, kept } = await freeze(options, engine);
  checkComplete(options, graphs, state);
  const score = scoreOf(options, model, keptRows(kept));
  const encoded = Object.entries(await encodeHeads(graphs, state, options, score.meaning));
  const examples =
    parityRows === 'real' ? realExamples(info) : await drawnExamples(engine, graphs, state, info);
  const parity = encodeText(encodeParity(await answersOf(engine, graphs, state, info, examples)));
  const files = {
    ...Object.fromEntries(encoded.map(([, { head, bytes }]) => [head.file, bytes])),
    'parity.json': parity,
    ...(held && { 'reference.json': held.sample }),
  };
  const heads = Object.fromEntries(encoded.map(([name, { head }]) => [name, head])) as Manifest['heads'];
  const reference = held && (await entryOf('reference.json', held.sample));
  const entries = { parity: await entryOf('parity.json', parity), ...(reference && { reference }) };
  return [files, { model, heads, score, ...entries, holds: holdingOf(options, kept) }];
}

/**
 * A trained run as a bundle: its queries frozen into ONNX files, and what to say of them. Throws `NOT_GENERATIVE`,
 * `CHECKPOINT_MISFIT`, `WEIGHT_NOT_FINITE`, and for a table `ROWS_NEEDED`, `CALIBRATION_TOO_FEW` or `SCORE_NOT_FINITE`.
 */
export async function ship(asked: ShipOptions): Promise<BundleFiles> {
  const { engine = onnxRuntimeEngine() } = asked;
  const info = withoutFolders(asked.info);
  const options = { ...asked, info };
  checkGenerative(options);
  const [files, described] = await contents(options, engine);
  const uncalibrated = await sealManifest(manifestOf(options, described));
  const calibration = await calibrationOf(options, { ...files, 'manifest.json': uncalibrated });
  const scorer = described.heads.scorer.sha256;
  const manifest = manifestOf(options, {
    ...described,
    ...(calibration && { calibration: { ...calibration, scorer } }),
  });
  return {
    ...files,
    'README.md': encodeText(card(manifest, info.data, described.holds)),
    'manifest.json': await sealManifest(manifest),
  };
}
