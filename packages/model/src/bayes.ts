import { add, identityMatrix, unsqueeze } from '@semivae/graph';
import type { Factor, Variable } from './factors.ts';
import { categorical } from './families/categorical.ts';
import { mapValues } from './families/family.ts';

/**
 * q(y|…) by Bayes' rule, p(y) p(…|y) / Σ_y p(y) p(…|y), from the generative factors that y takes part in: nothing of it
 * is learned apart.
 */
export function byBayes(y: Variable, factors: readonly Factor[]): Factor {
  const parents = [...new Set(factors.flatMap(({ variable, parents }) => [variable, ...parents]))].filter(
    ({ name }) => name !== y.name,
  );
  return {
    name: `q(${y.name}|${parents.map(({ name }) => name).join(',')})`,
    variable: y,
    parents,
    family: categorical,
    at: (values) => {
      const given = Object.fromEntries(parents.map(({ name }) => [name, values[name]!]));
      const each = { ...mapValues(given, (value) => unsqueeze(value, -2)), [y.name]: identityMatrix(y.size) };
      const logits = factors
        .map((factor) => factor.at(each).logDensity(each[factor.variable.name]!))
        .reduce((total, term) => add(total, term));
      return categorical.at({ logits }, y.size);
    },
  };
}
