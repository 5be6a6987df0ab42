import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { DataError } from './data-error.ts';
import type { Dataset } from './dataset.ts';
import { DIGITS, digits } from './digits.ts';
import { cacheDirectory, cached, checkHash, type OnProgress } from './download.ts';
import {
  datasetFromIdx,
  type IdxSource,
  loadFolder,
  readIdxFile,
  STEMS,
  type Stem,
  unpacked,
} from './idx-files.ts';

/** SHA-256 of a file as published (gzipped), and of what is inside. */
export interface Hashes {
  readonly packed: string;
  readonly content: string;
}

/** A public dataset known by name: where it is published and what it holds. */
export interface NamedSet {
  readonly name: string;
  readonly address: string;
  readonly files: Readonly<Record<Stem, Hashes>>;
  readonly classes: readonly string[];
  readonly licence: string;
  readonly citation: string;
}

export const mnist: NamedSet = {
  name: 'mnist',
  address: 'https://storage.googleapis.com/cvdf-datasets/mnist/',
  files: {
    'train-images-idx3-ubyte': {
      packed: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      content: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    'train-labels-idx1-ubyte': {
      packed: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      content: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
    't10k-images-idx3-ubyte': {
      packed: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      content: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    't10k-labels-idx1-ubyte': {
      packed: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      content: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  licence: 'none stated where it is published',
  citation:
    'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, ' +
    '"Gradient-based learning applied to document recognition", Proc. IEEE 86(11), 1998',
};

export const fashionMnist: NamedSet = {
  name: 'fashion-mnist',
  address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  files: {
    'train-images-idx3-ubyte': {
      packed: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      content: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    },
    'train-labels-idx1-ubyte': {
      packed: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      content: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    },
    't10k-images-idx3-ubyte': {
      packed: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      content: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    },
    't10k-labels-idx1-ubyte': {
      packed: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      content: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    },
  },
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  licence: 'MIT',
  citation:
    'H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking ' +
    'Machine Learning Algorithms", arXiv:1708.07747, 2017',
};

const NAMED: readonly NamedSet[] = [mnist, fashionMnist];

/** The names that `loadDataset` knows; it also takes the path of a folder. */
export const DATASET_NAMES: readonly string[] = [DIGITS, ...NAMED.map((set) => set.name)];

/**
 * `dataDir`: read from there and never download. `mirror`: an address that stands in for the published one. `unlabelled`: the
 * label, in a folder of one's own, that means none.
 */
export interface LoadOptions {
  readonly dataDir?: string;
  readonly mirror?: string;
  readonly unlabelled?: string | undefined;
  readonly onProgress?: OnProgress;
}

/**
 * A dataset by name (`digits`, `mnist`, `fashion-mnist`) or by the path of a folder with MNIST's four files.
 * Throws DATA_UNKNOWN, DATA_DOWNLOAD, DATA_HASH, DATA_CACHE or an IdxError.
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<Dataset> {
  if (name === DIGITS) return digits();
  const set = NAMED.find((known) => known.name === name);
  if (set) return loadNamed(set, options);
  if (await isFolder(name)) return loadFolder(name, options.unlabelled);
  throw unknown(name);
}

/** The four files of `set`, each checked against its SHA-256. */
export async function loadNamed(set: NamedSet, options: LoadOptions = {}): Promise<Dataset> {
  const source = options.dataDir ?? join(cacheDirectory(), set.name);
  const read = options.dataDir === undefined ? fromCache : fromFolder;
  const sources: IdxSource[] = [];
  for (const stem of STEMS) sources.push(await read(set, stem, options));
  const { name, licence, citation, classes } = set;
  return datasetFromIdx({ name, source, licence, citation }, sources, { classes });
}

/** Judged by content: a copy may be unpacked or packed anew. */
async function fromFolder(set: NamedSet, stem: Stem, { dataDir = '' }: LoadOptions): Promise<IdxSource> {
  const found = await readIdxFile([join(dataDir, set.name), dataDir], stem);
  const remedy = `This is not the published ${set.name}: fetch ${set.address}${stem}.gz, or name the folder itself as the dataset.`;
  checkHash(found.bytes, set.files[stem].content, found.file, remedy);
  return found;
}

async function fromCache(set: NamedSet, stem: Stem, options: LoadOptions): Promise<IdxSource> {
  const file = join(cacheDirectory(), set.name, `${stem}.gz`);
  const address = `${(options.mirror ?? set.address).replace(/\/$/, '')}/${stem}.gz`;
  const stored = await cached(file, address, set.files[stem].packed, byHand(set), options.onProgress);
  return { file, bytes: await unpacked(stored, file) };
}

function byHand(set: NamedSet): string {
  const files = STEMS.map((stem) => `${stem}.gz`).join(', ');
  return `Try again, or pass --data-dir DIR where DIR/${set.name} or DIR holds ${files}.`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function unknown(name: string): DataError {
  const nearest = closest(basename(name).toLowerCase(), DATASET_NAMES);
  const known = `The names are ${DATASET_NAMES.join(', ')}; or give the path of a folder with ${STEMS[0]}.gz and so on.`;
  const near = distance(nearest, basename(name).toLowerCase()) <= 3;
  const remedy = near ? `Did you mean ${nearest}? ${known}` : known;
  return new DataError(
    'DATA_UNKNOWN',
    `dataset ${name}`,
    'no dataset has this name, nor is it a folder',
    remedy,
  );
}
