/** Base of every error semivae raises on purpose: a stable `code`, the `place` (file, row, tensor…), a `remedy`. */
export class SemivaeError extends Error {
  readonly code: string;
  readonly place: string;
  readonly remedy: string;

  constructor(code: string, place: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`${place}: ${problem}. ${remedy}`, options);
    this.name = `SemivaeError [${code}]`;
    this.code = code;
    this.place = place;
    this.remedy = remedy;
  }
}

/** A file that the bundle must have is not there. */
export class BundleFileMissing extends SemivaeError {
  constructor(place: string, problem = 'no such file', options?: ErrorOptions) {
    const remedy = 'Point at the folder that holds manifest.json and every file it names.';
    super('BUNDLE_FILE_MISSING', place, problem, remedy, options);
  }
}

/** A file is larger than what was announced, or than a limit allows. */
export class BundleTooLarge extends SemivaeError {
  constructor(place: string, most: number) {
    const remedy = 'Ship the whole bundle again, or raise maxBytes where you trust it.';
    super('BUNDLE_TOO_LARGE', place, `it has more than ${most} bytes`, remedy);
  }
}

/** A file did not come in time. */
export class DownloadTimeout extends SemivaeError {
  constructor(place: string, milliseconds: number, options?: ErrorOptions) {
    const remedy = 'Try again, or raise the timeout.';
    super('DOWNLOAD_TIMEOUT', place, `it took more than ${milliseconds} ms`, remedy, options);
  }
}

/** The connection was cut before a file had come whole. */
export class DownloadBroken extends SemivaeError {
  constructor(place: string, problem: string, options?: ErrorOptions) {
    const broke = `the connection broke before all of it had come (${problem})`;
    super('DOWNLOAD_BROKEN', place, broke, 'Try again.', options);
  }
}

/** A file's size or SHA-256 is not what the manifest says. */
export class BundleCorrupt extends SemivaeError {
  constructor(place: string, problem: string) {
    super('BUNDLE_CORRUPT', place, problem, 'Copy or ship the whole bundle again.');
  }
}

/** The bundle's format is newer than this reader. */
export class BundleTooNew extends SemivaeError {
  constructor(place: string, found: number, known: number, what = 'format version') {
    const problem = `${what} ${found}, but this reader knows up to ${known}`;
    super('BUNDLE_TOO_NEW', place, problem, 'Install a newer @semivae/runtime.');
  }
}

/** The manifest is not as the format asks, or a head does not keep what its manifest promises. */
export class BundleMalformed extends SemivaeError {
  constructor(place: string, problem: string, options?: ErrorOptions) {
    super('BUNDLE_MALFORMED', place, problem, 'Ship the bundle again; do not edit it by hand.', options);
  }
}

/** A head's graph is none that an export writes: other operators, graphs within graphs, data elsewhere, or not whole. */
export class GraphRefused extends SemivaeError {
  constructor(place: string, problem: string) {
    const remedy = 'Load only what semivae has exported; nothing of this file was run.';
    super('GRAPH_REFUSED', place, problem, remedy);
  }
}

/** A head's graph would take more nodes, memory or time than any that an export writes. */
export class GraphTooLarge extends SemivaeError {
  constructor(place: string, problem: string) {
    super('GRAPH_TOO_LARGE', place, problem, 'Ship a smaller model; nothing of this file was run.');
  }
}

/** A weight is NaN or infinite: what is computed with it means nothing. */
export class WeightNotFinite extends SemivaeError {
  constructor(place: string, tensor: string) {
    const problem = `tensor '${tensor}' holds a number that is not finite`;
    super('WEIGHT_NOT_FINITE', place, problem, 'Train again, with a lower learning rate, and ship that.');
  }
}

/** An input has a length or a nesting that the model does not take. */
export class InputShape extends SemivaeError {
  constructor(place: string, problem: string, remedy: string) {
    super('INPUT_SHAPE', place, problem, remedy);
  }
}

/** An input value is of the wrong type or out of range. */
export class InputType extends SemivaeError {
  constructor(place: string, problem: string, remedy: string) {
    super('INPUT_TYPE', place, problem, remedy);
  }
}

/** An input holds NaN or an infinity. */
export class InputNotFinite extends SemivaeError {
  constructor(place: string, value: number) {
    super('INPUT_NOT_FINITE', place, `${value} is not a finite number`, 'Replace or drop such values first.');
  }
}

