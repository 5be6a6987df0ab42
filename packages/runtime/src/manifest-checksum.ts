import { BundleCorrupt, BundleMalformed } from './errors.ts';
import { sha256 } from './files.ts';
import { printJson } from './json.ts';
import { type Manifest, manifestFile } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

/** Stands for the checksum while it is computed: a file cannot hold its own. */
const blank = '0'.repeat(64);

/**
 * The bytes of manifest.json, with a SHA-256 of all of them but its own digits. Whatever writes a manifest does it
 * here.
 */
export async function sealManifest({
  format,
  formatVersion,
  checksum: _,
  ...rest
}: Manifest): Promise<Uint8Array> {
  const open = { format, formatVersion, checksum: blank, ...rest };
  return encoded(printJson({ ...open, checksum: await sha256(encoded(printJson(open))) }));
}

/**
 * Reads the bytes of manifest.json. Throws BUNDLE_CORRUPT where they are not those that its checksum was made of, and
 * what `readManifest` throws.
 */
export async function openManifest(bytes: Uint8Array, place: string = manifestFile): Promise<Manifest> {
  const text = decoded(bytes, place);
  const manifest = readManifest(text, place);
  const { checksum } = manifest;
  if (checksum === undefined) return manifest;
  const found = await sha256(encoded(text.replace(checksum, blank)), place);
  if (found === checksum) return manifest;
  throw new BundleCorrupt(place, `its SHA-256 is ${found}, but it says ${checksum}`);
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decoded(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BundleMalformed(place, 'not UTF-8', { cause });
  }
}
