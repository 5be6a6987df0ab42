import { Presets, SingleBar } from 'cli-progress';

/** What is shown on stderr while rows go by. */
export interface RowProgress {
  /** `done` rows so far. */
  rows(done: number): void;
  /** Must come before anything else is written. */
  stop(): void;
  /** Rows a second since the start. */
  rate(): number;
}

export const showCount = (count: number): string => Math.round(count).toLocaleString('en');

/** A rate of false alarms with all its digits. */
export const showRate = (rate: number): string => `${Number((100 * rate).toPrecision(12))} %`;

const showLeft = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} left`;

/** Rows a second, and the time left. */
const showSpeed = (done: number, total: number, rate: number): string =>
  `${showCount(rate)} rows/s, ${showLeft((total - done) / rate)}`;

interface Display {
  show(done: number, rate: number): void;
  stop(): void;
}

function bar(label: string, total: number): Display {
  const format = `${label} {bar} {percentage}% | {speed}`;
  const options = { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 24 };
  const shown = new SingleBar({ ...options, fps: 8 }, Presets.shades_grey);
  shown.start(total, 0, { speed: '…' });
  return {
    show: (done, rate) => shown.update(done, { speed: showSpeed(done, total, rate) }),
    stop: () => shown.stop(),
  };
}

const SECONDS_BETWEEN_LINES = 10;

function lines(label: string, total: number): Display {
  let last = performance.now();
  return {
    show(done, rate) {
      if (performance.now() - last < 1000 * SECONDS_BETWEEN_LINES) return;
      last = performance.now();
      const speed = showSpeed(done, total, rate);
      process.stderr.write(`${label}  ${showCount(done)} of ${showCount(total)} rows, ${speed}\n`);
    },
    stop() {},
  };
}

/** A bar on a terminal; elsewhere a line every ten seconds. */
export function openRowProgress(label: string, total: number): RowProgress {
  const start = performance.now();
  const display = (process.stderr.isTTY && process.env.TERM !== 'dumb' ? bar : lines)(label, total);
  let seen = 0;
  const rate = () => (1000 * seen) / Math.max(1, performance.now() - start);
  return {
    rows(done) {
      seen = done;
      display.show(done, rate());
    },
    stop: display.stop,
    rate,
  };
}