/** A label is neither a class name nor a class index of this model. */
export class LabelUnknown extends SemivaeError {
  constructor(place: string, problem: string, remedy: string) {
    super('LABEL_UNKNOWN', place, problem, remedy);
  }
}

/** The bundle does not contain the head that was asked for. */
export class HeadMissing extends SemivaeError {
  constructor(place: string, head: string, present: readonly string[]) {
    const remedy = `Ship a model that has one; this one has ${present.join(', ')}.`;
    super('HEAD_MISSING', place, `the bundle has no ${head}`, remedy);
  }
}

/** The host, onnxruntime-node or onnxruntime-web, is not installed or does not start. */
export class RuntimeMissing extends SemivaeError {
  constructor(peer: string, problem: string, options?: ErrorOptions) {
    const remedy = `Add ${peer} to your project's dependencies and install it.`;
    super('RUNTIME_MISSING', peer, problem, remedy, options);
  }
}

/** ONNX Runtime would not open a model. */
export class SessionRefused extends SemivaeError {
  constructor(place: string, problem: string, options?: ErrorOptions) {
    const remedy = 'Update ONNX Runtime to the version that the bundle was written for, or newer.';
    super('SESSION_REFUSED', place, problem, remedy, options);
  }
}

/** The page is not a secure context, so `crypto.subtle` is missing and no file can be checked. */
export class InsecureContext extends SemivaeError {
  constructor(place: string) {
    const problem = 'crypto.subtle is missing, so the SHA-256 cannot be checked';
    super('INSECURE_CONTEXT', place, problem, 'Serve the page over https, or from localhost.');
  }
}

/** The process that ran a model ended before it had answered. */
export class ProcessEnded extends SemivaeError {
  constructor(place: string, how: string) {
    const problem = `it ended before it had answered (${how})`;
    super('PROCESS_ENDED', place, problem, 'Ask again: the next call starts it anew.');
  }
}

/** A model or session was used after it was disposed. */
export class Disposed extends SemivaeError {
  constructor(place: string) {
    super('DISPOSED', place, 'it was disposed', 'Load it again, or dispose of it later.');
  }
}

/** Rows were given to a bundle of images, images to a bundle of tables, or no list of rows at all. */
export class InputKind extends SemivaeError {
  constructor(place: string, problem: string, remedy: string) {
    super('INPUT_KIND', place, problem, remedy);
  }
}

/** A row, or a record of columns, lacks a column that the model sees. */
export class ColumnMissing extends SemivaeError {
  constructor(place: string, remedy: string) {
    super('COLUMN_MISSING', place, 'it is not given', remedy);
  }
}

/** A row has a score that is no finite number, so nothing can be said of it. */
export class ScoreNotFinite extends SemivaeError {
  constructor(place: string, score: number) {
    const problem = `its score is ${score}, of which no p-value can be told`;
    const remedy = 'Leave the row out, or look for values far beyond all others in it.';
    super('SCORE_NOT_FINITE', place, problem, remedy);
  }
}

/** p-values were asked of a bundle without calibration scores. */
export class CalibrationMissing extends SemivaeError {
  constructor(place: string) {
    const problem = 'the bundle has no calibration scores, so no rate of false alarms can be kept';
    super('CALIBRATION_MISSING', place, problem, 'Calibrate and ship it again, or leave fpr out.');
  }
}

/** The calibration scores were given by another scorer than the bundle's own. */
export class CalibrationForeign extends SemivaeError {
  constructor(place: string) {
    const problem = 'its calibration scores are of another scorer, so they keep no rate of false alarms here';
    super('CALIBRATION_FOREIGN', place, problem, 'Export the bundle again.');
  }
}

/** The calibration rows are too few for the asked rate of false alarms: nothing could be an anomaly. */
export class CalibrationTooFew extends SemivaeError {
  constructor(place: string, rows: number, fpr: number, needed: number) {
    const problem = `a rate of ${fpr} needs ${needed} calibration rows or more, and there are ${rows}`;
    const remedy = `Calibrate on at least ${needed} rows, or ask for a rate of ${1 / (rows + 1)} or more.`;
    super('CALIBRATION_TOO_FEW', place, problem, remedy);
  }
}
