import { GraphError } from '@semivae/graph';

/** A question that a model has no factor for. */
export class QueryError extends GraphError {
  override readonly name = 'QueryError';
}
