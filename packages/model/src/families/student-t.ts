import { add, div, exp, log, logGamma, mul, softplus, square, sub, type Value } from '@semivae/graph';
import { studentOf } from './draws.ts';
import type { FeatureFamily } from './feature.ts';
import { flooredLogVariance } from './gaussian.ts';

/** Student's t with location, scale and degrees of freedom for every row; at least 2 degrees, so that it has a variance. */
export const studentT: FeatureFamily = {
  name: 'student-t',
  parameters: ['location', 'logScale', 'degrees'],
  draws: 2,
  at: ({ location, logScale, degrees: raw }) => {
    const degrees = add(softplus(raw!), 2.1);
    const logSquaredScale = flooredLogVariance(logScale!);
    const half = mul(degrees, 0.5);
    const constantPart = sub(
      sub(logGamma(add(half, 0.5)), logGamma(half)),
      mul(add(log(mul(degrees, Math.PI)), logSquaredScale), 0.5),
    );
    // log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπσ²) − (ν+1)/2 · log(1 + (x − μ)²/νσ²)
    const logDensity = (x: Value) => {
      const distance = div(square(sub(x, location!)), mul(degrees, exp(logSquaredScale)));
      return sub(constantPart, mul(add(half, 0.5), log(add(distance, 1))));
    };
    const variance = div(mul(exp(logSquaredScale), degrees), sub(degrees, 2));
    const scale = exp(mul(logSquaredScale, 0.5));
    const draw = ([u, v]: readonly Value[]) => add(location!, mul(scale, studentOf(degrees, u!, v!)));
    return { logDensity, mean: location!, deviation: exp(mul(log(variance), 0.5)), peak: constantPart, draw };
  },
};
