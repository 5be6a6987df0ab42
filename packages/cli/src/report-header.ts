import type { Fact, ReportData } from '@semivae/report';
import type { Manifest } from '@semivae/runtime';
import { isCollapsed, type RunInfo } from '@semivae/train/node';
import { version } from './versions.ts';

/** What the latent carries, and a warning where that is nothing. */
function latentFacts(metrics: Manifest['training']['metrics']): Fact[] {
  const { divergence, activeUnits, reconstruction } = metrics;
  if (divergence === undefined || activeUnits === undefined) return [];
  const collapsed = isCollapsed(metrics) ? ': it has collapsed, and tells little of rows' : '';
  return [
    { name: 'Active latent dimensions', value: `${activeUnits}${collapsed}` },
    { name: 'Divergence of the latent', value: `${divergence.toFixed(2)} nats` },
    { name: 'Reconstruction', value: `${reconstruction!.toFixed(2)} nats` },
  ];
}

/** What a bundle says of itself, for the head of a page. */
export function headerOf(manifest: Manifest, facts: readonly Fact[] = []): ReportData {
  const { name, description, model, training, labels, latent, score } = manifest;
  return {
    name,
    description,
    model: model.paper,
    data: training.data,
    rows: training.rows,
    labelled: training.labelled,
    classes: labels,
    seed: training.seed,
    version,
    score: score.unit === 'nats' ? `${score.meaning} (nats)` : score.meaning,
    facts: [
      { name: 'Latent dimensions', value: latent.size },
      ...latentFacts(training.metrics),
      { name: 'Epochs', value: training.epochs },
      { name: 'Trained by', value: training.engine },
      ...facts,
    ],
  };
}

/** The head of the page of a run that has nothing to ship: a supervised baseline. */
export const headerOfRun = ({ recipe, seed, engine, data }: RunInfo): ReportData => ({
  name: recipe.name,
  description: `A classifier alone, trained on ${data.name} with ${recipe.data.labels} labels`,
  data: data.name,
  labelled: recipe.data.labels,
  classes: data.classes,
  seed,
  version,
  facts: [
    { name: 'Epochs', value: recipe.epochs },
    { name: 'Trained by', value: engine },
  ],
});
