/** One fact of the header: what it is, and what it says. */
export interface Fact {
  readonly name: string;
  readonly value: string | number;
}

/** One line of a picture of training. */
export interface Series {
  /** As in the metrics: `loss`, `validation bound`, `test error`. */
  readonly name: string;
  /** Places on the horizontal axis with their values; null where there was none. */
  readonly points: readonly (readonly [at: number, value: number | null])[];
}

/** Series that share an axis and a unit. */
export interface CurvePanel {
  /** `Bounds`, `Error`… */
  readonly title: string;
  /** What the vertical axis counts: `nats per row`, `%`. */
  readonly unit?: string;
  /** What the horizontal axis counts: `epoch` or `step`. */
  readonly along: string;
  readonly series: readonly Series[];
  /** A logarithmic vertical axis; without effect where a value is not positive. */
  readonly logarithmic?: boolean;
}

/** Anomaly scores of some rows: the higher, the stranger. */
export interface ScoreSample {
  /** Which rows, in words: `calibration rows`, `test rows`. */
  readonly rows: string;
  readonly scores: readonly number[];
  /** For each score whether its row is an anomaly, null where nobody knows. With both kinds, detection is judged. */
  readonly anomalous?: readonly (boolean | null)[];
}

/** How scores are distributed, and from where on a row is called an anomaly. */
export interface ScoreSection {
  /** In nats, for instance. */
  readonly unit?: string;
  /** Scores above it are called anomalies. */
  readonly threshold?: number;
  /** The share of normal rows that the threshold was set to call anomalous. */
  readonly falseAlarmRate?: number;
  readonly samples: readonly ScoreSample[];
}

/** Conformal p-values of normal rows that took no part in training or calibration. */
export interface CalibrationSection {
  /** Which rows, in words. */
  readonly rows: string;
  readonly pValues: readonly number[];
  /** How many scores the p-values were ranked among; it widens the band. */
  readonly calibrationRows?: number;
}

/** Which class the classifier gave to the rows of each class. */
export interface ClassificationSection {
  /** Which rows, in words. */
  readonly rows: string;
  readonly classes: readonly string[];
  /** `counts[actual][predicted]`, in rows. */
  readonly counts: readonly (readonly number[])[];
}

/** A column's part in a row's score. */
export interface Contribution {
  readonly column: string;
  /** As in the data; null where missing. */
  readonly value: string | number | boolean | null;
  /** What it adds to the score, in the score's unit; negative where it makes the row look more normal. */
  readonly amount: number;
}

/** One row that scores high. */
export interface Anomaly {
  /** What finds the row in the data: its number or its key. */
  readonly row: string | number;
  readonly score: number;
  /** Conformal p-value: the share of normal rows that score as high. */
  readonly pValue?: number;
  /** What the row is known to be. */
  readonly label?: string;
  /** The largest first. */
  readonly contributions?: readonly Contribution[];
}

export interface AnomalySection {
  /** Which rows they were found among, in words. */
  readonly rows: string;
  /** The unit of score and contributions. */
  readonly unit?: string;
  /** The highest score first. */
  readonly list: readonly Anomaly[];
}

/** Where the encoder puts rows; the page projects them to two dimensions by principal components. */
export interface LatentSection {
  /** Which rows, in words. */
  readonly rows: string;
  /** The mean of q(z|x) for each row, all of one length, two or more. */
  readonly means: readonly (readonly number[])[];
  /** The class of each row, null where unknown. */
  readonly labels?: readonly (string | null)[];
  /** For each row whether it is an anomaly, null where nobody knows. */
  readonly anomalous?: readonly (boolean | null)[];
}

/** What the model makes of a column. */
export interface ColumnSummary {
  readonly name: string;
  /** `number`, `category`, `boolean`, `date`… */
  readonly kind: string;
  /** How it enters the network: `standardised`, `log, standardised`, `one-hot of 12 levels`… */
  readonly transform?: string;
  /** What it holds: `0 … 4,520`, `12 levels`… */
  readonly content?: string;
  /** The share of rows without a value. */
  readonly missing?: number;
  /** Why the model does not use it; absent where it does. */
  readonly ignored?: string;
}

/** Images that the model drew. */
export interface SampleSection {
  /** `data:image/png;base64,…`. */
  readonly image: string;
  /** What is to be seen, for the caption and for those who cannot see it. */
  readonly caption: string;
}

/**
 * Everything that `reportPage` can show, as plain data that JSON can hold. Every section may be absent, and is then
 * left out of the page.
 */
export interface ReportData {
  /** The run's or the bundle's name: the page's title. */
  readonly name: string;
  /** What the model is, in a sentence. */
  readonly description?: string;
  /** The architecture and its paper: `M2 (Kingma et al. 2014)`. */
  readonly model?: string;
  /** What it was trained on. */
  readonly data?: string;
  /** Training rows. */
  readonly rows?: number;
  /** Training rows whose label was seen. */
  readonly labelled?: number;
  /** The names of the classes. */
  readonly classes?: readonly string[];
  readonly seed?: number;
  /** Of semivae. */
  readonly version?: string;
  /** What the score is: `negative importance-weighted bound on log p(x), in nats`. */
  readonly score?: string;
  /** Whatever else belongs in the header. */
  readonly facts?: readonly Fact[];
  readonly curves?: readonly CurvePanel[];
  readonly scores?: ScoreSection;
  readonly calibration?: CalibrationSection;
  readonly classification?: ClassificationSection;
  readonly anomalies?: AnomalySection;
  readonly latent?: LatentSection;
  readonly columns?: readonly ColumnSummary[];
  readonly samples?: SampleSection;
}
