export * as exporting from '@semivae/export';
export * as graph from '@semivae/graph';
export * as model from '@semivae/model';
export * as runtime from '@semivae/runtime';
export * as train from '@semivae/train';
export * as tensorflow from '@semivae/train/tensorflow';
