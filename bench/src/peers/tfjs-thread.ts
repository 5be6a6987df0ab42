// A thread that trains in plain tfjs: it posts what its backend is, then takes a step for each message it gets.
import { parentPort } from 'node:worker_threads';
import { digits } from '@semivae/data';
import { stepOf } from '../step.ts';
import { startWasm } from './tfjs.ts';
import { peerBatch, peerOf } from './tfjs-step.ts';

const host = await startWasm();
const own = stepOf(digits({ test: 10 }));
const peer = peerOf(own);
let step = 0;
parentPort!.on('message', async () => {
  own.feeder.fill(step++);
  await peer.step(peerBatch(own.feeder.feeds));
  parentPort!.postMessage('done');
});
parentPort!.postMessage(host);
