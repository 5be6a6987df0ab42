import { html } from './html.ts';
import { page } from './page.ts';
import type { ReportData } from './report.ts';
import { anomalySection } from './sections/anomalies.ts';
import { calibrationSection } from './sections/calibration.ts';
import { classificationSection } from './sections/classification.ts';
import { columnSection } from './sections/columns.ts';
import { curveSection } from './sections/curves.ts';
import { detectionSections } from './sections/detection.ts';
import { header } from './sections/header.ts';
import { latentSection } from './sections/latent.ts';
import { sampleSection } from './sections/samples.ts';
import { scoreSection } from './sections/scores.ts';

/**
 * A run or a bundle as one HTML text that opens anywhere: no script, nothing to load. Sections without data are left
 * out. Throws SemivaeError where the data contradict themselves.
 */
export const reportPage = (data: ReportData): string =>
  page(
    `${data.name} · semivae report`,
    header(data),
    anomalySection(data.anomalies),
    scoreSection(data.scores),
    detectionSections(data.scores),
    calibrationSection(data.calibration),
    classificationSection(data.classification),
    latentSection(data.latent),
    sampleSection(data.samples),
    curveSection(data.curves),
    columnSection(data.columns),
    html`<footer>Made by semivae${data.version !== undefined && ` ${data.version}`}. This page runs no script and loads nothing.</footer>`,
  );
