import { chooseRows, digits, imageSet } from '@semivae/data';
import { parseRecipe } from '@semivae/recipe';
import {
  assemble,
  type Engine,
  initialState,
  onnxRuntimeEngine,
  openFeeder,
  shapeOf,
} from '@semivae/train/node';

const SEED = 1;
const STEPS = 3;

/** A network that a step takes no time for, with everything in it that training uses. */
const recipe = parseRecipe({
  name: 'doctor',
  data: { labels: 20, binarize: true },
  model: { latent: 3, hidden: [8] },
  batch: { labelled: 5, unlabelled: 5 },
  optimizer: { clipNorm: 10, weightDecay: 0.01 },
});

/** The losses of a few steps of M2 on drawn digits. */
async function lossesOn(engine: Engine): Promise<number[]> {
  const set = imageSet(digits({ train: 40, test: 0 }).train);
  const rows = chooseRows(recipe, set, SEED);
  const { step } = assemble(recipe, shapeOf(set, rows.train.length));
  const { feeds, fill } = openFeeder(step.graph, recipe, set, rows, SEED);
  const stepper = await engine.openStep(step, initialState(step.state, SEED));
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    fill(i);
    losses.push((await stepper.step(feeds)).loss!);
  }
  await stepper.close();
  return losses;
}

/** The largest relative difference, over a few steps from one seed, between an engine's losses and ONNX Runtime's. */
export async function differenceFromOnnxRuntime(engine: Engine): Promise<number> {
  const [found, expected] = [await lossesOn(engine), await lossesOn(onnxRuntimeEngine({ threads: 1 }))];
  return Math.max(...expected.map((loss, i) => Math.abs(found[i]! / loss - 1)));
}
