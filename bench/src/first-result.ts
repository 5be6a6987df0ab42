/** Run by `bench load` in a process of its own: prints how long it took from nothing to a first answer. */
const folder = process.argv[2]!;
const started = performance.now();
const { imageInput, load } = await import('@semivae/runtime');
const imported = performance.now();
const model = await load(folder);
const loaded = performance.now();
const { width, height, channels } = imageInput(model.manifest);
await model.score(new Uint8Array(width * height * channels));
const answered = performance.now();
const times = {
  importMs: imported - started,
  loadMs: loaded - imported,
  firstResultMs: answered - loaded,
  totalMs: answered - started,
};
console.log(JSON.stringify(times));
