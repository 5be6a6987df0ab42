/** A mistake in how a graph was put together: what, where (`place`) and what to do (`remedy`). */
export class GraphError extends Error {
  override readonly name: string = 'GraphError';
  readonly code: string;
  readonly place: string;
  readonly remedy: string;

  constructor(code: string, problem: string, place: string, remedy: string) {
    super(`${place}: ${problem}. ${remedy}`);
    this.code = code;
    this.place = place;
    this.remedy = remedy;
  }
}

/** Dimensions that do not fit together. */
export class ShapeError extends GraphError {
  override readonly name = 'ShapeError';
}
