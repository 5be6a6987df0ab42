// A thread that judges one split of one set for each message it gets.
import { parentPort } from 'node:worker_threads';
import { type Case, judgeCase } from './case.ts';

parentPort!.on('message', async (asked: Case) => parentPort!.postMessage(await judgeCase(asked)));
