import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { onnx } from '#schema';
import { logSumExp, softplus } from './functions.ts';
import { constant, input } from './leaves.ts';
import { elementTypeCodes } from './onnx/types.ts';
import { conv, convTranspose } from './ops/convolution.ts';
import * as elementwise from './ops/elementwise.ts';
import { gather } from './ops/gather.ts';
import { concat, expand, reshape, slice, transpose } from './ops/layout.ts';
import { gemm, matmul } from './ops/linear.ts';
import { gatherElements, topK } from './ops/lookup.ts';
import { argMax, logSoftmax, product, reduceMax, softmax, sum } from './ops/reduce.ts';
import { interpret } from './reference.ts';
import type { Tensor } from './tensor.ts';
import type { Value } from './value.ts';

const { and, greater, less, max, min, not, or, where, ...others } = elementwise;

/** ONNX's own cases, as Debian ships them in libonnx-testdata: inputs and outputs of single operators. */
const folder = '/usr/share/libonnx-testdata/data/node';
const present = existsSync(folder);
if (!present)
  process.stderr.write(
    'THE OFFICIAL CASES ARE MISSING: the reference was not compared with them. Install libonnx-testdata (Debian).\n',
  );

const plainNames =
  'add sub mul div pow neg exp log sqrt reciprocal abs sign floor sin cos tanh sigmoid relu'.split(' ');
const plain = plainNames.map((name): [string, Build] => [name, others[name as 'add'] as Build]);

type Build = (...values: Value[]) => Value;
const cases: readonly [string, Build][] = [
  ...plain,
  ...(['add', 'sub', 'mul', 'div'] as const).map((name): [string, Build] => [`${name}_bcast`, others[name]]),
  ['pow_bcast_array', others.pow],
  ['max_two_inputs', max],
  ['min_two_inputs', min],
  ['less_bcast', less],
  ['greater_bcast', greater],
  ['and_bcast4v3d', and],
  ['or_bcast3v2d', or],
  ['not_3d', not],
  ['where_example', where],
  ['softplus', softplus],
  ['softmax_large_number', softmax],
  ['softmax_axis_2', softmax],
  ['logsoftmax_large_number', logSoftmax],
  ['logsoftmax_axis_2', logSoftmax],
  ['gemm_default_no_bias', (a, b) => gemm(a, b)],
  ['gemm_default_matrix_bias', (a, b, c) => gemm(a, b, { c: c! })],
  ['gemm_default_vector_bias', (a, b, c) => gemm(a, b, { c: c! })],
  ['gemm_default_single_elem_vector_bias', (a, b, c) => gemm(a, b, { c: c! })],
  ['gemm_transposeA', (a, b, c) => gemm(a, b, { c: c!, transA: true })],
  ['gemm_transposeB', (a, b, c) => gemm(a, b, { c: c!, transB: true })],
  ['matmul_2d', matmul],
  ['matmul_4d', matmul],
  ['basic_conv_with_padding', (x, w) => conv(x, w, { pads: [1, 1, 1, 1] })],
  ['basic_conv_without_padding', (x, w) => conv(x, w)],
  ['conv_with_strides_padding', (x, w) => conv(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] })],
  ['conv_with_strides_and_asymmetric_padding', (x, w) => conv(x, w, { strides: [2, 2], pads: [1, 0, 1, 0] })],
  ['convtranspose', (x, w) => convTranspose(x, w)],
  ['convtranspose_dilations', (x, w) => convTranspose(x, w, { dilations: [2, 2] })],
  ['convtranspose_kernel_shape', (x, w) => convTranspose(x, w, { strides: [3, 2], outputPadding: [1, 1] })],
  ['convtranspose_pads', (x, w) => convTranspose(x, w, { strides: [3, 2], pads: [1, 2, 1, 2] })],
  ['gather_0', (a, at) => gather(a, at, 0)],
  ['gather_1', (a, at) => gather(a, at, 1)],
  ['gather_2d_indices', (a, at) => gather(a, at, 1)],
  ['gather_elements_0', gatherElements],
  ['top_k', (a) => topK(a, 3).values],
  ['top_k_smallest', (a) => topK(a, 3, { largest: false }).values],
  ['isnan', elementwise.isNaN],
  ['transpose_all_permutations_5', (a) => transpose(a, [2, 1, 0])],
  ['transpose_all_permutations_3', (a) => transpose(a, [1, 2, 0])],
  ['reshape_reordered_all_dims', (a) => reshape(a, [4, 2, 3])],
  ['expand_dim_unchanged', (a) => expand(a, [3, 4])],
  ['concat_3d_axis_1', (a, b) => concat([a, b], 1)],
  ['concat_3d_axis_negative_1', (a, b) => concat([a, b], -1)],
  ['slice_default_axes', (a) => slice(a, 2, 3, 4)],
  ['reduce_sum_do_not_keepdims_random', (a) => sum(a, [1])],
  ['reduce_sum_keepdims_random', (a) => sum(a, [1], { keep: true })],
  ['reduce_sum_default_axes_keepdims_random', (a) => sum(a, undefined, { keep: true })],
  ['reduce_max_do_not_keepdims_random', (a) => reduceMax(a, [1])],
  ['reduce_max_negative_axes_keepdims_random', (a) => reduceMax(a, [-2], { keep: true })],
  ['reduce_prod_do_not_keepdims_random', (a) => product(a, [1])],
  ['reduce_log_sum_exp_do_not_keepdims_random', (a) => logSumExp(a, 1)],
  ['argmax_no_keepdims_random', (a) => argMax(a, 1)],
];

const { float32: FLOAT, int64: INT64, bool: BOOL } = elementTypeCodes;
const DOUBLE = 11;
const readers: Readonly<Record<number, (bytes: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  [FLOAT]: (bytes) => new Float32Array(bytes),
  [DOUBLE]: (bytes) => new Float64Array(bytes),
  [INT64]: (bytes) => new BigInt64Array(bytes),
  [BOOL]: (bytes) => new Uint8Array(bytes),
};

function read(path: string): { tensor: Tensor; type: number } {
  const { dims, raw_data, data_type } = onnx.TensorProto.decode(readFileSync(path));
  const bytes = Uint8Array.from(raw_data!).buffer;
  const data = Float64Array.from(readers[data_type!]!(bytes) as ArrayLike<number>, Number);
  return { tensor: { shape: dims!.map(Number), data }, type: data_type! };
}

describe.skipIf(!present)('the reference agrees with the official case', () => {
  test.each(cases)('%s', (name, build) => {
    const files = `${folder}/test_${name}/test_data_set_0`;
    const given = readdirSync(files)
      .filter((file) => file.startsWith('input'))
      .sort()
      .map((file) => read(`${files}/${file}`));
    const leaves = given.map(({ tensor: { shape, data }, type }, i) =>
      type === INT64
        ? constant(BigInt64Array.from(data, BigInt), shape, 'int64')
        : input(String(i), shape, type === BOOL ? 'bool' : 'float32'),
    );
    const [found] = interpret(
      [build(...leaves)],
      Object.fromEntries(given.map(({ tensor }, i) => [String(i), tensor])),
    );
    const { tensor: expected } = read(`${files}/output_0.pb`);
    expect(found!.shape).toEqual(expected.shape);
    expected.data.forEach((each, i) =>
      expect(Math.abs(found!.data[i]! - each)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(each))),
    );
  });
});
