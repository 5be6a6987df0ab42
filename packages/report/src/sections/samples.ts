import { SemivaeError } from '@semivae/runtime/core';
import { html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { SampleSection } from '../report.ts';

const PNG = /^data:image\/png;base64,[A-Za-z0-9+/]+={0,2}$/;

/** Images that the model drew; absent without an image. Throws SemivaeError unless it is a PNG in a data: URL. */
export function sampleSection(samples: SampleSection | undefined): Markup | undefined {
  if (!samples) return undefined;
  if (!PNG.test(samples.image)) {
    const problem = 'it is not a PNG in a data: URL';
    throw new SemivaeError('IMAGE_INVALID', 'samples.image', problem, 'Give `data:image/png;base64,…`.');
  }
  return section(
    'Samples',
    samples.caption,
    html`<figure><img src="${samples.image}" alt="${samples.caption}"></figure>`,
  );
}
