import { BundleFileMissing, BundleTooLarge, DownloadBroken, DownloadTimeout, InputType } from './errors.ts';

export interface DownloadOptions {
  /** Milliseconds that each file of a URL may take, 300,000 unless told. */
  readonly timeout?: number;
  /** Bytes that each file of a URL may have, 2³⁰ unless told. */
  readonly maxBytes?: number;
  /** Ends what is being fetched: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a file is fetched. */
export interface Download extends Required<Omit<DownloadOptions, 'signal'>> {
  readonly signal?: AbortSignal | undefined;
}

/** The options with what is left out. Throws INPUT_TYPE. */
export function downloadOf({ timeout = 300_000, maxBytes = 2 ** 30, signal }: DownloadOptions): Download {
  const limits = { timeout, maxBytes };
  for (const [name, value] of Object.entries(limits))
    if (!(typeof value === 'number' && value > 0))
      throw new InputType(name, `${String(value)} is no limit`, 'Give a number above 0, or leave it out.');
  return { ...limits, signal };
}

/**
 * The body of a URL, of which no more is read than `announced` bytes, where that is known. Throws BUNDLE_FILE_MISSING,
 * BUNDLE_TOO_LARGE, DOWNLOAD_TIMEOUT, DOWNLOAD_BROKEN, and the reason of `signal`.
 */
export async function download(url: URL, how: Download, announced = Infinity): Promise<Uint8Array> {
  const most = Math.min(announced, how.maxBytes);
  const late = AbortSignal.timeout(Math.min(how.timeout, 2 ** 31 - 1));
  const signal = how.signal ? AbortSignal.any([how.signal, late]) : late;
  const failed = (other: (cause: Error) => Error) => (cause: Error) => {
    if (how.signal?.aborted) throw how.signal.reason;
    throw late.aborted ? new DownloadTimeout(url.href, how.timeout, { cause }) : other(cause);
  };
  const unreached = (cause: Error) =>
    new BundleFileMissing(url.href, `could not be fetched (${reasonOf(cause)})`, { cause });
  const response = await fetch(url, { signal }).catch(failed(unreached));
  if (!response.ok) {
    await response.body?.cancel();
    throw new BundleFileMissing(url.href, `the server answered ${response.status}`);
  }
  const bytes = await bodyOf(response, most + 1).catch(
    failed((cause) => new DownloadBroken(url.href, reasonOf(cause), { cause })),
  );
  if (bytes.length > most) throw new BundleTooLarge(url.href, most);
  return bytes;
}

/** undici hides what went wrong in the cause of a "fetch failed". */
const reasonOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message;

/** The body, or so many bytes of it that it has more than `enough`. */
async function bodyOf({ body }: Response, enough: number): Promise<Uint8Array> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (reader && length < enough) {
    const { value } = await reader.read();
    if (!value) break;
    chunks.push(value);
    length += value.length;
  }
  if (length >= enough) await reader?.cancel();
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
