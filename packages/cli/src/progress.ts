import { visibleLine } from '@semivae/runtime/core';
import type { MetricsLine, Report } from '@semivae/train/node';
import { MultiBar, Presets } from 'cli-progress';
import { showPercent } from './table.ts';

/** What is shown of a training while it runs, on stderr. */
export interface Progress {
  step(report: Report): void;
  epoch(line: MetricsLine, epochs: number): void;
  /** Must come before anything else is written. */
  stop(): void;
}

/** An epoch's numbers as one line. */
export function epochLine(line: MetricsLine, epochs: number) {
  const { epoch, loss, validationBound, testError, validationError, minutes } = line;
  const { divergence, activeUnits, reconstruction } = line;
  const errors = [
    ...(validationBound === undefined ? [] : [`validation bound ${validationBound.toFixed(2)}`]),
    ...(testError === undefined ? [] : [`test error ${showPercent(testError)}`]),
    ...(validationError === undefined ? [] : [`validation error ${showPercent(validationError)}`]),
  ];
  const latent =
    divergence === undefined
      ? []
      : [
          `reconstruction ${reconstruction!.toFixed(2)}`,
          `KL ${divergence.toFixed(2)}, ${activeUnits} units active`,
        ];
  return [
    `epoch ${epoch}/${epochs}`,
    `loss ${loss!.toFixed(2)}`,
    ...errors,
    ...latent,
    `${minutes.toFixed(2)} min`,
  ].join('  ');
}

/** Steps a second, over a sliding window. */
function speedometer(): (step: number) => number {
  const seen: { step: number; time: number }[] = [];
  return (step) => {
    seen.push({ step, time: performance.now() });
    if (seen.length > 100) seen.shift();
    const [first, last] = [seen[0]!, seen.at(-1)!];
    return (1000 * (last.step - first.step)) / Math.max(1, last.time - first.time);
  };
}

function showLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return '…';
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, '0')} left`;
}

function terminalProgress(label: string): Progress {
  const format = `${label} {bar} {percentage}% | loss {loss} | {speed} steps/s | {left}`;
  const bars = new MultiBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 24, fps: 8 },
    Presets.shades_grey,
  );
  const bar = bars.create(1, 0, { loss: '…', speed: '…', left: '…' });
  const speed = speedometer();
  return {
    step({ step, steps, metrics }) {
      const rate = speed(step);
      bar.setTotal(steps);
      bar.update(step, {
        loss: metrics.loss!.toFixed(2),
        speed: rate.toFixed(rate < 10 ? 1 : 0),
        left: showLeft((steps - step) / rate),
      });
    },
    epoch(line, epochs) {
      bars.log(`${epochLine(line, epochs)}\n`);
      bars.update();
    },
    stop: () => bars.stop(),
  };
}

const plainProgress = (label: string): Progress => ({
  step() {},
  epoch: (line, epochs) => void process.stderr.write(`${label}  ${epochLine(line, epochs)}\n`),
  stop() {},
});

/** A bar with the epochs above it on a terminal; elsewhere a plain line for each epoch. */
export const openProgress = (label: string): Progress =>
  (process.stderr.isTTY && process.env.TERM !== 'dumb' ? terminalProgress : plainProgress)(
    visibleLine(label),
  );
