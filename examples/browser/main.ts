import { type Classification, imageInput, load, type Model, toImageData } from '@semivae/runtime';
import { centred, context, openPad } from './pad.ts';

const SAMPLES = 10;
const element = (id: string) => document.getElementById(id)!;

async function showAnswers(model: Model, drawing: ImageData): Promise<void> {
  const [answer] = await model.classify(drawing);
  const [nats] = await model.score<number>(drawing);
  showClasses(model, answer);
  element('score').textContent = `Score ${nats!.toFixed(1)} nats: higher is stranger.`;
  await showSamples(model, answer!.label);
}

function showClasses({ manifest }: Model, answer?: Classification): void {
  const bars = manifest.labels.map((label, i) =>
    bar(label, answer?.probabilities[i] ?? 0, label === answer?.label),
  );
  element('classes').replaceChildren(...bars);
}

function bar(label: string, probability: number, best: boolean): HTMLElement {
  const [row, name, share, number] = ['li', 'span', 'span', 'span'].map((tag) => document.createElement(tag));
  name!.textContent = label;
  share!.className = 'bar';
  share!.style.setProperty('--share', `${100 * probability}%`);
  number!.textContent = `${Math.round(100 * probability)} %`;
  row!.append(name!, share!, number!);
  row!.classList.toggle('best', best);
  return row!;
}

async function showSamples(model: Model, label?: string): Promise<void> {
  const options = label === undefined ? {} : { label };
  const images = await model.generate({ ...options, count: SAMPLES, seed: Date.now() });
  const { width, height } = imageInput(model.manifest);
  const canvas = Object.assign(element('samples') as HTMLCanvasElement, { width: width * SAMPLES, height });
  images.forEach((image, i) => context(canvas).putImageData(toImageData(image) as ImageData, i * width, 0));
  element('caption').textContent = `Digits that the model imagines${label ? ` when told “${label}”` : ''}`;
}

async function start(): Promise<void> {
  const model = await load('.');
  showClasses(model);
  await showSamples(model);
  const pad = openPad(element('pad') as HTMLCanvasElement, () =>
    showAnswers(model, centred(pad, imageInput(model.manifest))),
  );
  element('clear').addEventListener('click', () => context(pad).clearRect(0, 0, pad.width, pad.height));
}

start().catch((error: Error) => {
  element('caption').textContent = `${error.message} Run: npm run quickstart`;
});
