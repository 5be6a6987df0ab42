import { graph, type Tensors } from '@semivae/graph';
import { type ImageColumns, type Model, trainingRows } from '@semivae/model';
import type { Engine } from '@semivae/train';
import { askRows } from './ask.ts';
import { referenceOf } from './detector.ts';
import { type Kept, NOTHING_KEPT, placedTensors, REFERENCE } from './held.ts';
import { codedImage, SCALE, scaleOf } from './image-detector.ts';

/** A trained model of images, and what computes it. */
export interface TrainedImages {
  readonly engine: Engine;
  readonly model: Model;
  readonly columns: ImageColumns;
  readonly state: Tensors;
}

/** Images of a run, as their coordinates in a trained model, with the scale that these are told by. */
export async function keepImages(trained: TrainedImages, images: Tensors[string] | undefined): Promise<Kept> {
  if (!images || images.shape[0]! < 2) return NOTHING_KEPT;
  const { engine, model, columns, state } = trained;
  const { x } = trainingRows(columns, 'batch', 'x');
  const asked = graph('coordinates', { coordinates: codedImage(model, columns, x).place });
  const places = await askRows(engine, asked, state, images, 'coordinates', 'uint8');
  const [rows, size] = places.shape as readonly [number, number];
  const scale = scaleOf(places.data, size, model.z.size);
  const scaled = places.data.map((each, i) => each * scale[i % size]!);
  return {
    reference: referenceOf(REFERENCE, rows, size),
    tensors: {
      ...placedTensors(REFERENCE, { shape: [rows, size], data: scaled }),
      [SCALE]: { shape: [size], data: scale },
    },
  };
}
