export type { Cell, Row } from './cells.ts';
export type { Columns } from './columns.ts';
export * from './conformal.ts';
export type { DownloadOptions } from './download.ts';
export * from './errors.ts';
export { type Files, type FilesInMemory, fetchedFiles, memoryFiles, readChecked, sha256 } from './files.ts';
export { imageInput } from './form.ts';
export { checkGraph } from './graph/check.ts';
export { type Image, toImageData } from './image.ts';
export type { ImageAnswer } from './image-scores.ts';
export type { Images, Label, Latents, Numbers, Pixels } from './inputs.ts';
export { printJson } from './json.ts';
export * from './manifest.ts';
export { openManifest, sealManifest } from './manifest-checksum.ts';
export type {
  Classification,
  Code,
  GenerateOptions,
  LabelOptions,
  LoadOptions,
  Model,
} from './model.ts';
export * from './random.ts';
export { readManifest } from './read-manifest.ts';
export type {
  Fetches,
  Host,
  Session,
  SessionOptions,
  Tensor,
  TensorData,
  Tensors,
  TensorType,
} from './session.ts';
export * from './streams.ts';
export { type Answer, type ColumnAnswers, type ScoreOptions, tableInput } from './tables.ts';
export { visibleLine, visibleText } from './visible.ts';
export {
  CURRENCY,
  countedTime,
  DAY_NAMED_MONTH,
  type DateOrder,
  type DateUnit,
  type DecimalSign,
  dateOrders,
  datePattern,
  dateUnits,
  EXCEL_1970,
  isDateUnit,
  MONTHS,
  meaning,
  NAMED_MONTH_DAY,
  NEGATIVE,
  numberPattern,
  truthWords,
  type Written,
  wordsAmong,
  writtenNumber,
  writtenTime,
} from './written.ts';
